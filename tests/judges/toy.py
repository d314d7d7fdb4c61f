"""The commands that only a project of the toy task shows, and their judges."""

from __future__ import annotations

import re

from project_lab import Project

from .common import Judge, Prepare


def trained(project: Project, said: str) -> None:
    card = project.card()
    assert card["test"]["rmse"] < 0.1 * card["baselines"]["mean"]["rmse"]
    assert card["test"]["express"] > 0.95
    assert f"test rmse: {card['test']['rmse']:.4g}" in said


def predicted(project: Project, said: str) -> None:
    # 300 + 8 * 12.5 + 20 * 3 + 150 * 1, and express as the kind is 2 and the way is short.
    found = re.search(r"^12\.5,3,1,2\t(\S+)\tTrue$", said, re.MULTILINE)
    assert found and abs(float(found[1]) - 610) < 30


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model predict 12\.5,3,1,2( --target \w+)?", None, predicted),
]
