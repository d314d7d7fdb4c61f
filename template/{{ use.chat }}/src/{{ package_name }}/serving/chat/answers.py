"""An answer in OpenAI's form, whole or as a stream of events."""

import asyncio
import sys
import time
import traceback
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from ...manifest import Manifest
from ..requests import Refused
from .engine import Engine, Task
from .messages import ChatAnswer, ChatChunk, Choice, Delta, Said, Usage, write_error

EVENTS = "text/event-stream"


class EventStream(StreamingResponse):
    """Server-sent events; they end with an error where the server stops before they do."""

    media_type = EVENTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            last = event(write_error(*stopped(scope["path"])))
            await send({"type": "http.response.body", "body": last, "more_body": False})


def stopped(path: str) -> tuple[str, int, str]:
    """Log and say that uvicorn has cancelled an answer, after its time for a graceful shutdown."""
    print(f"stopped within a request to {path}", file=sys.stderr, flush=True)
    return "the server stops; ask another one", 503, ""


@dataclass
class Answer:
    """An answer in OpenAI's form, whole or in pieces."""

    engine: Engine
    task: Task
    manifest: Manifest
    number: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def about(self) -> dict[str, Any]:
        """What every message of an answer says."""
        mark = self.manifest.weights_sha256[:16]
        about = {"id": self.number, "created": self.created, "system_fingerprint": mark}
        return about | {"model": self.manifest.model}

    def usage(self, tokens: int) -> Usage:
        """Count the tokens of a chat with its answer."""
        asked = len(self.task.prompt)
        total = asked + tokens
        return Usage(prompt_tokens=asked, completion_tokens=tokens, total_tokens=total)

    async def whole(self, request: Request) -> bytes:
        """Write the whole answer; it is given up where the client leaves."""
        text, tokens = "", 0
        finish: Literal["stop", "length"] | None = None
        try:
            async with aclosing(self.engine.answer(self.task)) as pieces:
                async for piece in pieces:
                    text, tokens, finish = text + piece.text, piece.tokens, piece.finish
                    if await request.is_disconnected():
                        raise Refused("the client left")
        except asyncio.CancelledError:
            message, status, _ = stopped(request.url.path)
            raise Refused(message, status) from None
        said = Said(role="assistant", content=text)
        choice = Choice(message=said, finish_reason=finish or "stop")
        answer = ChatAnswer(**self.about, choices=[choice], usage=self.usage(tokens))
        return to_json(answer, exclude_none=True)

    async def events(self, with_usage: bool) -> AsyncIterator[bytes]:
        """Write the answer piece by piece, as server-sent events."""
        tokens = 0
        yield self.event([Delta(delta=Said(role="assistant", content=""))])
        try:
            async with aclosing(self.engine.answer(self.task)) as pieces:
                async for piece in pieces:
                    tokens = piece.tokens
                    if piece.text:
                        yield self.event([Delta(delta=Said(content=piece.text))])
                    if piece.finish:
                        yield self.event([Delta(delta=Said(), finish_reason=piece.finish)])
        except Exception:
            traceback.print_exc()
            yield event(write_error("the server failed; its log says why", 500, ""))
            return
        if with_usage:
            yield self.event([], self.usage(tokens))
        yield b"data: [DONE]\n\n"

    def event(self, choices: list[Delta], usage: Usage | None = None) -> bytes:
        """Write one event."""
        chunk = ChatChunk(**self.about, choices=choices, usage=usage)
        return event(chunk)


def event(content: BaseModel | dict[str, Any]) -> bytes:
    """Write one server-sent event."""
    return b"data: " + to_json(content, exclude_none=True) + b"\n\n"
