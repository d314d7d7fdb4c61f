"""Carry over what users wrote in a file that a newer template has moved.

Copier updates a file by its path: of one that has moved, it removes the old, edits and all, and
writes the new one. So copier.yml runs this after every update across a version that
hooks/moves.yml names, in the project's folder:

    python hooks/migrate.py ANSWERS_FILE        with VERSION_PEP440_FROM in the environment

Each moved file that users changed is merged from three texts: theirs (in git's HEAD, as Copier
refuses to update a project with changes not committed), the old template's (rendered again) and
the new template's (just written). Lines that both changed end as conflicts, marked in the file
and recorded in git's index as Copier does it. A file that users deleted stays away.

(A `git mv` before the update is no way out: to Copier both sides then add the new file, and every
edit becomes a conflict.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy
from packaging.version import Version

MOVES = Path(__file__).with_name("moves.yml")
LABELS = ("before updating", "last update", "after updating")  # Copier's own


def moves_after(moves: dict[str, dict[str, str]], version: Version) -> Iterator[tuple[str, str]]:
    """Every move newer than `version`, from the first place to the last one."""
    newer = [moves[key] for key in sorted(moves, key=Version) if Version(key) > version]
    for position, table in enumerate(newer):
        for old, new in table.items():
            for later in newer[position + 1 :]:
                new = later.get(new, new)
            yield old, new


def merge(path: Path, user: bytes, base: bytes) -> bool:
    """Merge the user's text into the new template's at `path`; whether no line is in conflict."""
    with tempfile.TemporaryDirectory() as folder:
        texts = [Path(folder, name) for name in ("user", "base", "new")]
        for file, text in zip(texts, (user, base, path.read_bytes()), strict=True):
            file.write_bytes(text)
        labels = [part for label in LABELS for part in ("-L", label)]
        # 0: merged; 1 to 127: so many conflicts; else it is no text, and the user's file stays.
        code = subprocess.run(["git", "merge-file", *labels, *map(str, texts)]).returncode
        if code > 127:
            path.write_bytes(user)
            return True
        stages = [_blob(texts[1]), _blob_of(user), _blob(texts[2])]
        path.write_bytes(texts[0].read_bytes())
    if code:
        _mark_unmerged(path, stages)
    return code == 0


def _blob(file: Path) -> str:
    return _git("hash-object", "-w", "--", str(file)).decode().strip()


def _blob_of(text: bytes) -> str:
    return _git("hash-object", "-w", "--stdin", given=text).decode().strip()


def _mark_unmerged(path: Path, stages: list[str]) -> None:
    """Record the three texts as git's own merge does: no commit passes over the conflict."""
    name = _git("rev-parse", "--show-prefix").decode().strip() + path.as_posix()
    lines = [f"0 {'0' * 40}\t{name}"]
    lines += [f"100644 {blob} {stage}\t{name}" for stage, blob in enumerate(stages, start=1)]
    # Paths of --index-info count from the top of the repository, wherever the project lies in it.
    _git("update-index", "--index-info", given="\n".join([*lines, ""]).encode())


def _git(*arguments: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(["git", *arguments], check=True, input=given, stdout=subprocess.PIPE)
    return done.stdout


def _committed(path: str) -> bytes | None:
    """The file as the project's last commit has it; `path` counts from the project's folder."""
    done = subprocess.run(["git", "show", f"HEAD:./{path}"], capture_output=True)
    return None if done.returncode else done.stdout


def main() -> None:
    """Merge every moved file of the project in the current folder."""
    answers: dict[str, Any] = yaml.safe_load(_committed(sys.argv[1]) or b"{}")
    package = str(answers.get("package_name", ""))
    table = yaml.safe_load(MOVES.read_text("utf-8")) or {}
    moved = [
        tuple(path.replace("{{ package_name }}", package) for path in pair)
        for pair in moves_after(table, Version(os.environ["VERSION_PEP440_FROM"]))
    ]
    with tempfile.TemporaryDirectory() as folder:
        given = {key: value for key, value in answers.items() if not key.startswith("_")}
        source, commit = str(answers["_src_path"]), str(answers["_commit"])
        run_copy(source, folder, given, vcs_ref=commit, defaults=True, quiet=True)
        for old, new in moved:
            base, user, target = Path(folder, old), _committed(old), Path(new)
            if not base.is_file() or not target.is_file() or _committed(new) is not None:
                continue  # not in this project, or its own file is already there
            if user is None:
                target.unlink()
            elif user != base.read_bytes():
                words = "carried over" if merge(target, user, base.read_bytes()) else "CONFLICT"
                print(f"{old} -> {new}: {words}", file=sys.stderr)


if __name__ == "__main__":
    main()
