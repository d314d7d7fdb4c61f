"""TensorFlow.js in Node, as a function: a process that computes, and speaks by bytes."""

import contextlib
import json
import math
import shutil
import struct
import subprocess
import tempfile
import threading
import weakref
from pathlib import Path

import numpy as np

from ...errors import UserError
from ..manifest import Manifest

PROGRAM = Path(__file__).with_name("node.mjs")
CHUNK_BYTES = 2**23  # of inputs that are sent at once
SECONDS = 120  # for one answer, or for the start
GOOD, FAILED, ENDED = 0, 1, 2  # of an answer; the last one is said by nobody
# Whatever is in a model's files, no code is made of it.
FLAGS = ("--disallow-code-generation-from-strings",)


def find_node() -> str | None:
    """Return the program to start, or None where Node is not installed."""
    return shutil.which("node")


class Node:
    """A function from inputs float32 [n, ...] to outputs float32 [n, ...], until `close`."""

    def __init__(self, folder: Path, manifest: Manifest, backend: str) -> None:
        """Start Node and load the model in `folder`; `backend` is wasm or cpu.

        Raises UserError when Node is not installed or cannot load the model.
        """
        program = find_node()
        if program is None:
            raise UserError("Node is not installed; install it from https://nodejs.org")
        self.folder = folder
        self.input_shape = [size or 1 for size in manifest.inputs[0].shape[1:]]
        self.output_shape = [size or 1 for size in manifest.outputs[0].shape[1:]]
        self.lock = threading.Lock()
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        arguments = [str(folder), backend, *map(str, self.input_shape)]
        self.process = subprocess.Popen(
            [program, *FLAGS, str(PROGRAM), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
        )
        # Also at the end of the program, if nobody called `close`.
        self.close = weakref.finalize(self, end, self.process)
        try:
            versions = json.loads(self.ask(b""))
        except BaseException:
            self.close()
            raise
        self.name = f"{backend} in Node {versions['node']}"

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Compute outputs, a chunk at a time."""
        chunk = max(CHUNK_BYTES // (4 * math.prod(self.input_shape)), 1)
        parts = [np.empty((0, *self.output_shape), np.float32)]
        for first in range(0, len(inputs), chunk):
            rows = np.ascontiguousarray(inputs[first : first + chunk], "<f4")
            if list(rows.shape[1:]) != self.input_shape:
                raise UserError(f"the model takes {self.input_shape}, not {list(rows.shape[1:])}")
            answer = np.frombuffer(self.ask(struct.pack("<I", len(rows)) + rows.tobytes()), "<f4")
            if answer.size != len(rows) * math.prod(self.output_shape):
                raise UserError(f"{self.folder} is not the model that its manifest describes")
            parts.append(answer.reshape(-1, *self.output_shape))
        return np.concatenate(parts)

    @property
    def median_ms(self) -> float:
        """Measure one answer for one input inside Node, in milliseconds."""
        return float(np.frombuffer(self.ask(struct.pack("<I", 0)), "<f4")[0])

    def ask(self, question: bytes) -> bytes:
        """Send bytes and return the answer's; UserError when Node fails, ends or takes too long."""
        watch = threading.Timer(SECONDS, self.process.kill)
        watch.start()
        try:
            with self.lock:
                status, answer = self.exchange(question)
        finally:
            watch.cancel()
        if status == GOOD:
            return answer
        reason = answer.decode(errors="replace") or self.last_words()
        raise UserError(f"TensorFlow.js in Node cannot compute {self.folder}: {reason}")

    def exchange(self, question: bytes) -> tuple[int, bytes]:
        """Write a question and read its answer; nothing but a status where Node has ended."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(OSError):  # an answer may explain why it listens no more
            self.process.stdin.write(question)
            self.process.stdin.flush()
        head = self.process.stdout.read(8)
        if len(head) < 8:
            return ENDED, b""
        status, length = struct.unpack("<II", head)
        answer = self.process.stdout.read(length)
        return (status, answer) if len(answer) == length else (ENDED, b"")

    def last_words(self) -> str:
        """Return what ended Node, as far as it said it."""
        self.process.wait()
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").strip().splitlines()
        errors = [line for line in lines if "Error" in line]
        return errors[0] if errors else f"it ended with {self.process.returncode}"


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop Node, whatever it is doing."""
    process.kill()
    process.communicate()
