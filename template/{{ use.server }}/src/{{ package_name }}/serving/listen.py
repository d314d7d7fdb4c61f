"""Listen until Ctrl-C or SIGTERM: the socket, the process, and patience."""

import errno
import signal
import socket
import sys
import threading
import time
from typing import Any

import uvicorn
from fastapi import FastAPI

from ..config import ServeSettings
from ..errors import UserError

STALLED_SECONDS = 60  # for a client to send a request's head, or to take in an answer
SHUTDOWN_SECONDS = 8  # for requests in flight; container engines kill after 10


def run(app: FastAPI, settings: ServeSettings, name: str, offer: str) -> None:
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
        http="h11",
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

    # uvicorn raises the signal that stopped it once more at the end, for whoever handled it
    # before: this way that is us, and the process ends in peace, with exit code 0.
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


class Server(uvicorn.Server):
    """uvicorn, with a greeting and without endless patience."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self.greeting = greeting
        self.stages: dict[Any, tuple[object, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say where."""
        await super().startup(sockets)
        print(self.greeting, flush=True)

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections once a second; uvicorn ticks ten times as often."""
        if counter % 10 == 0:
            self.drop_stalled(time.monotonic())
        return await super().on_tick(counter)

    def drop_stalled(self, now: float) -> None:
        """Cut connections whose client owes the next move for too long.

        uvicorn's own limit covers connections that are idle between two requests. A client can
        also stop within a request's head, or never take in an answer; each would hold its
        connection forever. A body that never ends has its limit in `Intake.read`.
        """
        stages: dict[Any, tuple[object, float]] = {}
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete or cycle.response_started:
                stage = (cycle, cycle is not None and cycle.response_complete)
                known, since = self.stages.get(connection, (None, now))
                stages[connection] = (stage, since if known == stage else now)
                if now - stages[connection][1] > STALLED_SECONDS:
                    connection.transport.abort()
        self.stages = stages
