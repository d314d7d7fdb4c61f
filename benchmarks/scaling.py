"""What several processes cost a step of a rendered project, against other ways to write the loop.

    .venv/bin/python benchmarks/scaling.py
    .venv/bin/python benchmarks/scaling.py --gpus 8 --peak-tflops 67
    .venv/bin/python benchmarks/scaling.py --gpus 8 --peak-tflops 67 --task language_model

Without --gpus: CPU milliseconds per step and process of the project's PyTorch loop, of bare
DistributedDataParallel, of Accelerate and of Lightning Fabric, which take turns in the same
processes: two of one thread, batches of 64 digits together, no augmentation. Ratios are taken
between neighbours in time; exit code 1 when the rendered loop needs more than 1.1 times the CPU
time of bare DDP.

With --gpus N: images or tokens per second, and the share of the GPUs' peak that the arithmetic of
the network makes up, at 1, 2, 4 ... N GPUs of this computer. It needs N NVIDIA GPUs and their peak.
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

from training_loop import HERE, render

GOAL = 1.1
BARE = "bare"
PINS = ("accelerate==1.15.0", "lightning-fabric==2.6.6")
PROCESSES = 2

# FLOPs of one image or token, forward and backward: three times what PyTorch counts forward.
# And how many of them a sample has.
COUNT = """
import json, torch
import numpy as np
from torch.utils.flop_counter import FlopCounterMode
from rendered import config, data, inference, model
settings = config.Config()
dataset = data.load(settings.data)
module = model.ServingModule(model.build(settings, dataset.facts), dataset.facts).eval()
inputs = inference.examples(data.signature(dataset.facts), 64)
with FlopCounterMode(display=False) as counter, torch.no_grad():
    module(*inputs)
tokens = dataset.train.rows(np.arange(1)).get("tokens")
counted = inputs[0].numel() if tokens is not None else 64
print(json.dumps({
    "flops": 3 * counter.get_total_flops() / counted,
    "each": tokens.shape[1] if tokens is not None else 1,
    "gpus": torch.cuda.device_count(),
}))
"""
UNITS = {"image_classification": "images/s", "language_model": "tokens/s"}
ROWS = {"image_classification": 4096, "language_model": 256}  # of a step
FLAGS: dict[str, list[str]] = {"image_classification": ["--no-augment"], "language_model": []}


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20, help="turns of 50 steps (default: 20)")
    parser.add_argument("--gpus", type=int, default=0, help="measure scaling up to so many GPUs")
    parser.add_argument("--peak-tflops", type=float, default=0, help="of one GPU, in float32")
    parser.add_argument("--task", choices=UNITS, default="image_classification", help="with --gpus")
    parser.add_argument("--batch-size", type=int, help="with --gpus: rows of each step")
    parser.add_argument(
        "--python", type=Path, help="a Python that has the packages, instead of a fresh environment"
    )
    options = parser.parse_args(argv)
    if options.rounds < 1:
        parser.error("--rounds takes 1 or more")
    with tempfile.TemporaryDirectory(prefix="pickone-scaling-") as scratch:
        project = Path(scratch) / "project"
        render("pytorch", project, task=options.task)
        python = options.python or install(project)
        environment = os.environ | {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}
        if options.gpus:
            return scale(options, python, project, environment)
        return 0 if table(measure(options.rounds, python, project, environment)) else 1


def install(project: Path) -> Path:
    """Make the project's environment, with the other loops' packages; returns its Python."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(["uv", "sync", "--no-dev"], cwd=project, env=environment, check=True)
    found = (".venv/bin/python", ".venv/Scripts/python.exe")
    python = next(project / name for name in found if (project / name).exists())
    subprocess.run(["uv", "pip", "install", "--python", python, *PINS], check=True)
    return python


