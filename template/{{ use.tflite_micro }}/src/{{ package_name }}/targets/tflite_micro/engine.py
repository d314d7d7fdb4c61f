"""TFLite Micro's package, which not every system has."""

import importlib
from typing import Any

from ...errors import UserError
from . import ENGINE


def require_engine() -> Any:
    """Import the package `tflite_micro`; UserError on systems that it does not exist for."""
    try:
        return importlib.import_module("tflite_micro")
    except ImportError as error:
        raise UserError(
            f"{ENGINE}'s interpreter is not installed: it exists for Linux on x86-64 only,"
            " where `uv sync` brings it; a container or WSL 2 will do"
        ) from error
