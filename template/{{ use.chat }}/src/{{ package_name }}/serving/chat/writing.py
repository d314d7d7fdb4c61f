"""An answer's text as it is written, up to where it is to stop."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from ...chat_model import ChatModel, pieces
from ...generation import Options


@dataclass(frozen=True)
class Piece:
    """Some more of an answer; the last piece says why there is no more."""

    text: str
    tokens: int
    """of the answer until here"""
    finish: Literal["stop", "length"] | None = None


def write(
    model: ChatModel,
    prompt: Sequence[int],
    options: Options,
    stops: Sequence[str],
    goes_on: Callable[[], bool],
) -> Iterator[Piece]:
    """Answer a prompt, until the model stops, says one of `stops`, or nobody listens any more."""
    held, written = "", 0
    with closing(model.stream(prompt, options)) as stream:
        for text, tokens in pieces(model, takewhile(lambda _: goes_on(), stream)):
            held, written = held + text, written + tokens
            end = first_of(stops, held)
            if end is not None:
                yield Piece(held[:end], written, "stop")
                return
            kept = begun(stops, held)
            if len(held) > kept:
                yield Piece(held[: len(held) - kept], written)
                held = held[len(held) - kept :]
    yield Piece(held, written, "length" if written == options.most else "stop")


def first_of(stops: Sequence[str], text: str) -> int | None:
    """Find where the first of some texts begins; None where the text has none of them."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return min(places, default=None)


def begun(stops: Sequence[str], text: str) -> int:
    """Count the characters at a text's end with which one of `stops` may begin."""
    return max(
        (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size])),
        default=0,
    )
