"""The arena: the one piece of RAM that TFLite Micro computes in. How small may it be?"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from ...signature import Signature
from .tensors import ModelTensors

LARGEST = 2**26  # 64 MiB; no microcontroller has as much
HEADROOM = 0.25  # of the smallest arena, for kernels that want scratch memory on their chip
ALIGNMENT = 16


class ArenaWorker:
    """Tries arenas of several sizes, in a process that may end over it; another takes its place."""

    def __init__(self, model: Path, values: list[int]) -> None:
        """Prepare for the model in a file; `values` are what its inputs are filled with."""
        module = f"{__package__}.arena_worker"
        self.command = [sys.executable, "-m", module, str(model), *map(str, values)]
        self.process: subprocess.Popen[str] | None = None

    def fits(self, size: int) -> bool:
        """Tell whether the model computes in an arena of `size` bytes."""
        if self.process is None:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self.process.stdin and self.process.stdout
        answer = ""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{size}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        if not answer:
            self.close()
        return answer.strip() == "1"

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(BrokenPipeError):
                self.process.communicate()
            self.process = None


@contextlib.contextmanager
def worker(model: Path, tensors: ModelTensors, signature: Signature) -> Iterator[ArenaWorker]:
    """Try arenas for the model in a file, and clean up afterwards."""
    made = ArenaWorker(model, valid_values(tensors, signature))
    try:
        yield made
    finally:
        made.close()


def valid_values(tensors: ModelTensors, signature: Signature) -> list[int]:
    """Choose a value for each input: 0, or the lowest of integers that have a bound."""
    low = {t.name: int(t.low or 0) if t.dtype == "int32" else 0 for t in signature.inputs}
    return [low[tensor.name] for tensor in tensors.inputs]


def smallest(model: Path, tensors: ModelTensors, signature: Signature) -> int:
    """Find the fewest bytes in which the model computes, by bisection.

    Raises UserError when the model does not compute in any arena.
    """
    with worker(model, tensors, signature) as made:
        if not made.fits(LARGEST):
            raise UserError(
                f"the model does not compute in an arena of {LARGEST >> 20} MiB; make it smaller"
            )
        too_small, enough = 0, LARGEST
        while enough - too_small > 1:
            middle = (too_small + enough) // 2
            if made.fits(middle):
                enough = middle
            else:
                too_small = middle
    return enough


def is_smallest(model: Path, tensors: ModelTensors, signature: Signature, size: int) -> bool:
    """Tell whether the model computes in `size` bytes, and not in one byte less."""
    with worker(model, tensors, signature) as made:
        return made.fits(size) and not made.fits(size - 1)


def with_headroom(size: int) -> int:
    """Add the headroom, and round up to what an aligned array has."""
    return -(-round(size * (1 + HEADROOM)) // ALIGNMENT) * ALIGNMENT
