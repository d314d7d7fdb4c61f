"""Send your files to a running server, and print what its model says of them.

    python deploy/client TARGET FILE [FILE ...] [--url http://127.0.0.1:8080]

It needs NumPy and what `files.py` imports, and nothing of this project: copy the folder to where
your files are. `files.py` knows the files, `ask_TARGET.py` what the server of a target speaks.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import connection
    import files
    import manifest
    import numpy as np
except ModuleNotFoundError as error:
    sys.exit(f"error: {error}; install it, or say `uv run python` in the project's folder")

HERE = Path(__file__).parent
ROWS = 64  # in one request, which all servers take


def shared_arguments(target: str) -> argparse.ArgumentParser:
    """Make the arguments that every target has."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE")
    add(
        "--url",
        type=connection.address,
        default="http://127.0.0.1:8080",
        help="where the server is; HOST:PORT alone means http://; default: %(default)s",
    )
    add("--timeout", type=float, default=30, metavar="SECONDS", help="default: %(default)s")
    add("--ca", type=Path, metavar="FILE", help="the only authority to trust for https (PEM)")
    add("--token-file", type=Path, metavar="FILE", help="a file with a bearer token to send")
    add(
        "--manifest",
        type=Path,
        default=Path("artifacts", target, "manifest.json"),
        metavar="FILE",
        help="the artifact's, for what the server does not tell; default: %(default)s",
    )
    return parser


def parse_arguments() -> argparse.Namespace:
    """Read the command line; `module` is the module of the target."""
    parser = argparse.ArgumentParser(
        description="Send your files to a running server, and print what its model says of them."
    )
    targets = parser.add_subparsers(required=True, metavar="TARGET")
    for path in sorted(HERE.glob("ask_*.py")):
        module = importlib.import_module(path.stem)
        name = path.stem.removeprefix("ask_")
        target = targets.add_parser(name, parents=[shared_arguments(name)], help=module.SPEAKS)
        module.add_arguments(target)
        target.set_defaults(module=module)
    return parser.parse_args()


def main() -> int:
    """Send what is in the files and print the answers; 1 where some of them cannot be read.

    Raises OSError with a sentence.
    """
    arguments = parse_arguments()
    for file in arguments.files:
        if file.is_dir():
            raise OSError(f"{file} is a folder; name the files in it")
        if not file.is_file():
            raise OSError(f"there is no file {file}")
    server = connection.Server(arguments.url, arguments.timeout, arguments.ca, arguments.token_file)
    model = arguments.module.find_model(server, arguments)
    facts = manifest.facts_of(arguments.manifest, model)
    print(f"asking {model.name} at {server.url}", file=sys.stderr)
    refused: list[Path] = []
    for names, given in requests(arguments.files, facts, model, refused):
        answers = files.answers(given | model.predict(given), model.outputs)
        for name, answer in zip(names, answers, strict=True):
            print(f"{name}: {answer}")
    if refused:
        print(f"{len(refused)} of {len(arguments.files)} could not be read", file=sys.stderr)
    return 1 if refused else 0


def requests(
    given: list[Path], facts: dict[str, Any], model: Any, refused: list[Path]
) -> Iterator[tuple[list[str], dict[str, np.ndarray]]]:
    """Read files one by one, and give their rows by the request: names, and the model's inputs.

    Those that cannot be read are named on stderr, and added to `refused`.
    """
    names: list[str] = []
    batches: list[dict[str, np.ndarray]] = []
    for place, file in enumerate(given, 1):
        try:
            found, batch = files.read(file, facts, model)
        except OSError as error:
            print(f"error: {error}", file=sys.stderr)
            refused.append(file)
        else:
            names += found
            batches.append(batch)
        if not names or (len(names) < ROWS and place < len(given)):
            continue
        whole = {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}
        for start in range(0, len(names), ROWS):
            part = slice(start, start + ROWS)
            yield names[part], {name: array[part] for name, array in whole.items()}
        names, batches = [], []


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a pipe may not have a sign for all texts
    try:
        code = main()
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:
        # Whoever read the answers has had enough, as in `... | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        sys.exit(f"error: {error}")
