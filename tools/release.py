"""Say whether a version can be released, and write what its release will say.

    python tools/release.py 0.2.0
    python tools/release.py 0.2.0 --notes notes.md

The version has to be newer than every tag, and the first heading of CHANGELOG.md; the files that it
moves have to be in hooks/moves.yml under no later version. Exit codes: 0, it can be released; 2,
it cannot, for the reason on stderr. `.github/workflows/release.yml` runs this before all tests,
which hold every question to those of earlier releases, and makes the tag after them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent


class NotReady(Exception):
    """Why a version cannot be released, in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one version; returns the exit code."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("version", help="such as 0.2.0")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="write the version's changes")
    options = parser.parse_args(arguments)
    try:
        changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
        moves = yaml.safe_load((ROOT / "hooks" / "moves.yml").read_text("utf-8")) or {}
        notes = check(options.version, changelog, tags(), moves)
    except NotReady as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.notes:
        options.notes.write_text(notes, encoding="utf-8")
    print(f"v{options.version} can be released")
    return 0


def tags() -> list[str]:
    """The tags of this repository."""
    command = ["git", "-C", str(ROOT), "tag", "--list", "v*"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def check(text: str, changelog: str, released: Iterable[str], moves: Iterable[str]) -> str:
    """The chapter of a version in the changelog; NotReady when something speaks against it."""
    version = parsed(text)
    if (
        version is None
        or str(version) != text
        or version.is_prerelease
        or len(version.release) != 3
    ):
        raise NotReady(f"a version looks like 0.2.0, not {text}")
    newest = max(filter(None, map(parsed, released)), default=None)
    if newest and version <= newest:
        raise NotReady(f"v{newest} is released already; {text} has to be newer")
    later = [key for key in moves if (parsed(key) or version) > version]
    if later:
        raise NotReady(f"hooks/moves.yml has files that move in {', '.join(later)}, after {text}")
    heading, _, notes = changelog.partition("\n## ")[2].partition("\n")
    if heading != text:
        raise NotReady(f"the first heading of CHANGELOG.md is {heading or 'missing'}, not {text}")
    notes = notes.split("\n## ")[0].strip()
    if not notes:
        raise NotReady(f"CHANGELOG.md says nothing of {text}")
    return notes + "\n"


def parsed(text: str) -> Version | None:
    """A version, or None where the text is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


if __name__ == "__main__":
    sys.exit(main())
