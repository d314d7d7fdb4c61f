# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.19,<10", "plumbum"] # the second is one of Copier's own
# ///
"""Find what is wrong with answer files before anything is rendered.

    uv run tools/check_answers.py FILE-OR-ADDRESS... [--template ADDRESS] [--save FILE]

Each is a YAML file for `copier copy --data-file`, here or at an https, http or file address. It
goes through the template's own questions, without a file written: a key that is no question is
named with the nearest one, a computed value and a choice that is not to be had are refused.
`--save` keeps a file from an address, as Copier reads files only.

Exit code 0: all are fine; 2: one sentence for each that is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy
from copier.errors import CopierError, DirtyLocalWarning
from plumbum import ProcessExecutionError

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES = ("https://", "http://", "file://")


class BadFile(ValueError):
    """A file that cannot be read as answers."""


def read(source: str) -> bytes:
    """The file, from this machine or from an address."""
    try:
        if source.startswith(ADDRESSES):
            with urllib.request.urlopen(source, timeout=30) as answer:
                body: bytes = answer.read()
                return body
        return Path(source).read_bytes()
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise BadFile(f"cannot be read ({error})") from error


def parse(body: bytes) -> dict[str, Any]:
    """The answers in it."""
    try:
        answers = yaml.safe_load(body)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(f"is no YAML ({' '.join(str(error).split())})") from error
    if not isinstance(answers, dict) or not all(isinstance(key, str) for key in answers):
        raise BadFile("has no answers: it needs lines such as `goal: product`")
    return answers


def check(answers: dict[str, Any], template: str) -> str:
    """Why the template refuses these answers, in one sentence, or nothing."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The template's files as they are, committed or not.
        warnings.simplefilter("ignore", DirtyLocalWarning)
        version = "HEAD" if template == str(ROOT) and (ROOT / ".git").exists() else None
        try:
            run_copy(
                template,
                Path(folder) / "project",
                answers,
                vcs_ref=version,
                defaults=True,
                pretend=True,
                quiet=True,
            )
        except (ValueError, TypeError, CopierError) as error:
            first = str(error).splitlines() or [type(error).__name__]
            return first[0].replace(" for question 'unknown_answers'", "")
        except ProcessExecutionError as error:  # of git
            said = str(error.stderr).strip().splitlines() or ["git failed"]
            return f"cannot be checked, as {template} cannot be had ({said[-1]})"
    return ""


def main() -> int:
    """Check every file."""
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=about, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="+", metavar="FILE-OR-ADDRESS")
    parser.add_argument("--template", default=str(ROOT), help="this one, when left out")
    parser.add_argument("--save", type=Path, metavar="FILE", help="where to keep the only one")
    given = parser.parse_args()
    if given.save and len(given.sources) > 1:
        parser.error("--save takes one file at a time")
    code = 0
    company = Path(given.template) / "extensions" / "company.yml"
    if company.is_file():  # Copier would name a file of its own, and no line
        try:
            parse(company.read_bytes())
        except BadFile as error:
            print(f"{company}: {error}", file=sys.stderr)
            return 2
    for source in given.sources:
        try:
            body = read(source)
            if reason := check(parse(body), given.template):
                raise BadFile(reason)
        except BadFile as error:
            print(f"{source}: {error}", file=sys.stderr)
            code = 2
            continue
        print(f"{source}: fine")
        if given.save:
            given.save.write_bytes(body)
    return code


if __name__ == "__main__":
    sys.exit(main())
