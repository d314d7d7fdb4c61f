"""Responses that all servers share: constants, and errors of one sentence."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .requests import Refused

BROKEN = "the server failed; its log says why"


def failure(message: str, status: int, headers: Any = None) -> Response:
    """Say what is wrong, as `{"error": "..."}`."""
    body = to_json({"error": message})
    return Response(body, status, headers=headers, media_type="application/json")


def constant(content: object) -> Any:
    """Make an endpoint that always returns `content` as JSON."""
    body = to_json(content)

    async def endpoint(request: Request) -> Response:
        return Response(body, media_type="application/json")

    return endpoint


def short(value: object) -> str:
    """Quote what a client sent, at most 60 characters of it."""
    text = repr(value[:60]) if isinstance(value, str) else type(value).__name__
    return text if not isinstance(value, str) or len(value) <= 60 else f"{text}..."


def application(routes: Sequence[Route], here: str) -> Starlette:
    """Make an application that answers errors with a sentence.

    `here` says what the server has, for requests to other paths.
    """

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, Refused) else 400
        return failure(str(error), status)

    async def unroutable(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = short(request.url.path)
        message = f"{request.method} is not allowed for {path}"
        if error.status_code == 404:
            message = f"nothing is at {path}; this server has {here}"
        return failure(message, error.status_code, error.headers)

    async def broken(request: Request, error: Exception) -> Response:
        return failure(BROKEN, 500)

    handlers = {Refused: refuse, HTTPException: unroutable, Exception: broken}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app
