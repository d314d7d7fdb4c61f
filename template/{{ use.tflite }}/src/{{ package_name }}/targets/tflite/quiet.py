"""Silence for libraries that talk past Python's streams."""

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Swallow what the body writes to the process's stdout and stderr, by C++ code as well."""
    streams = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    with tempfile.TemporaryFile() as sink, contextlib.ExitStack() as stack:
        text = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(text))
        stack.enter_context(contextlib.redirect_stderr(text))
        stack.enter_context(warnings.catch_warnings(action="ignore"))
        for number in kept:
            os.dup2(sink.fileno(), number)
        try:
            yield
        finally:
            for stream in streams:
                stream.flush()
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)
