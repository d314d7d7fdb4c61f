"""How fast a rendered project's server answers, against other servers with the same ONNX model.

    .venv/bin/python benchmarks/serving.py
    .venv/bin/python benchmarks/serving.py --stacks KServe BentoML --rounds 3

Renders a project into a temporary folder, lets uv install it, trains it and exports its model.
Every other server gets an environment of its own, made by uv from the exact versions in
`serving_stacks/pins/`. All have one worker, one thread for the model, and get the same request:
one image as JSON. In its turn each server is started, asked side by side with a bare uvicorn that
gives a constant answer and with one that computes the model as well, and stopped. The figures are
medians over the turns, and the ratios are taken within each turn. Linux only, for the figures of
processes; TorchServe needs Java. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from serving_stacks.measuring import Running, take_turns
from serving_stacks.servers import FLOOR, FLOOR_AND_MODEL, HERE, OURS, Server, model_name, servers
from training_loop import render

RATIO = "of floor"
HEAD = ["p50 ms, 1", "p99 ms, 1", "per s, 1", RATIO, "CPU ms"]
HEAD += ["p50 ms, 16", "p99 ms, 16", "per s, 16", "MB", "start s", "disk MB"]
# Of all servers the rendered one should be first in these, by the least or the most.
FIRST = {"p50 ms, 1": min, "per s, 16": max, "MB": min, "start s": min}

Figures = dict[str, dict[str, float]]


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say which goals are met."""
    others = [server.name for server in servers(Path(), Path())[3:]]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stacks", nargs="*", choices=others, default=others)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument(
        "--requests", type=int, default=1000, help="in each turn, over 1 and 16 connections"
    )
    parser.add_argument("--project", type=Path, help="a rendered project with artifacts/onnx")
    parser.add_argument("--environments", type=Path, help="where to keep them for the next time")
    options = parser.parse_args(argv)
    if options.rounds < 1 or options.requests < 100:
        parser.error("--rounds takes 1 or more, --requests 100 or more")
    with tempfile.TemporaryDirectory(prefix="pickone-serving-") as scratch:
        project = (options.project or trained(Path(scratch) / "project")).resolve()
        environments = (options.environments or Path(scratch) / "environments").resolve()
        floors, chosen = [], []
        for server in servers(project, environments):
            if server.name in (FLOOR, FLOOR_AND_MODEL):
                floors.append(server)
            elif server.name in (OURS, *options.stacks):
                chosen.append(server)
                install(server)
        figures = measure(project, floors, chosen, options.rounds, options.requests)
    return 0 if table(figures) else 1


def trained(project: Path) -> Path:
    """Render a project, install it, train its network on the digits and export the model."""
    render("pytorch", project, "onnx")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop("VIRTUAL_ENV", None)
    for command in ("sync --no-dev", "run -m rendered train", "run -m rendered export onnx"):
        subprocess.run(["uv", *command.split()], cwd=project, env=environment, check=True)
    return project


def install(server: Server) -> None:
    """Make a server's environment, unless it is there."""
    python = server.environment / "bin" / "python"
    if python.exists():
        return
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    add = ["uv", "pip", "install", "-q", "--python", str(python)]
    commands = [
        ["uv", "venv", "-q", "--python", "3.11", str(server.environment)],
        [*add, "-r", str(server.pins)],
    ]
    if server.source:
        commands.append([*add, "--no-deps", str(server.source)])
    for command in commands:
        subprocess.run(command, env=environment, check=True)


def measure(
    project: Path, floors: list[Server], chosen: list[Server], rounds: int, requests: int
) -> Figures:
    """Let all servers have their turns; returns medians by server and column."""
    path, body = f"/v2/models/{model_name(project)}/infer", request(project)
    variables = {
        "MODEL_NAME": model_name(project),
        "ONNX_MODEL": str(project / "artifacts" / "onnx" / "model.onnx"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    rows: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        for server in chosen:
            print(f"turn {number + 1} of {rounds}: {server.name}", file=sys.stderr)
            with ExitStack() as held:
                running = [
                    held.enter_context(Running(each, path, body, variables))
                    for each in (*floors, server)
                ]
                take_turns(running, requests)
                floor = next(r for r in running if r.server.name == FLOOR_AND_MODEL)
                for one in running:
                    ratio = {RATIO: one.median() / floor.median()}
                    rows.setdefault(one.server.name, []).append(one.figures() | ratio)
    sizes = {server.name: megabytes(server.environment) for server in (*floors, *chosen)}
    print(f"{rounds} turns, {requests} requests in each")
    print(f"session.run alone, again and again: {alone(chosen[0], variables):.3f} ms")
    return {
        name: {column: statistics.median(row[column] for row in found) for column in found[0]}
        | {"disk MB": sizes[name]}
        for name, found in rows.items()
    }


def request(project: Path) -> bytes:
    """Make the one request: an image of noise."""
    manifest = json.loads((project / "artifacts" / "onnx" / "manifest.json").read_text())
    (source,) = manifest["signature"]["inputs"]
    shape = [1, *source["shape"]]
    noise = random.Random(0)
    entry = {"name": source["name"], "datatype": "FP32", "shape": shape}
    values = [round(noise.random(), 6) for _ in range(math.prod(shape))]
    return json.dumps({"inputs": [entry | {"data": values}]}).encode()


def alone(ours: Server, variables: dict[str, str]) -> float:
    """Time the model without any server: the median in milliseconds."""
    command = [str(ours.environment / "bin" / "python"), str(HERE / "session.py"), "5000"]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def megabytes(folder: Path) -> float:
    """Add up the files of an environment, 10^6 bytes each, without what Python compiled."""
    files = (f for f in folder.rglob("*") if f.suffix != ".pyc" and not f.is_symlink())
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def table(figures: Figures) -> bool:
    """Print all figures; returns whether all goals are met."""
    print(f"{'':24}" + "".join(f"{word:>11}" for word in HEAD))
    for name, row in figures.items():
        print(f"{name:24}" + "".join(f"{number(row[word]):>11}" for word in HEAD))
    met = True
    compared = [name for name in figures if name not in (FLOOR, FLOOR_AND_MODEL)]
    for column, best in FIRST.items():
        first = best(compared, key=lambda name: figures[name][column])
        print(f"{column}: {'first' if first == OURS else f'MISSED, {first} is first'}")
        met = met and first == OURS
    return met


def number(value: float) -> str:
    """Write a figure with about three digits."""
    return (
        f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"
        if 0 < value < 100
        else f"{value:,.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
