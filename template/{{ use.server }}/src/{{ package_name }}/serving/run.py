"""Run an application: open the socket, serve until a signal comes."""

import errno
import signal
import socket

import uvicorn
from starlette.types import ASGIApp

from ..errors import UserError
from ..settings import ServeSettings

SHUTDOWN_SECONDS = 8  # for requests in flight; container engines kill after 10


def serve_app(app: ASGIApp, settings: ServeSettings, name: str, offer: str) -> None:
    """Serve `app` until Ctrl-C or SIGTERM; requests in flight are answered first.

    The address is printed once the server is ready: `Serving NAME at ADDRESS (OFFER, ...)`.
    Raises UserError when the address cannot be listened on.
    """
    listener = listen(settings.host, settings.port)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,  # observability.py has one with more to say
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop(number: int, frame: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal that stopped it once more at the end, for the handler from before:
    # as that is this one, the process ends with exit code 0.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Serving {name} at http://{shown}:{port} ({offer}; Ctrl-C stops)", flush=True)
    with listener:
        server.run(sockets=[listener])
    for number, handler in before.items():
        signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket: clients may connect from now on. Raises UserError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is in use by another program; choose one with --port"
            raise UserError(message) from error
        raise UserError(f"cannot listen on {host}, port {port}: {error}") from error
