"""The command line: what can be asked for, one flag per setting, and errors of one sentence.

Modules are imported by the command that needs them: `--help` stays quick, and serving or verifying
an artifact never loads the training framework.
"""

import argparse
import contextlib
import dataclasses
import gc
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from . import config, launcher, printing, ranks, runs
from .errors import PeerLostError, UserError
from .interrupt import Interrupt
from .plain_text import visible, visible_lines
from .project import command

Options = argparse.Namespace
Result = dict[str, Any]

# Objects that are made and not yet freed before Python searches for garbage. With its own 700, it
# would search the 300,000 of a framework, while that is imported, again and again, and find none.
OBJECTS = 10_000

RUN: dict[str, Any] = {"metavar": "RUN", "help": "a run's name; the newest when left out"}
TARGET: dict[str, Any] = {
    "metavar": "TARGET",
    "help": "a folder of targets/, such as onnx; the only one may be left out",
}


def train(options: Options) -> Result:
    """Train a network and write a run."""
    settings = given_settings(options)
    run = open_run(options, settings)
    launched = launcher.launched()
    if run.finished and run.writes and not launched:
        print(f"run {run.name} is finished already; its results:", file=sys.stderr)
    if launched:
        launcher.end_with_launcher()
    # Of processes that a launcher has started, the launcher holds the lock and speaks.
    lock = contextlib.nullcontext() if launched or not run.writes else run.locked()
    with lock, Interrupt(run, quiet=launched or not run.writes) as interrupt:
        # Other processes wait for the first one, even if there is nothing left to do.
        if not run.finished or ranks.SIZE > 1:
            if run.writes and not launched:
                print(f"run {run.name}", file=sys.stderr)
            # Inside the lock and the handlers: importing a framework takes seconds.
            try:
                if run.config.hardware.workers > 1 and ranks.SIZE == 1:
                    launcher.launch(run, interrupt)
                else:
                    from .train import train

                    train(run, interrupt)
            except (UserError, OSError, KeyboardInterrupt, SystemExit) as error:
                # A sentence about a setting or a file says enough by itself.
                quiet = launched or interrupt.caught or isinstance(error, UserError)
                if run.discard_if_empty() and not quiet:
                    told = f"run {run.name} is removed, as it had no checkpoint yet"
                    print(told, file=sys.stderr)
                raise
    if interrupt.caught if not run.writes else not run.finished:
        options.exit_code = interrupt.exit_code
    if launched or not run.writes:
        return {}
    if not run.finished:
        print(f"stopped; to go on: {command()} {run.resuming}", file=sys.stderr)
        return {"run": run.name, "finished": False}
    card = run.card()
    names = ("steps", "seconds", "samples_per_second", "test", "baselines", "verdict")
    return {"run": run.name} | {name: card[name] for name in (*names, "weights_sha256")}


def open_run(options: Options, settings: Mapping[str, object]) -> runs.Run:
    """Make a new run, or open the one that `--resume` or `--name` names."""
    if ranks.RANK > 0:  # the first process opens it, and tells the others
        file = options.config if options.config.is_file() else None
        return runs.Run(Path("run"), config.read(file, settings), writes=False)
    folder = runs_folder(options)
    if options.resume is not None:
        run = runs.find(options.resume or None, finished=False, folder=folder)
        config.refuse_changes(run.config, settings, f"run {run.name}")
    else:
        wanted = config.read(options.config, settings)
        if options.name is None:
            return runs.create(wanted, folder)
        run = runs.open_named(options.name, wanted, settings, folder)
    hardware = {n: settings[n] for n in ("workers", "peer_timeout") if n in settings}
    return run.keep_settings("hardware", **hardware) if hardware else run


def runs_folder(options: Options) -> Path:
    """Return the folder of the runs: what `--runs` says, else config.toml, else `runs`."""
    if getattr(options, "runs", None) is not None:
        return Path(options.runs)
    file = getattr(options, "config", config.FILE)
    return Path(config.read(file).train.runs) if file.is_file() else runs.RUNS


def find_run(options: Options) -> runs.Run:
    """Open the run that `--run` names, or the newest one."""
    return runs.find(options.run, folder=runs_folder(options))


def fetch(options: Options) -> Result:
    """Bring the data here that `source` names: from an https address, or by DVC; once."""
    from . import sources

    return sources.fetch(config.read(options.config, given_settings(options)).data, options.again)


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
        sources: list[Any] = list(predictions.sources(options))
        asked = len(sources)
        if divide := getattr(predictions, "divide", None):
            sources = [part for source in sources for part in divide(source, facts)]
            asked = sum(len(part) for part in sources)
        for source in tqdm(sources, unit="", leave=False, disable=not sys.stderr.isatty()):
            try:
                names, examples = predictions.read_examples(source, run.config.data, facts)
            except UserError as error:  # the others get their answers
                if len(sources) == 1:
                    raise
                tqdm.write(visible(f"error: {error}"), sys.stderr)
                refused.append(error)
            else:
                answers += predictions.answer(model, names, examples, facts)
    if not answers:
        raise UserError(f"no answers: {len(refused)} of {asked} could not be read")
    if refused:
        print(f"{len(refused)} of {asked} could not be read", file=sys.stderr)
        options.exit_code = 1
    if options.csv:
        printing.write_csv(options.csv, answers)
    return {"run": run.name, "predictions": answers}


def export(options: Options) -> Result:
    """Write a trained network for a target, and prove that it still gives the same answers."""
    from . import targets
    from .export import export

    given = {n: getattr(options, n) for n in targets.options() if getattr(options, n) is not None}
    wanted = named_targets(options)
    for target in wanted:  # what is asked for has to be there, whatever runs there are
        targets.check(target, options.precision, given)
    run = find_run(options)
    return for_each(wanted, lambda target: export(target, run, options.precision, **given), options)


