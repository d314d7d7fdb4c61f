"""What dynamic batching gains: the rendered server with and without it, in turns.

    .venv/bin/python benchmarks/batching.py

Renders a project into a temporary folder and lets uv install its server's packages. The network is
one of wide dense layers, computed by NumPy in one thread; 16 connections ask for one row at a time.
Printed are requests per second without batching and with it, and the ratio of each round. Exit
code 1 when the median ratio is below the goal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from serving import install
from serving_stacks.measuring import Running
from serving_stacks.servers import HERE, OURS, Server, servers
from training_loop import render

GOAL = 1.5  # times the requests per second without it
CONNECTIONS = 16
PATH = "/v2/models/wide/infer"


def main(argv: list[str] | None = None) -> int:
    """Measure, print every round, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument("--requests", type=int, default=400, help="in each turn")
    parser.add_argument("--wait", type=float, default=2, help="batch_wait_ms (default: 2)")
    options = parser.parse_args(argv)
    if options.rounds < 1 or options.requests < CONNECTIONS:
        parser.error(f"--rounds takes 1 or more, --requests {CONNECTIONS} or more")
    with tempfile.TemporaryDirectory(prefix="pickone-batching-") as scratch:
        project = Path(scratch) / "project"
        render("pytorch", project, "onnx")
        ours = next(s for s in servers(project, Path(scratch)) if s.name == OURS)
        install(ours)
        ratios = measure(project, ours.environment, options)
    median = statistics.median(ratios)
    met = median >= GOAL
    print(f"median {median:.2f}; goal {GOAL}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def measure(project: Path, environment: Path, options: argparse.Namespace) -> list[float]:
    """Let both servers have their turns; returns the ratio of each round."""

    def wide(name: str, milliseconds: float) -> Server:
        program = [str(environment / "bin" / "python"), str(HERE / "wide.py")]
        return Server(
            name,
            environment,
            Path(),
            lambda port, folder: [*program, str(port), str(milliseconds)],
        )

    entry = {"name": "x", "datatype": "FP32", "shape": [1, 64], "data": [0.25] * 64}
    body = json.dumps({"inputs": [entry]}).encode()
    variables = {
        "PYTHONPATH": str(project / "src"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    ratios = []
    with ExitStack() as held:
        without, batching = (
            held.enter_context(Running(wide(name, wait), PATH, body, variables))
            for name, wait in (("without", 0), ("with", options.wait))
        )
        for number in range(options.rounds):
            rates = []
            for running in (without, batching):
                running.forget()
                running.ask(options.requests, CONNECTIONS)
                rates.append(options.requests / running.whole[CONNECTIONS])
            ratios.append(rates[1] / rates[0])
            print(
                f"round {number + 1}: {rates[0]:.0f} and {rates[1]:.0f} requests per second,"
                f" {ratios[-1]:.2f} times"
            )
    return ratios


if __name__ == "__main__":
    sys.exit(main())
