"""The benchmarks are commands that people run by hand; here only that they start and say how."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from harness import ROOT


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name",
    [
        *("batching", "language_loop", "reading_images", "render", "scaling", "serving"),
        "training_loop",
    ],
)
def test_help_shows_a_command_that_the_readme_shows(name: str) -> None:
    done = run(f"benchmarks/{name}.py", "--help")
    assert done.returncode == 0
    example = next(line.strip() for line in done.stdout.splitlines() if ".venv/bin/python" in line)
    assert example in (ROOT / "benchmarks" / "README.md").read_text("utf-8")


def test_an_unknown_framework_is_refused_by_name() -> None:
    done = run("benchmarks/training_loop.py", "jax")
    assert done.returncode == 2
    assert "'jax'" in done.stderr and "pytorch" in done.stderr


def test_an_unknown_server_is_refused_by_name() -> None:
    done = run("benchmarks/serving.py", "--stacks", "Tomcat")
    assert done.returncode == 2
    assert "'Tomcat'" in done.stderr and "BentoML" in done.stderr


def test_every_server_has_a_file_and_exact_versions() -> None:
    folder = ROOT / "benchmarks" / "serving_stacks"
    pins = {file.stem: file.read_text("utf-8").splitlines() for file in folder.glob("pins/*.txt")}
    assert set(pins) == {file.stem.removesuffix("_stack") for file in folder.glob("*_stack.py")}
    for name, lines in pins.items():
        assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+( ;.*)?", line) for line in lines), name
        assert sum(line.startswith(("onnxruntime==", "numpy==")) for line in lines) == 2
    versions = {line for lines in pins.values() for line in lines if line.startswith("onnxr")}
    assert len(versions) == 1  # the same engine for all


@pytest.mark.parametrize(
    "command",
    [
        *("batching", "language_loop", "reading_images", "render", "scaling", "serving"),
        "training_loop pytorch",
    ],
)
def test_no_rounds_are_refused(command: str) -> None:
    name, *words = command.split()
    done = run(f"benchmarks/{name}.py", *words, "--rounds", "0")
    assert done.returncode == 2
    assert "--rounds takes 1 or more" in done.stderr
