"""Read the bodies of requests within limits of size; `run.py` has the limits of time."""

from collections.abc import Mapping

from starlette.types import Receive

from ..settings import ServeSettings

BODIES = 4  # times the body limit: bytes of all requests under way


class Refused(Exception):
    """What a client sent cannot be answered: one sentence for it, and an HTTP status of 4xx."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BodyReader:
    """Reads the bodies of all requests under way, which together have a limit, too."""

    def __init__(self, settings: ServeSettings) -> None:
        self.max_body = settings.max_body_mib * 2**20
        self.held = 0

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Read a request's whole body, which counts as held until it is given to `release`.

        Raises Refused: 413 too large, 415 compressed, 429 too many at once.
        """
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise Refused("the body must be sent without content-encoding", 415)
        # A length that is no number never gets here: the HTTP parser refuses it.
        if int(headers.get(b"content-length", b"0")) > self.max_body:
            raise self.too_large()
        pieces: list[bytes] = []
        try:
            await self.receive_pieces(receive, pieces)
        except BaseException:
            self.held -= sum(map(len, pieces))
            raise
        return b"".join(pieces)

    def release(self, body: bytes) -> None:
        """Count a body no longer."""
        self.held -= len(body)

    async def receive_pieces(self, receive: Receive, pieces: list[bytes]) -> None:
        """Read a body into `pieces` within the limits, or raise Refused."""
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused("the client left")
            pieces.append(message["body"])
            more = message["more_body"]
            size += len(pieces[-1])
            self.held += len(pieces[-1])
            if size > self.max_body:
                raise self.too_large()
            if self.held > BODIES * self.max_body:
                raise Refused("too many large requests at once; try again in a moment", 429)

    def too_large(self) -> Refused:
        """Name the limit of a body."""
        return Refused(f"the body may have at most {self.max_body} bytes", 413)
