"""Data that come with installed packages."""

import importlib.util
from pathlib import Path

from .errors import UserError


def folder(module: str, data: str, package: str = "") -> Path:
    """Find the folder of an installed package by what Python imports, without importing it.

    Raises UserError when it is not installed: `data` is what it has, and `package` the name to
    install it by, if that is another one.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        name = package or module
        raise UserError(f"{data} is in the package {name}: run `uv sync`, or install it")
    return Path(spec.submodule_search_locations[0])
