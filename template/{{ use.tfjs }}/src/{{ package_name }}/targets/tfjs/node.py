"""TensorFlow.js in Node, as a function: a process that computes, and gets and sends messages."""

import contextlib
import dataclasses
import json
import shutil
import struct
import subprocess
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO

from ...errors import UserError
from ...manifest import Manifest
from ...page.messages import RemoteModel

PROGRAM = Path(__file__).with_name("node.mjs")
SECONDS = 120  # for one answer, or for the start
GOOD, FAILED, ENDED = 0, 1, 2  # of an answer; ENDED: there is none, as Node has ended
# Whatever is in a model's files, no code is made of it.
FLAGS = ("--disallow-code-generation-from-strings",)


def find_node() -> str | None:
    """Return the program to start, or None where Node is not installed."""
    return shutil.which("node")


class Node(RemoteModel):
    """A function from inputs to outputs, any number of rows at once, until `close`."""

    def __init__(self, folder: Path, manifest: Manifest, backend: str) -> None:
        """Start Node and load the model in `folder`; `backend` is wasm or cpu.

        Raises UserError when Node is not installed or cannot load the model.
        """
        super().__init__(manifest.signature)
        program = find_node()
        if program is None:
            raise UserError("Node is not installed; install it from https://nodejs.org")
        self.is_slow = backend == "cpu"
        self.folder = folder
        self.lock = threading.Lock()
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self.process = subprocess.Popen(
            [program, *FLAGS, str(PROGRAM), str(folder), backend],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
        )
        # Also at the end of the program, if nobody called `close`.
        self.close = weakref.finalize(self, end, self.process, self.stderr)
        try:
            versions = json.loads(self.ask(json.dumps(dataclasses.asdict(manifest)).encode()))
        except BaseException:
            self.close()
            raise
        self.name = f"{backend} in Node {versions['node']}"

    def ask(self, question: bytes) -> bytes:
        """Send a message and return the answer's; UserError when Node fails or takes too long."""
        with self.lock:
            watch = threading.Timer(SECONDS, self.process.kill)
            watch.start()
            try:
                status, answer = self.exchange(question)
            finally:
                watch.cancel()
        if status == GOOD:
            return answer
        reason = answer.decode(errors="replace") or self.last_error()
        raise UserError(f"TensorFlow.js in Node cannot compute {self.folder}: {reason}")

    def exchange(self, question: bytes) -> tuple[int, bytes]:
        """Write a message and read its answer; nothing but a status where Node has ended."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(OSError):  # an answer may explain why it reads no more
            self.process.stdin.write(struct.pack("<I", len(question)) + question)
            self.process.stdin.flush()
        head = self.process.stdout.read(8)
        if len(head) < 8:
            return ENDED, b""
        status, length = struct.unpack("<II", head)
        answer = self.process.stdout.read(length)
        return (status, answer) if len(answer) == length else (ENDED, b"")

    def last_error(self) -> str:
        """Return what ended Node, as far as it wrote it to stderr."""
        self.process.wait()
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").strip().splitlines()
        errors = [line for line in lines if "Error" in line]
        return errors[0] if errors else f"it ended with {self.process.returncode}"


def end(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    """Stop Node, whatever it is doing, and close its pipes and files."""
    process.kill()
    process.communicate()
    stderr.close()
