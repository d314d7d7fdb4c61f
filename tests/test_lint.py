"""The template's own code is clean: layers where they lie, tests, tools, hooks, workflows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT


@pytest.mark.parametrize(
    "command",
    [
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "codespell README.md CONTRIBUTING.md CHANGELOG.md docs template questions extensions",
        "zizmor --offline --pedantic --quiet .github",
    ],
)
def test_nothing_to_complain_about(command: str) -> None:
    program, *arguments = command.split()
    done = subprocess.run(
        [Path(sys.executable).parent / program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
