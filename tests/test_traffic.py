"""The hostile traffic itself: it finds a server out that cannot stand it."""

from __future__ import annotations

import json
import random
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from project_traffic import hammer
from traffic_kinds import binary_request, good_request, hostile

INPUTS = [
    {"name": "a", "dtype": "float32", "shape": [2, 2], "low": 0, "high": 1},
    {"name": "b", "dtype": "int32", "shape": [2], "low": 5, "high": None},
    {"name": "c", "dtype": "bool", "shape": [None], "low": None, "high": None},
]
MANIFEST = {"model": "x", "files": {}, "signature": {"inputs": INPUTS}}


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


def test_good_requests_have_every_input_with_values_within_its_bounds() -> None:
    method, path, body = good_request("v2", MANIFEST)
    assert (method, path) == ("POST", "/v2/models/x/infer")
    assert json.loads(body or b"")["inputs"] == [
        {"name": "a", "datatype": "FP32", "shape": [1, 2, 2], "data": [0.25] * 4},
        {"name": "b", "datatype": "INT32", "shape": [1, 2], "data": [5, 5]},
        {"name": "c", "datatype": "BOOL", "shape": [1, 3], "data": [True] * 3},
    ]
    text, data = binary_request(MANIFEST)
    sizes = [entry["parameters"]["binary_data_size"] for entry in json.loads(text)["inputs"]]
    assert sizes == [16, 8, 3]
    assert struct.unpack("<4f2i3?", data) == (*[0.25] * 4, 5, 5, True, True, True)
    _, _, body = good_request("tf_serving", MANIFEST)
    row = {"a": [[0.25] * 2] * 2, "b": [5, 5], "c": [True] * 3}
    assert json.loads(body or b"") == {"instances": [row]}
    (one, *_) = INPUTS
    _, _, body = good_request("tf_serving", MANIFEST | {"signature": {"inputs": [one]}})
    assert json.loads(body or b"") == {"instances": [row["a"]]}


def test_some_hostile_requests_are_binary() -> None:
    chance = random.Random(0)
    sent = [hostile("v2", MANIFEST, chance).data for _ in range(200)]
    assert sum(b"binary_data_size" in data for data in sent) > 5
    assert len(set(sent)) > 150
