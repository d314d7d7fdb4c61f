"""The model behind the paths: a queue in front of it, and threads that write answers."""

import asyncio
import secrets
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prometheus_client import Counter

from ...chat_model import ChatModel
from ...errors import UserError
from ...generation import LEAST_TEMPERATURE, Options
from ...manifest import Manifest
from ...settings import ServeSettings
from ..observability import ABOUT
from ..requests import BodyReader, Refused
from .messages import ChatRequest, parse
from .writing import Piece, write

TOGETHER = 4  # answers that are written at once
WAITING = 32  # those and the ones that wait; the next is refused with 503
READERS = 2  # threads that turn chats into tokens
LONGEST = 256  # characters of a token: so a text may be too long before its tokens are counted
SEEDS = 2**31

TOKENS = Counter("chat_tokens", "tokens of questions and of answers", [*ABOUT, "kind"])


@dataclass(frozen=True)
class Task:
    """What is to be answered, and how."""

    prompt: list[int]
    options: Options
    stops: list[str]


Prepared = tuple[ChatRequest, Task]


class Engine:
    """A model and the answers that are on their way."""

    def __init__(self, model: ChatModel, manifest: Manifest, settings: ServeSettings) -> None:
        self.model = model
        self.facts = manifest.facts
        self.context: int = manifest.details["context"]
        self.bodies = BodyReader(settings)
        self.readers = ThreadPoolExecutor(READERS, "read")
        self.writers = ThreadPoolExecutor(TOGETHER, "write")
        self.reading = self.waiting = 0
        self.asked = TOKENS.labels(manifest.model, manifest.run, "question")
        self.answered = TOKENS.labels(manifest.model, manifest.run, "answer")

    async def prepare(self, body: bytes, accept: Callable[[ChatRequest], None]) -> Prepared:
        """Read a request and turn it into tokens; raises Refused for what does not fit the model.

        What else speaks against a request, `accept` raises.
        """
        if self.waiting + self.reading >= WAITING:
            later = {"Retry-After": "1"}
            raise Refused(f"{WAITING} chats wait already; try again soon", 503, later, "overloaded")
        loop = asyncio.get_running_loop()
        self.reading += 1
        try:
            return await loop.run_in_executor(self.readers, self.read, body, accept)
        finally:
            self.reading -= 1

    def read(self, body: bytes, accept: Callable[[ChatRequest], None]) -> Prepared:
        """Read a request, in a thread: a long one holds up nobody else."""
        request = parse(body)
        accept(request)
        return request, self.tokens(request)

    def tokens(self, request: ChatRequest) -> Task:
        """Turn a request into tokens."""
        messages = [message.plain() for message in request.messages]
        most = request.max_completion_tokens or request.max_tokens or self.facts["new_tokens"]
        limit = f"at most {self.context} tokens in a chat with its answer"
        too_long = Refused(limit, code="context_length_exceeded")
        # Each message takes a token at least, and each token a few characters at most.
        size = sum(len(message["content"]) for message in messages)
        if len(messages) > self.context or size > LONGEST * self.context:
            raise too_long
        try:
            prompt = self.model.render(messages)
        except UserError as error:
            raise Refused(str(error)) from None
        if len(prompt) + most > self.context:
            raise Refused(f"{limit}, not {len(prompt)} and {most}", code="context_length_exceeded")
        seed = secrets.randbelow(SEEDS) if request.seed is None else request.seed % SEEDS
        temperature = request.temperature if request.temperature >= LEAST_TEMPERATURE else 0.0
        options = Options(most, temperature, request.top_p, seed)
        return Task(prompt, options, request.stops)

    async def answer(self, task: Task) -> AsyncGenerator[Piece, None]:
        """Write an answer in a thread, and give its pieces; leaving early stops the thread."""
        loop, left = asyncio.get_running_loop(), threading.Event()
        found: asyncio.Queue[Piece | Exception] = asyncio.Queue()

        def put(piece: Piece | Exception) -> None:
            loop.call_soon_threadsafe(found.put_nowait, piece)

        def work() -> None:
            try:
                for piece in write(
                    self.model, task.prompt, task.options, task.stops, lambda: not left.is_set()
                ):
                    if left.is_set():
                        return
                    put(piece)
            except Exception as error:  # it belongs to the request, not to this thread
                put(error)

        self.waiting += 1
        self.asked.inc(len(task.prompt))
        tokens = 0
        try:
            self.writers.submit(work)
            finish = None
            while finish is None:
                piece = await found.get()
                if isinstance(piece, Exception):
                    raise piece
                tokens, finish = piece.tokens, piece.finish
                yield piece
        finally:
            left.set()
            self.waiting -= 1
            self.answered.inc(tokens)
