"""Run an application: open the socket, serve until a signal comes, drop clients that stall."""

import asyncio
import errno
import signal
import socket
import sys
import threading
import time
from enum import Enum
from http import HTTPStatus
from typing import Any

import uvicorn
from pydantic_core import to_json
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import UserError
from ..settings import ServeSettings

HEAD_BYTES = 2**16  # of a request's method, path and headers
STALLED_SECONDS = 60  # for a client to send a request's head, or to take in an answer
BODY_SECONDS = 30  # for a client to finish the body of its request
SHUTDOWN_SECONDS = 8  # for requests in flight; container engines kill after 10

Stage = Enum("Stage", ["HEAD", "BODY", "MODEL", "ANSWER"])


def serve_app(app: ASGIApp, settings: ServeSettings, name: str, offer: str) -> None:
    """Serve `app` until Ctrl-C or SIGTERM; requests in flight are answered first.

    The address is printed once the server is ready: `Serving NAME at ADDRESS (OFFER, ...)`.
    Raises UserError when the address cannot be listened on.
    """
    listener = bind(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        # Named, so that a package that happens to be installed changes nothing.
        http=Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = Server(config, f"Serving {name} at http://{shown}:{port} ({offer}; Ctrl-C stops)")

    def stop(number: int, frame: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal that stopped it once more at the end, for the handler from before:
    # as that is this one, the process ends with exit code 0.
    numbers = (signal.SIGINT, signal.SIGTERM)
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, stop) for number in numbers} if main else {}
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """Open the socket before anything else is started; raises UserError when it cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, number, _, address = found[0]
        listener = socket.socket(family, kind, number)
    except (OSError, OverflowError, UnicodeError) as error:
        raise UserError(f"cannot listen on {host}, port {port}: {error}") from error
    try:
        if sys.platform != "win32":  # there this option would share a busy port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {port} on {host} is in use by another program; choose one with --port"
            ) from error
        raise UserError(f"cannot listen on {host}, port {port}: {error}") from error
    return listener


class OnePacket:
    """A transport that sends the head of an answer together with its body.

    uvicorn writes them one after the other, which takes two system calls here and two reads in the
    client: a tenth of the whole time of a request to a small model.
    """

    def __init__(self, protocol: HttpToolsProtocol, transport: asyncio.Transport) -> None:
        self.protocol = protocol
        self.transport = transport
        self.answering: object = None
        self.head = b""

    def write(self, data: bytes) -> None:
        """Keep the first bytes of an answer, its head, until the next ones."""
        cycle: Any = self.protocol.cycle  # None before the first request, whatever its type says
        if cycle is not None and cycle.response_started and self.answering is not cycle:
            self.answering = cycle
            self.head += data
        else:
            data, self.head = self.head + data, b""
            self.transport.write(data)

    def flush(self) -> None:
        """Send a head that has no body."""
        if self.head:
            self.write(b"")

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.flush()
        self.transport.close()

    def __getattr__(self, name: str) -> Any:
        """Return everything else from the transport itself."""
        return getattr(self.transport, name)


class Protocol(HttpToolsProtocol):
    """uvicorn's fast parser of HTTP, with a limit for the heads of requests."""

    in_head = False
    head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        self.transport: Any = OnePacket(self, transport)

    def on_response_complete(self) -> None:
        """End an answer; one to HEAD has had no body."""
        self.transport.flush()
        super().on_response_complete()

    def on_message_begin(self) -> None:
        """Count from here."""
        super().on_message_begin()
        self.in_head, self.head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Count no further."""
        self.in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take in what has come, unless it is a head without an end."""
        if self.in_head:
            self.head_bytes += len(data)
        if self.in_head and self.head_bytes > HEAD_BYTES:
            self.refuse(431, f"the head of a request may have at most {HEAD_BYTES} bytes")
        else:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self.refuse(400, "the request is not HTTP/1.1")

    def refuse(self, status: int, message: str) -> None:
        """Say what is wrong without the application, and close the connection."""
        body = to_json({"error": message})
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def stage(self) -> Stage:
        """Say what the connection is waiting for."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            return Stage.HEAD
        if cycle.response_started:
            return Stage.ANSWER
        return Stage.BODY if cycle.more_body else Stage.MODEL


class Server(uvicorn.Server):
    """uvicorn, which prints its address and drops connections that stall."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self.line = line
        self.since: dict[Any, tuple[object, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then print the line that says where."""
        await super().startup(sockets)
        print(self.line, flush=True)

    async def on_tick(self, counter: int) -> bool:
        """Check the connections once a second; uvicorn ticks ten times as often."""
        if counter % 10 == 0:
            self.drop_stalled(time.monotonic())
        return await super().on_tick(counter)

    def drop_stalled(self, now: float) -> None:
        """Close connections that have waited too long for their client.

        uvicorn's own limit covers connections that are idle between two requests. A client can
        also stop within a request's head or its body, or never take in an answer; each would hold
        its connection forever.
        """
        since: dict[Any, tuple[object, float]] = {}
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            stage = connection.stage()
            step = (connection.cycle, stage)
            known, start = self.since.get(connection, (None, now))
            since[connection] = (step, start if known == step else now)
            seconds = now - since[connection][1]
            if stage is Stage.BODY and seconds > BODY_SECONDS:
                connection.refuse(408, f"the body did not arrive within {BODY_SECONDS} s")
            elif stage is not Stage.MODEL and seconds > STALLED_SECONDS:
                connection.transport.abort()
        self.since = since