def measure(
    rounds: int, python: Path, project: Path, environment: dict[str, str]
) -> dict[str, Any]:
    """Let the processes train by turns: CPU seconds of each turn, their mean over the processes."""
    program = "import json; from rendered import ranks; print(json.dumps(ranks.environments(2)))"
    asked = subprocess.run(
        [python, "-c", program], cwd=project, env=environment, capture_output=True, check=True
    )
    print(f"measuring {rounds} rounds: a minute or two", file=sys.stderr)
    command: list[str | Path] = [
        python,
        HERE / "loops" / "scaling_loops.py",
        str(rounds),
        project / "out",
    ]
    (project / "out").mkdir()
    processes = [
        subprocess.Popen(
            command,
            cwd=project,
            env=environment | variables | {"CUDA_VISIBLE_DEVICES": ""},
            stderr=subprocess.PIPE,
            text=True,
        )
        for variables in json.loads(asked.stdout)
    ]
    for process in processes:
        _, said = process.communicate()
        if process.returncode:
            sys.exit(f"{said}\nscaling_loops.py failed; its last words are above")
    found = [json.loads((project / "out" / f"{r}.json").read_text()) for r in range(PROCESSES)]
    turns = {
        name: [
            statistics.mean(costs) for costs in zip(*(f["turns"][name] for f in found), strict=True)
        ]
        for name in found[0]["turns"]
    }
    return {**found[0], "turns": turns}


def table(measured: dict[str, Any]) -> bool:
    """Print medians, ratios and their quartiles; returns whether the goal is met."""
    turns: dict[str, list[float]] = measured["turns"]
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    print(f"{versions}; {PROCESSES} processes; {len(turns[BARE])} rounds")
    print(f"{'':16}CPU ms a step and process   of bare DDP   quartiles")
    met = True
    for name, costs in turns.items():
        ratios = [ours / theirs for ours, theirs in zip(costs, turns[BARE], strict=True)]
        ratio = statistics.median(ratios)
        low, _, high = statistics.quantiles(ratios) if len(ratios) > 1 else ratios * 3
        each = 1000 * statistics.median(costs) / measured["steps"]
        line = f"{name:16}{each:25.2f}   {ratio:5.2f} times   {low:.2f} to {high:.2f}"
        if name == "rendered loop":
            met = ratio <= GOAL
            line += f"   goal {GOAL}: {'met' if met else 'MISSED'}"
        print(line)
    return met


def scale(
    options: argparse.Namespace, python: Path, project: Path, environment: dict[str, str]
) -> int:
    """Train on 1, 2, 4 ... GPUs and print what each step up gains; 2 where they are not there."""
    counted = subprocess.run(
        [python, "-c", COUNT], cwd=project, env=environment, capture_output=True, check=True
    )
    about = json.loads(counted.stdout)
    if about["gpus"] < options.gpus or not options.peak_tflops:
        needs = f"{options.gpus} NVIDIA GPUs, of which there are {about['gpus']}"
        print(f"--gpus {options.gpus} needs {needs}, and --peak-tflops", file=sys.stderr)
        return 2
    print(f"{'GPUs':>4} {UNITS[options.task]:>12} {'of one':>8} {'of the peak':>12}")
    alone = 0.0
    for count in (n for n in (1, 2, 4, 8, 16) if n <= options.gpus):
        arguments = ["train", "--json", "--device", "cuda", "--workers", str(count)]
        rows = options.batch_size or ROWS[options.task]
        arguments += ["--batch-size", str(rows), "--steps", "2000", *FLAGS[options.task]]
        arguments += ["--log-every", "200", "--checkpoint-every", "2000"]
        trained = subprocess.run(
            [python, "-m", "rendered", *arguments],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        samples = json.loads(trained.stdout.splitlines()[-1])["samples_per_second"]
        rate = samples * about["each"]
        alone = alone or rate
        share = rate * about["flops"] / (count * options.peak_tflops * 1e12)
        print(f"{count:4} {rate:12,.0f} {rate / alone:7.2f}x {share:12.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
