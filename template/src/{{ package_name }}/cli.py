"""The command line: what can be asked for, one flag per setting, and errors of one sentence.

Modules are imported by the command that needs them: `--help` stays quick, and serving or verifying
an artifact never loads the training framework.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from . import config, runs
from .errors import UserError
from .interrupt import Interrupt
from .plain_text import visible, visible_lines
from .project import command

Options = argparse.Namespace
Result = dict[str, Any]

RUN: dict[str, Any] = {"metavar": "RUN", "help": "a run's name; the newest when left out"}
TARGET: dict[str, Any] = {
    "metavar": "TARGET",
    "help": "a folder of targets/, such as onnx; the only one may be left out",
}


def train(options: Options) -> Result:
    """Train a network and write a run."""
    settings = given_settings(options)
    run = open_run(options, settings)
    with run.locked(), Interrupt(run) as interrupt:
        if not run.finished:
            print(f"run {run.name}", file=sys.stderr)
            # Inside the lock and the handlers: importing a framework takes seconds.
            try:
                from .train import train

                train(run, interrupt)
            except (UserError, OSError, KeyboardInterrupt, SystemExit):
                run.discard_if_empty()
                raise
    if not run.finished:
        print(f"stopped; to go on: {command()} train --resume {run.name}", file=sys.stderr)
        options.exit_code = interrupt.exit_code
        return {"run": run.name, "finished": False}
    card = run.card()
    names = ("steps", "seconds", "samples_per_second", "test", "baselines", "verdict")
    return {"run": run.name} | {name: card[name] for name in (*names, "weights_sha256")}


def open_run(options: Options, settings: Mapping[str, object]) -> runs.Run:
    """Make a new run, or open the one that `--resume` or `--name` names."""
    folder = runs_folder(options)
    if options.resume is not None:
        run = runs.find(options.resume or None, finished=False, folder=folder)
        config.refuse_changes(run.config, settings, f"run {run.name}")
        return run
    wanted = config.read(options.config, settings)
    if options.name is not None:
        return runs.open_named(options.name, wanted, settings, folder)
    return runs.create(wanted, folder)


def runs_folder(options: Options) -> Path:
    """Return the folder of the runs: what `--runs` says, else config.toml, else `runs`."""
    if getattr(options, "runs", None) is not None:
        return Path(options.runs)
    file = getattr(options, "config", config.FILE)
    return Path(config.read(file).train.runs) if file.is_file() else runs.RUNS


def find_run(options: Options) -> runs.Run:
    """Open the run that `--run` names, or the newest one."""
    return runs.find(options.run, folder=runs_folder(options))


def evaluate(options: Options) -> Result:
    """Measure a trained network on the test split."""
    from . import inference, metrics

    run = find_run(options)
    dataset = run.dataset()
    model = inference.load(run)
    return {
        "run": run.name,
        "test": metrics.evaluate(model, dataset.test, run.config, dataset.facts),
    }


def predict(options: Options) -> Result:
    """Answer for inputs of your own; exit 1 if some of them could not be read."""
    from tqdm import tqdm

    from . import predictions, targets

    if options.target:
        options.run = targets.manifest(options.target).run
    run = find_run(options)
    facts = run.card()["facts"]
    with contextlib.ExitStack() as held:
        if options.target:
            model = held.enter_context(targets.load(options.target))
        else:
            from . import inference

            model = inference.load(run)
        answers: list[dict[str, Any]] = []
        refused: list[UserError] = []
        sources = predictions.sources(options)
        for source in tqdm(sources, unit="", leave=False, disable=not sys.stderr.isatty()):
            try:
                names, examples = predictions.read_examples(source, run.config.data, facts)
            except UserError as error:  # the others get their answers
                tqdm.write(visible(f"error: {error}"), sys.stderr)
                refused.append(error)
            else:
                answers += predictions.answer(model, names, examples, facts)
    if not answers:
        raise UserError(f"no answers: {len(refused)} of {len(sources)} could not be read")
    if refused:
        print(f"{len(refused)} of {len(sources)} could not be read", file=sys.stderr)
        options.exit_code = 1
    if options.csv:
        write_csv(options.csv, answers)
    return {"run": run.name, "predictions": answers}


def write_csv(file: Path, answers: Sequence[Mapping[str, Any]]) -> None:
    """Write answers as a table; what an answer has several of becomes a column each.

    An answer with rows of its own, such as steps in time, becomes as many rows.
    """
    import csv

    rows = [
        {
            name if key is None else f"{name} {key}": cell
            for name, value in answer.items()
            for key, cell in (value.items() if isinstance(value, dict) else [(None, value)])
        }
        for answer in long_rows(answers)
    ]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def long_rows(answers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lay answers that have lists of objects out as rows of a long table; others stay."""
    found: list[Mapping[str, Any]] = []
    for answer in answers:
        lists = [name for name, value in answer.items() if is_rows(value)]
        if not lists:
            found.append(answer)
            continue
        shared = {name: value for name, value in answer.items() if name not in lists}
        found += [shared | row for name in lists for row in answer[name]]
    return found


