"""How long Copier takes to render this template, against an empty template in the same run.

    .venv/bin/python benchmarks/render.py
    .venv/bin/python benchmarks/render.py --pairs 15

The baseline is a template with one question and one file. Both are rendered from a git repository,
as users do, and from a plain folder; as a whole `copier copy` command and inside one process.
Wall-clock time, the two in turn, medians. Exit code 1 when the goal is missed.
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
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import copier

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("copier.yml", "questions", "extensions", "template")  # all that Copier reads
GOAL = 1.6  # times the empty template, for the whole command
EMPTY = {
    "copier.yml": "_subdirectory: template\nproject_name: {type: str, default: My Project}\n",
    "template/README.md.jinja": "# {{ project_name }}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
}


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=9, help="renders of each (default: 9)")
    pairs: int = parser.parse_args(argv).pairs
    if pairs < 1:
        parser.error("--pairs takes 1 or more")

    met = True
    with tempfile.TemporaryDirectory(prefix="pickone-render-") as scratch:
        folders = make_templates(Path(scratch))
        print(f"Copier {version('copier')}, Python {platform.python_version()}, {pairs} pairs")
        print(f"{'':28}{'this':>9}{'empty':>9}{'ratio':>8}   spread of the ratios")
        for way, render in (("command", command), ("in process", in_process)):
            for kind in ("git repository", "plain folder"):
                ours, empty = (folders[name, kind] for name in ("this", "empty"))
                times = measure(render, ours, empty, Path(scratch) / "out", pairs)
                ratios = sorted(a / b for a, b in times)
                medians = [statistics.median(column) for column in zip(*times, strict=True)]
                ratio = medians[0] / medians[1]
                goal = f"   goal {GOAL}: {'met' if ratio <= GOAL else 'MISSED'}"
                met = met and (way != "command" or ratio <= GOAL)
                print(
                    f"{way + ', ' + kind:28}{medians[0] * 1000:6.0f} ms{medians[1] * 1000:6.0f} ms"
                    f"{ratio:8.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}"
                    + (goal if way == "command" else "")
                )
    return 0 if met else 1


def make_templates(scratch: Path) -> dict[tuple[str, str], Path]:
    """Write this template and the empty one, each as a plain folder and as a git repository."""
    folders = {}
    for kind in ("git repository", "plain folder"):
        ours, empty = scratch / f"this {kind}", scratch / f"empty {kind}"
        for part in PARTS:
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
                shutil.copytree(ROOT / part, ours / part, ignore=ignored)
            else:
                ours.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / part, ours / part)
        for name, text in EMPTY.items():
            (empty / name).parent.mkdir(parents=True, exist_ok=True)
            (empty / name).write_text(text, encoding="utf-8")
        folders["this", kind], folders["empty", kind] = ours, empty
        if kind == "git repository":
            commit(ours)
            commit(empty)
    return folders


def commit(folder: Path) -> None:
    """Make a repository with one commit and one tag out of a folder."""
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for words in ("init -q", "add -A", "commit -q -m template", "tag v1.0.0"):
        subprocess.run([*git, *words.split()], cwd=folder, check=True)


def measure(
    render: Callable[[Path, Path], None], ours: Path, empty: Path, out: Path, pairs: int
) -> list[tuple[float, float]]:
    """Time the two in turn, after one render of each that fills the caches; seconds."""
    times = []
    for number in range(pairs + 1):
        pair = []
        # Which comes first changes from pair to pair.
        for source in (ours, empty) if number % 2 else (empty, ours):
            start = time.perf_counter()
            render(source, out)
            pair.append(time.perf_counter() - start)
            shutil.rmtree(out)
        times.append((pair[0], pair[1]) if number % 2 else (pair[1], pair[0]))
    return times[1:]


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
