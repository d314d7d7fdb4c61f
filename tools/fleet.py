"""Bring the template's newest version into many repositories, each on a branch of its own.

    python tools/fleet.py repositories.txt --dry-run
    python tools/fleet.py repositories.txt --check "uv run pytest -q" --push --jobs 8

repositories.txt has one git address or folder a line; what follows a # is a comment. Each of them
is cloned into WORK/clones, updated and committed on the branch template-update/VERSION, checked if
there is a command for that, and pushed with --push. Clones that nobody has to look at are removed.

Every result is a line of WORK/results.jsonl (with --dry-run of WORK/dry-run.jsonl) as soon as it
is there. Interrupted, the same command goes on with what is left; `--again` repeats those in
which somebody had to do something. At the end comes a table of all, or with --json one JSON object.

    current, available, updated, proposed, conflicts, failed, needs-trust
                  as tools/template_update.py of a project says them (see its --help)
    broken-tests  updated, but the command of --check failed; it is committed and not pushed

Exit codes: 0, all repositories are current, available, updated or proposed; 1, somebody has to
look at some; 2, this command cannot be followed; 130, interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UPDATE = ROOT / "template" / "{{ use.update_pr }}" / "tools" / "template_update.py"
PATIENCE = 0.5  # seconds after which whoever waits looks whether all are to stop
FINE = ("current", "available", "updated", "proposed")


@dataclass
class Row:
    """What came of one repository; the names are those of the JSON object."""

    repository: str
    state: str
    before: str = ""
    after: str = ""
    branch: str = ""
    note: str = ""
    clone: str = ""
    pushed: bool = False


class Programs:
    """The programs that run for this one: they end with it, and Ctrl-C does not reach them."""

    def __init__(self) -> None:
        self.stopped = False
        self.running: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()

    def run(self, command: Sequence[str] | str, folder: Path) -> tuple[int, str, str]:
        """Run a program, or a command line in a shell; exit code, output and errors."""
        with self.lock:
            if self.stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                command,
                shell=isinstance(command, str),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            )
            self.running.add(process)
        try:
            output, errors = self.wait(process)
        finally:
            with self.lock:
                self.running.discard(process)
        return process.returncode, output, errors

    def wait(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        """Wait until a program has ended; its output and errors.

        Once all are stopped, what it has started itself may still hold the pipes: nobody waits.
        """
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                found = process.communicate(timeout=PATIENCE)
                if not self.stopped:
                    return found
            if self.stopped:
                raise KeyboardInterrupt

    def stop(self) -> None:
        """End all of them; whoever waits for one is interrupted."""
        with self.lock:
            self.stopped = True
            for process in self.running:
                if hasattr(os, "killpg"):
                    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                        os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    """Update all repositories; returns the exit code."""
    options = parse(arguments)
    try:
        wanted = repositories(options.repositories)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    if not wanted:
        print(f"error: {options.repositories} names no repository", file=sys.stderr)
        return 2
    options.work.mkdir(parents=True, exist_ok=True)
    file = options.work / ("dry-run.jsonl" if options.dry_run else "results.jsonl")
    rows = {row.repository: row for row in read(file) if row.repository in wanted}
    if options.again:
        rows = {name: row for name, row in rows.items() if row.state in FINE}
    if options.push:  # those of an earlier time without --push are to be pushed as well
        rows = {n: row for n, row in rows.items() if row.pushed or row.state != "updated"}
    left = [name for name in wanted if name not in rows]
    signal.signal(signal.SIGTERM, interrupted)
    try:
        update_all(left, rows, file, options)
    except KeyboardInterrupt:
        print(f"stopped with {len(rows)} of {len(wanted)}; the same command goes on")
        return 130
    show([rows[name] for name in wanted], options.json)
    return 0 if all(rows[name].state in FINE for name in wanted) else 1


def interrupted(_number: int, _frame: FrameType | None) -> None:
    """Take SIGTERM as Ctrl-C."""
    raise KeyboardInterrupt


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    add = parser.add_argument
    add("repositories", metavar="FILE", help="the list of repositories; - reads it from stdin")
    add("--work", type=Path, default=Path("fleet"), metavar="DIR", help="default: %(default)s")
    add("--dry-run", action="store_true", help="only say where there is something newer")
    add("--push", action="store_true", help="push the branches of those that are updated")
    add("--check", metavar="COMMAND", help="a command line that has to succeed in each clone")
    add("--jobs", type=int, default=4, metavar="N", help="so many at once; default: %(default)s")
    add("--again", action="store_true", help="repeat those that were not fine")
    add("--lock", action="store_true", help="bring each uv.lock up to date as well")
    add("--trust", action="store_true", help="let the template run its scripts")
    add("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error("--jobs must be at least 1")
    return options


def repositories(file: str) -> list[str]:
    """The repositories that a file names, each once; folders become absolute."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    names = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    found = (str(Path(name).resolve()) if Path(name).is_dir() else name for name in names if name)
    return list(dict.fromkeys(found))


