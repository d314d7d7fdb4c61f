"""llama.cpp inside this process: its own server, which asks for a key that nobody else has.

The package xllamacpp brings llama.cpp as a wheel. Tokens, chat templates and probabilities can be
had from llama.cpp's HTTP paths only, so these are what is used here:
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

import http.client
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import xllamacpp

from ...errors import UserError

SECONDS = 600  # for one token, and for all that comes before it
SMALL = 128 * 2**20  # bytes of a file that several threads compute no sooner than one


class Engine:
    """A model in llama.cpp; threads may share it, each asking through a line of its own."""

    def __init__(self, file: Path, lines: int, context: int, exact: bool) -> None:
        """Load a file; `exact` keeps float32 where llama.cpp would take float16 by itself.

        `lines` may be used at once, each for chats of `context` tokens. Raises UserError for a file
        that llama.cpp cannot load.
        """
        self.key = secrets.token_urlsafe()
        self.lines: SimpleQueue[int] = SimpleQueue()
        for number in range(lines):
            self.lines.put(number)
        try:
            self.server = xllamacpp.Server(parameters(file, lines, context, exact, self.key))
        except RuntimeError as error:
            raise UserError(f"{file} is not a model that llama.cpp can load") from error
        self.address = urlsplit(self.server.listening_address).netloc
        # Stopped before it has computed anything, xllamacpp 2026.10 may wait forever for its end.
        with self.line() as line:
            line.next([0])

    def close(self) -> None:
        """Stop llama.cpp and give its memory back."""
        del self.server

    @contextmanager
    def line(self) -> Iterator["Line"]:
        """Wait for a line, and have it alone: it remembers what was computed last."""
        number = self.lines.get()
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        try:
            yield Line(connection, self.key, number)
        finally:
            connection.close()
            self.lines.put(number)

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Ask what needs no line."""
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        try:
            return Line(connection, self.key, -1).ask(path, body)
        finally:
            connection.close()


class Line:
    """One of the chats that llama.cpp computes at once."""

    def __init__(self, connection: http.client.HTTPConnection, key: str, number: int) -> None:
        self.connection = connection
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.number = number

    def next(self, tokens: list[int], **how: Any) -> Any:
        """Compute the token after `tokens`; those that came last time are not computed again."""
        body = {"prompt": tokens, "n_predict": 1, "id_slot": self.number, "cache_prompt": True}
        return self.ask("/completion", body | {"return_tokens": True} | how)

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Ask one of llama.cpp's paths; UserError for what it refuses."""
        try:
            status, content = self.exchange(path, body)
        except (ConnectionError, http.client.HTTPException):
            self.connection.close()  # it hangs up after a while, and after many requests
            status, content = self.exchange(path, body)
        found = json.loads(content)
        if status != 200:
            raise UserError(f"llama.cpp refuses: {found['error']['message']}")
        return found

    def exchange(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Send a request and read its answer."""
        self.connection.request("POST", path, json.dumps(body), self.headers)
        response = self.connection.getresponse()
        return response.status, response.read()


def parameters(
    file: Path, lines: int, context: int, exact: bool, key: str
) -> xllamacpp.CommonParams:
    """Say how llama.cpp is to run, and that it writes no log."""
    found = xllamacpp.CommonParams()
    found.model.path = str(file)
    # Read as a whole: a file that is shortened while it is mapped would end the process.
    found.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    found.n_parallel = lines
    found.n_ctx = lines * context
    found.fit_params = False  # else the context would depend on how much memory is free
    threads = 1 if file.stat().st_size < SMALL else os.cpu_count() or 1
    found.cpuparams.n_threads = found.cpuparams_batch.n_threads = threads
    if exact:
        found.cache_type_k = found.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        off = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        found.flash_attn_type = off
    found.prefill_assistant = False  # an answer never goes on with what the assistant has said
    found.cache_ram_mib = 0  # chats that are over are forgotten
    found.warmup = False
    found.verbosity = 0
    found.hostnames, found.port, found.api_keys = ["127.0.0.1"], 0, [key]
    found.n_threads_http = 2 * lines + 2
    found.ui = found.endpoint_slots = False
    return found
