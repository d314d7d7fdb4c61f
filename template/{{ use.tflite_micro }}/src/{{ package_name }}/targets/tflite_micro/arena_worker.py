"""Try sizes of the arena, one per line of standard input; print 1 where the model computes in it.

It runs in a process of its own: TFLite Micro means to refuse an arena that is too small, but for
some sizes it touches memory that is not there, and the process ends.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .engine import require_engine


def fits(model: bytes, values: Sequence[int], size: int) -> bool:
    """Tell whether the model computes in an arena of so many bytes.

    Each of its inputs is filled with one of `values`.
    """
    interpreters = require_engine().runtime
    try:
        interpreter = interpreters.Interpreter.from_bytes(model, arena_size=size)
        for position, value in enumerate(values):
            details = interpreter.get_input_details(position)
            filled = np.full(details["shape"], value, details["dtype"])
            interpreter.set_input(filled, position)
        interpreter.invoke()
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    content, given = Path(sys.argv[1]).read_bytes(), [int(value) for value in sys.argv[2:]]
    for line in sys.stdin:
        print(int(fits(content, given, int(line))), flush=True)
