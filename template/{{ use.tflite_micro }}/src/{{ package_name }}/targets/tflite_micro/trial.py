"""Try sizes of the arena, one per line of standard input; answer 1 where the model computes in it.

It runs in a process of its own: TFLite Micro means to refuse an arena that is too small, but for
some sizes it touches memory that is not there, and the process ends.
"""

import sys
from pathlib import Path

import numpy as np

from .engine import require_engine


def fits(model: bytes, size: int) -> bool:
    """Tell whether the model can be prepared and computed in an arena of so many bytes."""
    interpreters = require_engine().runtime
    try:
        interpreter = interpreters.Interpreter.from_bytes(model, arena_size=size)
        interpreter.set_input(np.zeros(interpreter.get_input_details(0)["shape"], np.int8), 0)
        interpreter.invoke()
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    content = Path(sys.argv[1]).read_bytes()
    for line in sys.stdin:
        print(int(fits(content, int(line))), flush=True)