def is_rows(value: object) -> bool:
    """Say whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def export(options: Options) -> Result:
    """Write a trained network for a target, and prove that it still gives the same answers."""
    from . import targets
    from .export import export

    given = {n: getattr(options, n) for n in targets.options() if getattr(options, n) is not None}
    target = options.target or targets.only()
    targets.load_module(target)  # what is asked for has to be there, whatever runs there are
    return export(target, find_run(options), options.precision, **given)


def verify(options: Options) -> Result:
    """Compare an artifact, in its own runtime, with the trained network; exit 1 if they differ."""
    from . import targets
    from .export import verify

    return verify(options.target or targets.only(), runs_folder(options))


def serve(options: Options) -> Result:
    """Serve an artifact until Ctrl-C."""
    from . import targets

    # A server in a container has its artifact, but no config.toml.
    file = options.config if options.config != config.FILE or config.FILE.is_file() else None
    settings = port_of_the_platform() | given_settings(options)
    targets.serve(options.target or targets.only(), config.read(file, settings).serve)
    return {}


def port_of_the_platform() -> dict[str, object]:
    """Return the port that Vertex AI, or else Cloud Run and others, ask a container to listen on.

    HOST is not read: conda's compilers set it.
    """
    for name in ("AIP_HTTP_PORT", "PORT"):
        if value := os.environ.get(name):
            if not value.isascii() or not value.isdigit():
                raise UserError(f"the variable {name} must be a port, not {value!r}")
            return {"port": int(value)}
    return {}


def report(options: Options) -> Result:
    """Write a page with the curves, the results and the model card of a run."""
    from .report import write

    return {"path": write(find_run(options)).as_posix()}


COMMANDS: dict[Callable[[Options], Result], str] = {
    train: "train --epochs 20 --seed 1",
    evaluate: "evaluate --json",
    predict: "predict --help",
    export: "export onnx",
    verify: "verify onnx",
    serve: "serve onnx --port 8080",
    report: "report",
}


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, whose errors are exceptions."""

    def __init__(self, **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(**options, allow_abbrev=False, formatter_class=layout)

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage: one sentence is enough."""
        raise UserError(f"{message}; see `{self.prog} --help`")


def make_parser(wanted: str) -> Parser:
    """Describe the commands; the flags are those of the one that is wanted."""
    name = command()
    parser = Parser(prog=name, description=f"example: {name} train --epochs 20")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for function, example in COMMANDS.items():
        text = str(function.__doc__)
        added: Parser = commands.add_parser(
            function.__name__, help=text, description=text, epilog=f"example: {name} {example}"
        )
        added.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
        added.set_defaults(command=function)
        if function.__name__ == wanted:
            add_flags(added, wanted)
    return parser


def add_flags(parser: Parser, wanted: str) -> None:
    """Add a command's flags, beside --json."""
    file: dict[str, Any] = {"type": Path, "default": config.FILE, "metavar": "FILE"}
    file |= {"help": "default: %(default)s"}
    if wanted == "train":
        parser.add_argument("--config", **file)
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--resume", nargs="?", const="", **RUN)
        text = "name the run: where it exists it goes on, and where it is finished nothing happens"
        either.add_argument("--name", metavar="NAME", help=text)
        add_settings(parser, "data", "model", "train", "hardware")
    elif wanted == "predict":
        from . import predictions

        parser.epilog = f"example: {command()} {predictions.EXAMPLE}"
        predictions.add_arguments(parser)
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--run", **RUN)
        either.add_argument("--target", **TARGET | {"help": "answer with this artifact instead"})
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table as well")
    elif wanted in ("evaluate", "report"):
        parser.add_argument("--run", **RUN)
    else:
        parser.add_argument("target", nargs="?", **TARGET)
    if wanted in ("evaluate", "predict", "export", "verify", "report"):
        text = "folder that the runs lie in; default: what config.toml says"
        parser.add_argument("--runs", metavar="DIR", help=text)
    if wanted == "export":
        from . import targets

        parser.add_argument("--run", **RUN)
        parser.add_argument("--precision", help="such as int8; the target's first by default")
        for option, text in targets.options().items():
            flag = f"--{option.replace('_', '-')}"
            parser.add_argument(flag, type=int, metavar="N", help=text)
    if wanted == "serve":
        parser.add_argument("--config", **file)
        add_settings(parser, "serve")


def add_settings(parser: Parser, *sections: str) -> None:
    """Add a flag for every setting in some sections of config.toml."""
    for section in dataclasses.fields(config.Config):
        if section.name not in sections:
            continue
        group = parser.add_argument_group(f"[{section.name}] of config.toml")
        schema: Any = section.type
        for field in dataclasses.fields(schema):
            flag = f"--{field.name.replace('_', '-')}"
            kind: Any = field.type
            # A flag that is left out leaves no trace, so that config.toml's value holds.
            text = field.metadata["text"].replace("%", "%%")  # which argparse fills in
            common: dict[str, Any] = {"default": argparse.SUPPRESS, "help": text}
            if kind is bool:
                group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
            elif choices := get_args(kind):
                group.add_argument(flag, choices=choices, **common)
            else:
                group.add_argument(flag, type=kind, metavar=kind.__name__.upper(), **common)


def given_settings(options: Options) -> dict[str, object]:
    """Return the settings that flags name, such as `{"epochs": 3}`."""
    schemas: list[Any] = [section.type for section in dataclasses.fields(config.Config)]
    names = {field.name for schema in schemas for field in dataclasses.fields(schema)}
    return {name: value for name, value in vars(options).items() if name in names}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 for a failed comparison, 2 for bad input."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = make_parser(given[0] if given else "").parse_args(given)
        options.exit_code = 0
        result = options.command(options)
        # With --json, people's lines go to stderr: stdout belongs to programs.
        show(result, sys.stderr if options.json else sys.stdout)
        if options.json and result:
            print(json.dumps(result, ensure_ascii=False), flush=True)
        return int(options.exit_code)
    except UserError as error:
        print(visible_lines(f"error: {error}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0  # whoever read our output has had enough, as in `... | head`
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error
        print(visible(f"error: {what}; nothing that was finished is lost"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def show(result: Result, stream: Any) -> None:
    """Print a result for people: a line for each figure."""
    for name, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], str):
            for text in value:
                print(f"{name}: {text}", file=stream)
        elif isinstance(value, list):
            rows = [
                {key: figure(cell) for key, cell in row.items() if not isinstance(cell, dict)}
                for row in long_rows(value)
            ]
            if name == "variants":  # one alone is what the lines above tell
                rows = [dict(zip(rows[0], rows[0], strict=True)), *rows] if len(rows) > 1 else []
            for row in rows:
                print(*row.values(), sep="\t", file=stream)
        elif isinstance(value, dict):
            show({f"{name} {key}": cell for key, cell in value.items()}, stream)
        else:
            print(f"{name}: {figure(value)}", file=stream)


def figure(value: Any) -> Any:
    """Shorten a number for people, and make a text harmless; other values stay."""
    if isinstance(value, str):
        return visible(value)
    return f"{value:.4g}" if isinstance(value, float) else value
