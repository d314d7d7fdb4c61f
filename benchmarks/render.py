"""How long Copier takes to render this template, against an empty template in the same run.

    .venv/bin/python benchmarks/render.py
    .venv/bin/python benchmarks/render.py --rounds 15

The baseline is a template with one question and one file. A third template has the files that
this one renders, but no questions, layers or Jinja: what Copier itself takes for that many files.
All are rendered from a git repository, as users do, and from a plain folder; as a whole
`copier copy` command and inside one process. Wall-clock time, in turn, medians; ratios are taken
within each round. Exit code 1 when the goal is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import copier

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("copier.yml", "questions", "extensions", "hooks", "template")  # all that Copier reads
GOAL = 4.0  # times the empty template, for the whole command
EMPTY = {
    "copier.yml": "_subdirectory: template\nproject_name: {type: str, default: My Project}\n",
    "template/README.md.jinja": "# {{ project_name }}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
}
NAMES = ("empty", "same files", "this template")
KINDS = ("git repository", "plain folder")


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="renders of each (default: 9)")
    rounds: int = parser.parse_args(argv).rounds
    if rounds < 1:
        parser.error("--rounds takes 1 or more")

    met = True
    print(
        f"Copier {version('copier')}, Python {platform.python_version()}, {rounds} renders of each"
    )
    print(f"{'':43}median   ratio to empty   range of the ratios")
    with tempfile.TemporaryDirectory(prefix="pickone-render-") as scratch:
        folders = make_templates(Path(scratch))
        for way, render in (("command", command), ("in process", in_process)):
            for kind in KINDS:
                sources = [folders[name, kind] for name in NAMES]
                measured = measure(render, sources, Path(scratch) / "out", rounds)
                for name, times in zip(NAMES, zip(*measured, strict=True), strict=True):
                    ratios = [time / each[0] for time, each in zip(times, measured, strict=True)]
                    ratio = statistics.median(ratios)
                    line = f"{f'{way}, {kind}: {name}':40}{statistics.median(times) * 1e3:6.0f} ms"
                    if name != "empty":
                        line += f"{ratio:17.2f}   {min(ratios):.2f} to {max(ratios):.2f}"
                    if name == "this template" and way == "command":
                        line += f"   goal {GOAL}: {'met' if ratio <= GOAL else 'MISSED'}"
                        met = met and ratio <= GOAL
                    print(line)
    return 0 if met else 1


def make_templates(scratch: Path) -> dict[tuple[str, str], Path]:
    """Write the three templates, each as a plain folder and as a git repository."""
    folders: dict[tuple[str, str], Path] = {}
    for kind in KINDS:
        empty, same, ours = (scratch / kind / name for name in NAMES)
        folders |= zip([(name, kind) for name in NAMES], (empty, same, ours), strict=True)
        for part in PARTS:
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
                shutil.copytree(ROOT / part, ours / part, ignore=ignored)
            else:
                ours.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / part, ours / part)
        in_process(ours, same / "template")
        (same / "template" / ".copier-answers.yml").unlink()
        write(same, {name: text for name, text in EMPTY.items() if "README" not in name})
        write(empty, EMPTY)
        if kind == "git repository":
            for folder in (empty, same, ours):
                commit(folder)
    return folders


def write(folder: Path, files: dict[str, str]) -> None:
    """Write texts by relative path."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def commit(folder: Path) -> None:
    """Make a repository with one commit and one tag out of a folder."""
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for words in ("init -q", "add -A -f", "commit -q -m template", "tag v1.0.0"):
        subprocess.run([*git, *words.split()], cwd=folder, check=True)


def measure(
    render: Callable[[Path, Path], None], sources: Sequence[Path], out: Path, rounds: int
) -> list[list[float]]:
    """Time the sources in turn, after one render of each that fills the caches; seconds."""
    measured = []
    for number in range(rounds + 1):
        times = {}
        # Which comes first changes from round to round.
        for source in sources if number % 2 else sources[::-1]:
            start = time.perf_counter()
            render(source, out)
            times[source] = time.perf_counter() - start
            shutil.rmtree(out)
        measured.append([times[source] for source in sources])
    return measured[1:]


def command(source: Path, out: Path) -> None:
    """Render as users do, in a process of its own."""
    # Without compiled modules on disk both would mostly measure Python's compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", str(source), str(out)],
        check=True,
        env=environment,
    )


def in_process(source: Path, out: Path) -> None:
    """Render in this process: no start of Python, no import."""
    copier.run_copy(str(source), out, defaults=True, quiet=True)


if __name__ == "__main__":
    sys.exit(main())
