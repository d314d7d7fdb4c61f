"""How fast a rendered project trains a language model, against Accelerate's and TRL's loops.

    .venv/bin/python benchmarks/language_loop.py
    .venv/bin/python benchmarks/language_loop.py --rounds 30

Renders a project into a temporary folder and lets uv install it there, with Accelerate and TRL.
Prints tokens per CPU second on the built-in chats: one thread, the project's own small model, 8
packed rows of 128 tokens a step, gradients clipped, AdamW. The loops take turns in one process; the
figures are medians over the rounds, and the ratios are taken within each round. Imports do not
count. Exit code 1 when the goal is missed: at least as fast as the better of the two libraries.

    .venv/bin/python benchmarks/language_loop.py --gpu --base FOLDER

does the same on an NVIDIA GPU in bfloat16 with a model of one's own, in tokens per second, and adds
the share of the card's arithmetic that is used (`--tflops`, what its data sheet says for bfloat16
without sparsity). It has not been run: no GPU was at hand.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from training_loop import render

HERE = Path(__file__).resolve().parent
LIBRARIES = ("Accelerate", "TRL")
PACKAGES = ("accelerate==1.15.0", "trl==1.16.0", "datasets==5.2.0")
GOAL = 1.0


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="rounds of 20 steps (default: 15)")
    parser.add_argument("--gpu", action="store_true", help="on an NVIDIA GPU, in bfloat16")
    parser.add_argument("--base", default="tiny", help="a folder with another model")
    parser.add_argument("--tflops", type=float, default=989.0, help="of the GPU (default: H100's)")
    parser.add_argument(
        "--python", type=Path, help="a Python that has the packages, instead of a fresh environment"
    )
    options = parser.parse_args(argv)
    if options.rounds < 1:
        parser.error("--rounds takes 1 or more")
    with tempfile.TemporaryDirectory(prefix="pickone-loops-") as scratch:
        project = Path(scratch) / "project"
        render("pytorch", project, task="language_model")
        measured = measure(project, options)
    return 0 if table(measured, options) else 1


def measure(project: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run the loops in the project: rates by loop, versions, how large the model is."""
    environment = os.environ | {"PYTHONPATH": str(project / "src"), "HF_HUB_OFFLINE": "1"}
    environment.pop("VIRTUAL_ENV", None)
    if not options.gpu:
        environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    python = options.python
    if python is None:
        subprocess.run(["uv", "sync", "--no-dev"], cwd=project, env=environment, check=True)
        found = (".venv/bin/python", ".venv/Scripts/python.exe")
        python = next(project / name for name in found if (project / name).exists())
        add = ["uv", "pip", "install", "--python", str(python), *PACKAGES]
        subprocess.run(add, cwd=project, env=environment, check=True)
    print(f"measuring {options.rounds} rounds: a few minutes", file=sys.stderr)
    loops = HERE / "loops" / "language_loops.py"
    given = [str(options.rounds), "cuda" if options.gpu else "cpu", options.base]
    done = subprocess.run(
        [python, loops, *given], cwd=project, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{done.stderr}\nlanguage_loops.py failed; its last words are above")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def table(measured: dict[str, Any], options: argparse.Namespace) -> bool:
    """Print medians, ratios and their quartiles; returns whether the goal is met."""
    rates: dict[str, list[float]] = measured["rates"]
    ours, *others = rates
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    unit = "tokens/s" if options.gpu else "tokens/CPU s"
    print(f"{versions}; {measured['parameters']:,} parameters; {len(rates[ours])} rounds")
    print(f"{'':24}{unit:>14}   rendered loop is   quartiles")
    print(f"{ours:24}{statistics.median(rates[ours]):14,.0f}")
    ratios = {}
    for name in others:
        each = [a / b for a, b in zip(rates[ours], rates[name], strict=True)]
        ratios[name] = statistics.median(each)
        low, _, high = statistics.quantiles(each) if len(each) > 1 else each * 3
        print(
            f"{name:24}{statistics.median(rates[name]):14,.0f}   {ratios[name]:10.2f} times   "
            f"{low:.2f} to {high:.2f}"
        )
    if options.gpu:
        # Six operations for each parameter and token, forward and backward: J. Kaplan et al.
        # (2020), Scaling Laws for Neural Language Models, arXiv:2001.08361; attention left out.
        used = 6 * measured["parameters"] * statistics.median(rates[ours]) / options.tflops / 1e12
        print(f"model FLOPs utilisation of the rendered loop: {used:.1%}")
    worst = min(ratios[name] for name in LIBRARIES)
    met = worst >= GOAL
    print(f"against the faster library: {worst:.2f}; goal {GOAL}: {'met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    sys.exit(main())
