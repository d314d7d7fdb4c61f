"""The hostile traffic itself: it finds a server out that cannot stand it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from project_traffic import hammer


class Weak(BaseHTTPRequestHandler):
    """Python's own server: an error of the server where a method or a version is unknown."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, format: str, *words: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Weak)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_fails_is_named_with_its_request(address: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"model": "x", "files": {}}))
    with pytest.raises(AssertionError, match=r"50[15] for b'"):
        hammer("page", address, tmp_path, requests=1000)
