"""A server on this computer that answers as the Hub does when its client downloads a model."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

NAME = "somebody/small-model"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """Lists and hands out the files of one commit of one model; `asked` has what was sent."""

    files: Mapping[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        folder, _, name = path.rpartition("/")
        if path == f"/api/models/{NAME}/tree/{COMMIT}":
            listed = [
                {"type": "file", "path": file, "size": len(content), "oid": digest(content)}
                for file, content in self.files.items()
            ]
            self.answer(200, json.dumps(listed).encode(), {})
        elif folder == f"/{NAME}/resolve/{COMMIT}" and name in self.files:
            content = self.files[name]
            if self.command == "GET":
                self.asked.append(name)
            self.answer(200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{digest(content)}"'})
        else:
            self.answer(404, b'{"error": "not found"}', {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def digest(content: bytes) -> str:
    """Return what names a file's content."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@contextmanager
def serve(files: Mapping[str, bytes], patch: pytest.MonkeyPatch, home: Path) -> Iterator[list[str]]:
    """Direct commands to a server with `files`; yields the names that it handed out.

    What the Hub's client downloads and knows lies under `home`.
    """
    asked: list[str] = []
    kind = type("Own", (Hub,), {"files": files, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever).start()
    patch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    patch.setenv("HF_HOME", str(home))
    patch.setenv("HF_HUB_OFFLINE", "0")
    try:
        yield asked
    finally:  # from here on nothing listens at that address
        server.shutdown()
        server.server_close()
