"""Data that come with installed packages."""

import importlib.util
from pathlib import Path

from .errors import UserError


def folder(package: str, data: str) -> Path:
    """Find the folder of an installed package, without importing it.

    Raises UserError, in which `data` names what is in it, when it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"{data} is in the package {package}: run `uv sync`, or install it")
    return Path(spec.submodule_search_locations[0])