def verify(options: Options) -> Result:
    """Compare an artifact, in its own runtime, with the trained network; exit 1 if they differ."""
    from . import targets
    from .export import verify

    wanted = named_targets(options)
    for target in wanted:
        targets.load_module(target)
    return for_each(wanted, lambda target: verify(target, runs_folder(options)), options)


def named_targets(options: Options) -> list[str]:
    """Return the targets that were named, each once, or the only one that there is."""
    from . import targets

    return list(dict.fromkeys(options.targets)) or [targets.only()]


def for_each(wanted: Sequence[str], work: Callable[[str], Result], options: Options) -> Result:
    """Return what a target gives, or what several give: one that fails stops none of the others."""
    if len(wanted) == 1:
        return work(wanted[0])
    found: list[Result] = []
    failed: list[str] = []
    for target in wanted:
        try:
            result = work(target)
        except UserError as error:
            print(visible_lines(f"error: {target}: {error}"), file=sys.stderr)
            options.exit_code = max(options.exit_code, error.exit_code)
            failed.append(target)
        else:
            show(result, options)  # the next one may take a minute
            print(file=sys.stderr if options.json else sys.stdout)
            found.append(result)
    if failed:
        print(f"failed, see above: {', '.join(failed)}", file=sys.stderr)
    options.shown = True
    return {"targets": found}


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


def push(options: Options) -> Result:
    """Upload a trained model to the Hub, or to the tracker's registry."""
    from .push import push

    return push(find_run(options), options.name, options.target, options.public)


def config_schema(options: Options) -> Result:
    """Print the JSON Schema of config.toml: every setting's type, default, range and words."""
    from .config_schema import schema

    print(json.dumps(schema(), indent=None if options.json else 2))
    return {}


COMMANDS: dict[Callable[[Options], Result], str] = {
    train: "train --epochs 20 --seed 1",
    fetch: "fetch --source https://example.com/data.zip",
    evaluate: "evaluate --json",
    predict: "predict --help",
    export: "export TARGET",
    verify: "verify TARGET",
    serve: "serve TARGET --port 8080",
    report: "report",
    push: "push my-account/my-model",
    config_schema: "config-schema",
}


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, whose errors are exceptions."""

    def __init__(self, **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(**options, allow_abbrev=False, formatter_class=layout)

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage: one sentence is enough."""
        if message.endswith("expected one argument"):  # as of `--flag -1,2`
            message += ", given as --flag=VALUE where it begins with -"
        raise UserError(f"{message}; see `{self.prog} --help`")


def make_parser(wanted: str) -> Parser:
    """Describe the commands; the flags are those of the one that is wanted."""
    name = command()
    parser = Parser(prog=name, description=f"example: {name} train --epochs 20")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for function, example in COMMANDS.items():
        text, called = str(function.__doc__), function.__name__.replace("_", "-")
        added: Parser = commands.add_parser(
            called, help=text, description=text, epilog=f"example: {name} {example}"
        )
        added.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
        added.set_defaults(command=function)
        if called == wanted:
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
    elif wanted == "fetch":
        parser.add_argument("--config", **file)
        text = "even if it is here: what is at an address may have changed"
        parser.add_argument("--again", action="store_true", help=text)
        add_settings(parser, "data", only=("source", "source_hash"))
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
    elif wanted == "push":
        text = "what it is called there: NAME, or OWNER/NAME"
        parser.add_argument("name", metavar="NAME", help=text)
        parser.add_argument("--run", **RUN)
        text = "upload this target's artifact instead of the run's model"
        parser.add_argument("--target", **TARGET | {"help": text})
        text = "a repository that is new is open to all; private by default"
        parser.add_argument("--public", action="store_true", help=text)
    elif wanted in ("export", "verify", "serve"):
        if wanted == "serve":
            parser.add_argument("target", nargs="?", **TARGET)
        else:
            text = "folders of targets/, such as onnx; the only one may be left out"
            parser.add_argument("targets", nargs="*", **TARGET | {"help": text})
        from . import targets

        known = targets.servable() if wanted == "serve" else targets.names()
        if known:
            parser.epilog = str(parser.epilog).replace("TARGET", known[0])
    if wanted in ("evaluate", "predict", "export", "verify", "report", "push"):
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


def add_settings(parser: Parser, *sections: str, only: Sequence[str] = ()) -> None:
    """Add a flag for every setting in some sections of config.toml, or for some of them only."""
    for section in dataclasses.fields(config.Config):
        if section.name not in sections:
            continue
        group = parser.add_argument_group(f"[{section.name}] of config.toml")
        schema: Any = section.type
        for field in dataclasses.fields(schema):
            if only and field.name not in only:
                continue
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


def show(result: Result, options: Options) -> None:
    """Print a result for people; with --json on stderr, as stdout belongs to programs."""
    printing.show(result, sys.stderr if options.json else sys.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 for a failed comparison, 2 for bad input."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    printing.accept_any_text()
    gc.set_threshold(OBJECTS)
    try:
        options = make_parser(given[0] if given else "").parse_args(given)
        options.exit_code = 0
        result = options.command(options)
        if not getattr(options, "shown", False):  # while it was made
            show(result, options)
        if options.json and result:
            printing.show_json(result)
        return int(options.exit_code)
    except UserError as error:
        # A launcher tells by itself which process was lost.
        if not (isinstance(error, PeerLostError) and launcher.launched()):
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
