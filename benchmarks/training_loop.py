"""How fast a rendered project trains, against other ways to write the loop, in the same run.

    .venv/bin/python benchmarks/training_loop.py pytorch
    .venv/bin/python benchmarks/training_loop.py tensorflow --rounds 25

Renders a project into a temporary folder and lets uv install it there. Prints samples per CPU
second on the digits: one thread, batches of 64, the project's own network, loss and AdamW, no
augmentation. The loops take turns; the figures are medians over the rounds, and the ratios are
taken within each round. Imports, tracing and compiling do not count. Exit code 1 when a goal is
missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import copier
import copier.errors

HERE = Path(__file__).resolve().parent
BEST = "the best of them"
# The rendered loop's speed in multiples of another one's.
GOALS = {"pytorch": {BEST: 0.9}, "tensorflow": {BEST: 0.95}}


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say which goals are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("framework", choices=GOALS)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of 200 steps (default: 15)")
    parser.add_argument(
        "--python", type=Path, help="a Python that has the packages, instead of a fresh environment"
    )
    options = parser.parse_args(argv)
    if options.rounds < 1:
        parser.error("--rounds takes 1 or more")
    with tempfile.TemporaryDirectory(prefix="pickone-loops-") as scratch:
        project = Path(scratch) / "project"
        render(options.framework, project)
        measured = measure(options.framework, project, options.rounds, options.python)
    return 0 if table(measured, GOALS[options.framework]) else 1


def render(framework: str, project: Path, *targets: str, **more: str) -> None:
    """Render a project with default answers; its package is called `rendered`."""
    answers = {"framework": framework, "package_name": "rendered", "targets": list(targets)}
    answers |= more
    answers["ci"] = "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", copier.errors.DirtyLocalWarning)  # a changed tree is fine
        copier.run_copy(
            str(HERE.parent), project, data=answers, defaults=True, quiet=True, vcs_ref="HEAD"
        )


def measure(framework: str, project: Path, rounds: int, python: Path | None) -> dict[str, Any]:
    """Run the framework's body in the project: rates by loop, versions, the network's settings."""
    environment = os.environ | {
        "PYTHONPATH": str(project / "src"),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",  # CPU seconds say nothing about a GPU
    }
    environment.pop("VIRTUAL_ENV", None)
    if python is None:
        install = ["uv", "sync", "--no-dev"]
        subprocess.run(install, cwd=project, env=environment, check=True)
        found = (".venv/bin/python", ".venv/Scripts/python.exe")
        python = next(project / name for name in found if (project / name).exists())
    print(f"measuring {rounds} rounds: a few minutes", file=sys.stderr)
    done = subprocess.run(
        [python, HERE / "loops" / f"{framework}_loops.py", str(rounds)],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{done.stderr}\n{framework}_loops.py failed; its last words are above")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def table(measured: dict[str, Any], goals: dict[str, float]) -> bool:
    """Print medians, ratios and their quartiles; returns whether all goals are met."""
    rates: dict[str, list[float]] = measured["rates"]
    ours, *others = rates
    best = max(others, key=lambda name: statistics.median(rates[name]))
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    network = ", ".join(f"{name} {value}" for name, value in measured["network"].items())
    print(f"{versions}; network: {network}; {len(rates[ours])} rounds")
    print(f"{'':36}samples/CPU s   rendered loop is   quartiles")
    print(f"{ours:36}{statistics.median(rates[ours]):13,.0f}")
    met = True
    for name in [*others, BEST]:
        theirs = rates[best if name == BEST else name]
        ratios = [a / b for a, b in zip(rates[ours], theirs, strict=True)]
        ratio = statistics.median(ratios)
        low, _, high = statistics.quantiles(ratios) if len(ratios) > 1 else ratios * 3
        line = f"{name:36}{statistics.median(theirs):13,.0f}   {ratio:10.2f} times   "
        line += f"{low:.2f} to {high:.2f}"
        if name in goals:
            line += f"   goal {goals[name]}: {'met' if ratio >= goals[name] else 'MISSED'}"
            met = met and ratio >= goals[name]
        print(line)
    return met


if __name__ == "__main__":
    sys.exit(main())
