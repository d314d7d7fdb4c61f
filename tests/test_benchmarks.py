"""The benchmarks are commands that people run by hand; here only that they start and say how."""

from __future__ import annotations

import subprocess
import sys

import pytest
from harness import ROOT


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["render", "training_loop"])
def test_help_shows_a_command_that_the_readme_shows(name: str) -> None:
    done = run(f"benchmarks/{name}.py", "--help")
    assert done.returncode == 0
    example = next(line.strip() for line in done.stdout.splitlines() if ".venv/bin/python" in line)
    assert example in (ROOT / "benchmarks" / "README.md").read_text("utf-8")


def test_an_unknown_framework_is_refused_by_name() -> None:
    done = run("benchmarks/training_loop.py", "jax")
    assert done.returncode == 2
    assert "'jax'" in done.stderr and "pytorch" in done.stderr


@pytest.mark.parametrize("words", [["render.py"], ["training_loop.py", "pytorch"]])
def test_no_rounds_are_refused(words: list[str]) -> None:
    done = run(f"benchmarks/{words[0]}", *words[1:], "--rounds", "0")
    assert done.returncode == 2
    assert "--rounds takes 1 or more" in done.stderr
