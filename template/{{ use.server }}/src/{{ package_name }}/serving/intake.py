"""Take requests in: their bodies within limits of size and time, or a refusal in one sentence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from ..config import ServeSettings

BODY_SECONDS = 30  # for a client to finish the body of its request
BODIES = 4  # times the body limit: bytes of all requests under way


class Refused(Exception):
    """What a client sent cannot be answered: one sentence for it, and an HTTP status of 4xx."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Intake:
    """The bodies of all requests under way, which together have a limit, too."""

    def __init__(self, settings: ServeSettings) -> None:
        self.max_body = settings.max_body_mib * 2**20
        self.held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """Give a request's whole body, which counts as held until the block ends.

        Raises Refused: 408 too slow, 413 too large, 415 compressed, 429 too many at once.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused("the body must be sent without content-encoding", 415)
        chunks: list[bytes] = []
        try:
            await self.read(request, chunks)
            yield b"".join(chunks)
        finally:
            self.held -= sum(map(len, chunks))

    async def read(self, request: Request, chunks: list[bytes]) -> None:
        """Read a body into `chunks` within the limits, or raise Refused."""
        # A length that is no number never gets here: the HTTP parser refuses it.
        if int(request.headers.get("content-length", "0")) > self.max_body:
            raise self.too_large()
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    chunks.append(chunk)
                    size += len(chunk)
                    self.held += len(chunk)
                    if size > self.max_body:
                        raise self.too_large()
                    if self.held > BODIES * self.max_body:
                        raise Refused("too many large requests at once; try again in a moment", 429)
        except TimeoutError:
            raise Refused(f"the body did not arrive within {BODY_SECONDS} s", 408) from None
        except ClientDisconnect:
            raise Refused("the client left") from None

    def too_large(self) -> Refused:
        """Name the limit of a body."""
        return Refused(f"the body may have at most {self.max_body} bytes", 413)
