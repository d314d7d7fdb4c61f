"""The judges of README commands: what every task shows, and a file beside it for each task."""

from __future__ import annotations

import importlib
import re

from .common import JUDGES, Judge, Prepare


def how_to_judge(task: str, command: str) -> tuple[Prepare | None, Judge]:
    """Return what prepares a command, and what judges it; no command goes without."""
    own: list[tuple[str, Prepare | None, Judge]] = importlib.import_module(
        f".{task}", __name__
    ).JUDGES
    for pattern, before, judge in [*own, *JUDGES]:
        if re.fullmatch(pattern, command):
            return before, judge
    raise AssertionError(f"nothing judges {command!r}")
