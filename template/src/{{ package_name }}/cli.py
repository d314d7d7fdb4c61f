"""The commands, each a few lines that call the rooms of the house.

Rooms are imported by the command that needs them: `--help` stays quick, and serving or verifying
an artifact never loads the training framework.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import config, project, runs, targets
from .errors import UserError
from .flags import Parser, add_settings, given_settings
from .interrupt import Interrupt

Options = argparse.Namespace
Result = dict[str, Any]
Flag = dict[str, Any]


def train(options: Options) -> Result:
    """Train a network and write a run."""
    settings = given_settings(options)
    if options.resume is None:
        run = runs.create(config.read(options.config, settings))
    else:
        run = runs.find(options.resume or None, finished=False)
        config.refuse_changes(run.config, settings, f"run {run.name}")
    with run.locked(), Interrupt() as interrupt:
        if not run.finished:
            print(f"run {run.name}", file=sys.stderr)
            # Inside the lock and the handlers: importing a framework takes seconds.
            from .train import train

            try:
                train(run, interrupt)
            except (UserError, OSError, KeyboardInterrupt):
                run.discard_if_empty()
                raise
    if not run.finished:
        again = f"{project.command()} train --resume {run.name}"
        print(f"stopped; to go on: {again}", file=sys.stderr)
        options.exit_code = 130 if interrupt.caught is signal.SIGINT else 0
        return {"run": run.name, "finished": False}
    card = run.card()
    names = ("steps", "seconds", "samples_per_second", "test", "weights_sha256")
    return {"run": run.name} | {name: card[name] for name in names}


def evaluate(options: Options) -> Result:
    """Measure a trained network on the test split."""
    run = runs.find(options.run)
    test = run.test_split()
    from . import inference, metrics

    outputs = inference.load(run)(test.inputs)
    return {"run": run.name, "test": metrics.evaluate(outputs, test.targets)}


def predict(options: Options) -> Result:
    """Answer for files of your own."""
    from . import data, metrics

    if options.target:
        run = runs.find(targets.manifest(options.target).run)
    else:
        run = runs.find(options.run)
    classes = run.card()["classes"]
    inputs = data.read_inputs(options.files, run.config.data)
    if options.target:
        with targets.load(options.target) as network:
            outputs = network(inputs)
    else:
        from . import inference

        outputs = inference.load(run)(inputs)
    answers = metrics.answers(outputs, classes)
    files = [{"file": str(file)} for file in options.files]
    return {"run": run.name, "predictions": [f | a for f, a in zip(files, answers, strict=True)]}


def export(options: Options) -> Result:
    """Write a trained network for a target, and prove that it still gives the same answers."""
    wishes = {n: getattr(options, n) for n in targets.options() if getattr(options, n) is not None}
    return targets.export(options.target, options.run, options.precision, **wishes)


def verify(options: Options) -> Result:
    """Compare an artifact, in its own runtime, with the trained network; exit 1 if they differ."""
    return targets.verify(options.target)


def serve(options: Options) -> Result:
    """Serve an artifact until Ctrl-C."""
    # A server in a container has its artifact, but no config.toml.
    file = options.config if options.config != config.FILE or config.FILE.is_file() else None
    targets.serve(options.target, config.read(file, given_settings(options)).serve)
    return {}


def report(options: Options) -> Result:
    """Write a page with the curves, the mistakes and the model card of a run."""
    from .report import write

    return {"path": write(runs.find(options.run)).as_posix()}


def make_parser() -> Parser:
    """Describe the commands and their flags."""
    name = project.command()
    parser = Parser(prog=name, description=f"example: {name} train --epochs 20")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(function: Callable[[Options], Result], example: str) -> Parser:
        text = str(function.__doc__)
        added: Parser = commands.add_parser(
            function.__name__, help=text, description=text, epilog=f"example: {name} {example}"
        )
        added.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
        added.set_defaults(command=function)
        return added

    run: Flag = {"metavar": "RUN", "help": "a run's name; the newest when left out"}
    target: Flag = {"metavar": "TARGET", "help": "a folder of targets/, such as onnx"}
    settings: Flag = {"type": Path, "default": config.FILE, "help": "default: %(default)s"}

    added = command(train, "train --epochs 20 --seed 1")
    added.add_argument("--config", metavar="FILE", **settings)
    added.add_argument("--resume", nargs="?", const="", **run)
    add_settings(added, "data", "model", "train", "hardware")

    added = command(evaluate, "evaluate --json")
    added.add_argument("--run", **run)

    added = command(predict, "predict examples/seven.png")
    added.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files to answer for")
    either = added.add_mutually_exclusive_group()
    either.add_argument("--run", **run)
    either.add_argument("--target", **target | {"help": "answer with this artifact instead"})

    added = command(export, "export onnx")
    added.add_argument("target", **target)
    added.add_argument("--run", **run)
    added.add_argument("--precision", help="such as float32 or int8; the target's first by default")
    for option, text in targets.options().items():
        added.add_argument(f"--{option.replace('_', '-')}", type=int, metavar="N", help=text)

    command(verify, "verify onnx").add_argument("target", **target)

    added = command(serve, "serve onnx --port 8080")
    added.add_argument("target", **target)
    added.add_argument("--config", metavar="FILE", **settings)
    add_settings(added, "serve")

    command(report, "report").add_argument("--run", **run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 for a failed comparison, 2 for bad input."""
    try:
        options = make_parser().parse_args(arguments)
        options.exit_code = 0
        result = options.command(options)
        # With --json, people's lines go to stderr: stdout belongs to programs.
        show(result, sys.stderr if options.json else sys.stdout)
        if options.json and result:
            print(json.dumps(result, ensure_ascii=False), flush=True)
        return int(options.exit_code)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0  # whoever read our output has had enough, as in `... | head`
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error
        print(f"error: {what}; nothing that was finished is lost", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def show(result: Result, stream: Any) -> None:
    """Print a result for people: a line for each figure."""
    for name, value in result.items():
        if isinstance(value, list):
            rows = [
                {key: figure(cell) for key, cell in row.items() if not isinstance(cell, dict)}
                for row in value
            ]
            if name == "variants":  # one alone is what the lines above tell
                rows = [dict(zip(rows[0], rows[0], strict=True)), *rows] if len(rows) > 1 else []
            for row in rows:
                print(*row.values(), sep="\t", file=stream)
        elif isinstance(value, dict):
            for key, cell in value.items():
                print(f"{name} {key}: {cell:.4f}", file=stream)
        else:
            print(f"{name}: {figure(value)}", file=stream)


def figure(value: Any) -> Any:
    """Shorten a number for people; other values stay."""
    return f"{value:.4g}" if isinstance(value, float) else value
