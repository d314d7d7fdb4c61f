"""Hold back what libraries print through C, where Python's sys.stdout and sys.stderr end."""

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def capture() -> Iterator[Callable[[], str]]:
    """Hold back warnings and what this process prints, from any language; the function returns it.

    Other threads' output is held back, too: it is meant for short moments.
    """
    outputs = (1, 2)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as kept:

        def captured() -> str:
            kept.seek(0)
            return kept.read()

        flush()
        before = [os.dup(number) for number in outputs]
        logging.disable(logging.WARNING)
        try:
            for number in outputs:
                os.dup2(kept.fileno(), number)
            # Python's two streams end there, too, unless somebody has put others in their place.
            with (
                contextlib.redirect_stdout(kept),
                contextlib.redirect_stderr(kept),
                warnings.catch_warnings(action="ignore"),
            ):
                yield captured
        finally:
            logging.disable(logging.NOTSET)
            flush()
            for number, copy in zip(outputs, before, strict=True):
                os.dup2(copy, number)
                os.close(copy)


def flush() -> None:
    """Send what Python has kept back for its two outputs."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
