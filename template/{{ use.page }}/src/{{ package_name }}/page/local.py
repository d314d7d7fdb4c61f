"""The small server between this program and its headless browser: files, questions and answers.

It listens on 127.0.0.1 only. Every path begins with a secret, so that no other page or user of
this computer can read a model or answer in the browser's place.
"""

import queue
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}
POLL_SECONDS = 10  # a browser that asks for a question gets a response after this long anyway


class QuietServer(ThreadingHTTPServer):
    """http.server, without words about a browser that is gone."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever waits for the browser finds out and says it better."""


class LocalServer:
    """Serve some files, send questions, receive answers; `close` stops it."""

    def __init__(self, files: dict[str, Path | bytes]) -> None:
        self.files = files
        self.questions: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        """messages to the browser; None after the last"""
        self.answers: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        """what the browser sent: `ready`, `answer` or `failed`, and the bytes with it"""
        self.secret = secrets.token_urlsafe(16)
        self.http = QuietServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """Return where the files are, with a slash at the end."""
        return f"http://127.0.0.1:{self.http.server_port}/{self.secret}/"

    def close(self) -> None:
        """Stop listening, and answer a browser that waits for a question."""
        self.questions.put(None)
        self.http.shutdown()
        self.http.server_close()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Make the type of which http.server makes an object per connection."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Or a body waits for 40 ms until the browser has confirmed its head.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                name = self.name()
                if name == "question":
                    self.send_question()
                elif name in server.files:
                    content = server.files[name]
                    body = content if isinstance(content, bytes) else content.read_bytes()
                    self.respond(200, body, Path(name).suffix)
                else:
                    self.respond(404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                name = self.name()
                if name in ("ready", "answer", "failed"):
                    server.answers.put((name, body))
                    self.respond(204)
                else:
                    self.respond(404)

            def name(self) -> str | None:
                """Return the path behind the secret; None for who does not know it."""
                path = self.path.partition("?")[0]
                _, secret, name = [*path.split("/", 2), "", ""][:3]
                known = secrets.compare_digest(secret.encode(), server.secret.encode())
                return name if known else None

            def send_question(self) -> None:
                try:
                    question = server.questions.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    return self.respond(204)
                return self.respond(410) if question is None else self.respond(200, question)

            def respond(self, status: int, body: bytes = b"", suffix: str = "") -> None:
                self.send_response_only(status)
                self.send_header("Content-Type", TYPES.get(suffix, "application/octet-stream"))
                self.send_header("Cache-Control", "no-store")
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
