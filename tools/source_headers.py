"""Write a company's lines at the top of every source file that the template renders.

    git switch --detach
    .venv/bin/python tools/source_headers.py
    git commit --all --message "Headers of 0.2.0.post1" && git tag v0.2.0.post1
    git switch main

The lines are `license.source` of extensions/company.yml. They belong into what is tagged, and not
into the branch: there, the next merge of upstream would conflict in every file whose first line
changed. Projects are updated from tag to tag, so their headers never conflict. Files that begin
with the lines are left as they are. Exit codes: 0; 2, there are no lines or they are not fit for
all files, for the reason on stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
COMMENT = dict.fromkeys((".py", ".sh"), "# ")
COMMENT |= dict.fromkeys((".cc", ".h", ".js", ".kt", ".mjs", ".swift"), "// ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lines into a checkout of the template; returns the exit code."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="the checkout")
    folder: Path = parser.parse_args(arguments).folder
    settings = yaml.safe_load((folder / "extensions" / "company.yml").read_text("utf-8"))
    lines = (settings["_company"].get("license") or {}).get("source", "").splitlines()
    if not lines or any("{" in line or not line.isprintable() for line in lines):
        reason = "have a brace or a character that does not print" if lines else "are empty"
        print(
            f"error: license.source of extensions/company.yml: its lines {reason}", file=sys.stderr
        )
        return 2
    files = [path for path in sorted((folder / "template").rglob("*")) if path.is_file()]
    written = sum(stamp(path, lines) for path in files)
    print(f"{written} files begin with these lines now")
    return 0


def stamp(path: Path, lines: Sequence[str]) -> bool:
    """Begin a source file with the lines, as a comment; whether that changed it."""
    mark = COMMENT.get(Path(path.name.removesuffix(".jinja")).suffix)
    if mark is None:
        return False
    header = "".join(f"{mark}{line}".rstrip() + "\n" for line in lines)
    text = path.read_text("utf-8")
    if text.startswith(header):
        return False
    path.write_text(f"{header}\n{text}" if text else header, "utf-8", newline="\n")
    return True


if __name__ == "__main__":
    sys.exit(main())
