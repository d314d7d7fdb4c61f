"""Bodies within limits of size and time, and errors as all servers write them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ..settings import ServeSettings

BODIES = 4  # times the limit of one body: bytes of all requests under way
BODY_SECONDS = 30  # for a client to send its body


class Refused(Exception):
    """A request that is not answered: one sentence for the client, and an HTTP status.

    `code` is a word for programs, where a server's errors have one.
    """

    def __init__(
        self,
        message: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.code = code


class BodyReader:
    """Reads the bodies of all requests under way, which together have a limit, too."""

    def __init__(self, settings: ServeSettings) -> None:
        self.max_body = settings.max_body_mib * 2**20
        self.held = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Read a request's whole body, which counts as held until the context ends.

        Raises Refused: 408 too slow, 413 too large, 415 compressed, 429 too many at once.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused("the body must be sent without content-encoding", 415)
        too_large = Refused(f"the body may have at most {self.max_body} bytes", 413)
        # A length that is no number never gets here: the HTTP parser refuses it.
        if int(request.headers.get("content-length", 0)) > self.max_body:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.stream():
                    body += piece
                    self.held += len(piece)
                    if len(body) > self.max_body:
                        raise too_large
                    if self.held > BODIES * self.max_body:
                        raise Refused("too many large requests at once; try again soon", 429)
            yield bytes(body)
        except TimeoutError:
            raise Refused(f"the body did not arrive within {BODY_SECONDS} s", 408) from None
        except ClientDisconnect:
            raise Refused("the client left") from None
        finally:
            self.held -= len(body)


def plain(message: str, status: int, code: str) -> dict[str, Any]:
    """Write an error as `{"error": "one sentence"}`."""
    return {"error": message}


Form = Callable[[str, int, str], dict[str, Any]]


def explain_errors(app: Starlette, here: str, form: Form = plain) -> None:
    """Let an application answer errors in JSON: `form` makes it of a sentence, a status, a code.

    `here` says what the server has, for requests to other paths.
    """

    async def refused(request: Request, error: Any) -> Response:
        content = form(str(error), error.status, error.code)
        return JSONResponse(content, error.status, error.headers)

    async def unroutable(request: Request, error: Any) -> Response:
        message = f"{request.method} is not allowed for {short(request.url.path)}"
        if error.status_code == 404:
            message = f"nothing is at {short(request.url.path)}; this server has {here}"
        content = form(message, error.status_code, "")
        return JSONResponse(content, error.status_code, error.headers)

    async def broken(request: Request, error: Any) -> Response:
        return JSONResponse(form("the server failed; its log says why", 500, ""), 500)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, unroutable)
    app.add_exception_handler(Exception, broken)
    app.router.redirect_slashes = False


def short(value: object) -> str:
    """Quote what a client sent, at most 60 characters of it."""
    if not isinstance(value, str):
        return type(value).__name__
    return repr(value) if len(value) <= 60 else f"{value[:60]!r}..."