def read(file: Path) -> list[Row]:
    """The results that are there already; a last line that was cut off does not count."""
    found = []
    for line in file.read_text("utf-8").splitlines() if file.exists() else []:
        try:
            found.append(Row(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def update_all(
    left: Sequence[str], rows: dict[str, Row], file: Path, options: argparse.Namespace
) -> None:
    """Update the repositories that are left, several at once, and write down each result."""
    programs, total = Programs(), len(rows) + len(left)
    with file.open("a", encoding="utf-8") as results, ThreadPoolExecutor(options.jobs) as pool:
        if file.stat().st_size and not file.read_bytes().endswith(b"\n"):
            results.write("\n")  # after a line that was cut off
        tasks = {pool.submit(update, name, options, programs) for name in left}
        try:
            while tasks:
                # A signal that comes just before the waiting is heard at its end.
                done, tasks = wait(tasks, PATIENCE, FIRST_COMPLETED)
                for task in done:
                    row = task.result()
                    results.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
                    results.flush()
                    rows[row.repository] = row
                    print(f"[{len(rows)}/{total}] {row.repository}: {row.state}", file=sys.stderr)
        except BaseException:
            programs.stop()
            pool.shutdown(cancel_futures=True)
            raise


def update(repository: str, options: argparse.Namespace, programs: Programs) -> Row:
    """Clone, update, check and push one repository."""
    name = re.sub(r"\W+", "-", Path(repository).stem).strip("-")
    clone = (
        options.work / "clones" / f"{name}-{hashlib.sha256(repository.encode()).hexdigest()[:8]}"
    )
    shutil.rmtree(clone, ignore_errors=True)  # of an attempt that was interrupted
    clone.parent.mkdir(exist_ok=True)
    row = Row(repository, "failed", clone=str(clone))
    code, _, errors = programs.run(
        ["git", "clone", "--quiet", "--", repository, str(clone.resolve())], options.work
    )
    if code:
        row.note, row.clone = last_line(errors), ""
        return row
    flags = [
        f"--{flag.replace('_', '-')}"
        for flag in ("lock", "trust", "dry_run")
        if getattr(options, flag)
    ]
    code, output, errors = programs.run(
        [sys.executable, str(UPDATE), "--branch", "--json", *flags], clone.resolve()
    )
    try:
        take(row, json.loads(output))
    except ValueError:
        row.note = last_line(errors)
        return row
    if row.state == "updated":
        check_and_push(row, clone.resolve(), options, programs)
    if row.state in FINE and (row.state != "updated" or row.pushed):
        shutil.rmtree(clone)
        row.clone = ""
    return row


def take(row: Row, outcome: dict[str, Any]) -> None:
    """Copy what the update of one project says."""
    row.state, row.branch = outcome["state"], outcome["branch"]
    row.before, row.after = outcome["before"], outcome["after"]
    row.note = outcome["reason"] or ", ".join(outcome["conflicts"])


def check_and_push(row: Row, clone: Path, options: argparse.Namespace, programs: Programs) -> None:
    """Run the command of --check in an updated clone, and push what passes."""
    if options.check:
        code, output, errors = programs.run(options.check, clone)
        if code:
            row.state = "broken-tests"
            row.note = last_line(errors) or last_line(output) or f"exit code {code}"
            return
    if options.push:
        code, _, errors = programs.run(["git", "push", "--quiet", "origin", row.branch], clone)
        if code:
            row.state, row.note = "failed", last_line(errors)
        row.pushed = not code


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def show(rows: Sequence[Row], as_json: bool) -> None:
    """Print a line for each repository and how many there are of each state; or all as JSON."""
    counts = dict(sorted(Counter(row.state for row in rows).items()))
    if as_json:
        whole = {"repositories": [asdict(row) for row in rows], "counts": counts}
        print(json.dumps(whole, ensure_ascii=False))
        return
    table = [("repository", "state", "before", "after", "note")]
    table += [(r.repository, r.state, r.before, r.after, r.note or r.branch) for r in rows]
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    for line in table:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        print("  ".join([*cells, line[4]]).rstrip())
    print(", ".join(f"{count} {state}" for state, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
