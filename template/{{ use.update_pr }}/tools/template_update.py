"""Bring the template's newest version into a project, and write down what came.

    uv run --no-project --with copier python tools/template_update.py
    uv run --no-project --with copier python tools/template_update.py --branch --json

Needs Copier and git. Everything in the project has to be committed. What it found is one line for
people, or with --json one JSON object for programs, and the exit code:

    0  current        there is nothing newer
    0  available      there is; with --dry-run nothing is changed
    0  updated        the changes are in the folder, or with --branch committed on a branch
    0  proposed       with --branch: origin has that branch already, and it is left alone
    1  conflicts      files have conflict markers, to be resolved by somebody; nothing is committed
    2  failed         `reason` says why; nothing is committed
    4  needs-trust    the new version wants to run a script of the template; nothing is changed
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import yaml

ANSWERS = ".copier-answers.yml"
EXIT_CODES = {
    "current": 0,
    "available": 0,
    "updated": 0,
    "proposed": 0,
    "conflicts": 1,
    "failed": 2,
    "needs-trust": 4,
}
# Copier's own; in parts, so that this file is not taken for one with conflicts.
MARKERS = (b"<" * 7 + b" before updating", b">" * 7 + b" after updating")
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
LONGEST = 60_000  # characters; GitHub's descriptions end at 65,536


class Failed(Exception):
    """Something that this program cannot go on from, in one sentence."""


@dataclass
class Outcome:
    """What came of an update; the names are those of the JSON object."""

    state: str
    before: str = ""
    after: str = ""
    reason: str = ""
    branch: str = ""
    conflicts: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Update one project; returns the exit code."""
    options = parse(arguments)
    try:
        outcome = update(options)
    except Failed as error:
        outcome = Outcome("failed", reason=str(error))
    if options.json:
        print(json.dumps(asdict(outcome), ensure_ascii=False))
    else:
        print(sentence(outcome))
    return EXIT_CODES[outcome.state]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    add = parser.add_argument
    add("--folder", type=Path, default=Path(), metavar="DIR", help="the project; default: here")
    add("--dry-run", action="store_true", help="only say whether there is something newer")
    add("--branch", action="store_true", help="commit on a branch, template-update/VERSION")
    add("--lock", action="store_true", help="bring uv.lock up to date as well")
    add("--leave-out", default="", metavar="DIR", help="keep this folder, and name what would come")
    add("--message", type=Path, metavar="FILE", help="write a title and what came, as Markdown")
    add("--trust", action="store_true", help="let the template run its scripts")
    add("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def update(options: argparse.Namespace) -> Outcome:
    """Run `copier update` in the project and look at what it left."""
    folder: Path = options.folder
    answer(folder, "_commit")
    found = json.loads(copier(folder, "check-update", "--output-format", "json"))
    before = str(found["current_version"])
    if not found["update_available"]:
        return Outcome("current", before, before)
    outcome = Outcome("available", before, str(found["latest_version"]))
    # Projects in folders of one repository each have a branch of their own.
    place = git(folder, "rev-parse", "--show-prefix").strip()
    branch = f"template-update/{place}{outcome.after}"
    if options.branch and at_origin(folder, branch):
        return replace(outcome, state="proposed", branch=branch)
    if options.dry_run:
        return outcome
    try:
        copier(folder, "update", "--defaults", *(["--trust"] if options.trust else []))
    except NeedsTrust as error:
        return replace(outcome, state="needs-trust", reason=str(error))
    patch = leave_out(folder, options.leave_out, outcome) if options.leave_out else ""
    outcome.conflicts = conflicts(folder)
    if outcome.conflicts:
        return replace(outcome, state="conflicts")
    outcome.state = "updated"
    if options.lock and (folder / "uv.lock").exists():
        run(["uv", "lock", "--quiet"], folder)
    text = message(outcome, changes(folder, outcome.before), patch)
    if options.message:
        options.message.write_text(text, encoding="utf-8")
    if options.branch:
        outcome.branch = branch
        git(folder, "switch", "--quiet", "--create", branch)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--cleanup=whitespace", "--file=-", given=text)
    return outcome


class NeedsTrust(Failed):
    """Copier asks for --trust."""


def copier(folder: Path, *arguments: str) -> str:
    """Run Copier in the project; what it prints."""
    command = [sys.executable, "-m", "copier", *arguments]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode == 4:
        raise NeedsTrust(done.stderr.strip().split("\n")[0])
    if done.returncode:
        raise Failed(
            last_line(done.stderr) or f"copier {arguments[0]} ended with {done.returncode}"
        )
    return done.stdout


def run(command: Sequence[str], folder: Path, given: str | None = None) -> str:
    """Run a program in the project; what it prints."""
    try:
        done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise Failed(f"{' '.join(command[:2])}: {last_line(done.stderr)}")
    return done.stdout


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """Run git in the project; what it prints."""
    return run(["git", *arguments], folder, given)


def at_origin(folder: Path, branch: str) -> bool:
    """Whether the repository that the project was cloned from has a branch."""
    if "origin" not in git(folder, "remote").split():
        return False
    return bool(git(folder, "ls-remote", "origin", f"refs/heads/{branch}"))


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def answer(folder: Path, key: str) -> str:
    """An entry of the answers file."""
    try:
        answers = yaml.safe_load((folder / ANSWERS).read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Failed(f"{ANSWERS} cannot be read: {error}") from error
    if not isinstance(answers, dict) or not answers.get(key):
        raise Failed(f"{ANSWERS} has no {key}: a project made without git cannot be updated")
    return str(answers[key])


def leave_out(folder: Path, below: str, outcome: Outcome) -> str:
    """Take back what the update did in a folder; what that was, as a patch."""
    git(folder, "add", "--all", "--", below)
    names = git(folder, "diff", "--cached", "--name-only", "--relative", "-z", "HEAD", "--", below)
    outcome.left_out = [name for name in names.split("\0") if name]
    if not outcome.left_out:
        return ""
    patch = git(folder, "diff", "--cached", "HEAD", "--", below)
    git(folder, "restore", "--staged", "--worktree", "--source=HEAD", "--", *outcome.left_out)
    return patch


def conflicts(folder: Path) -> list[str]:
    """The files that Copier could not merge."""
    changed = git(folder, "diff", "--name-only", "-z", "--relative", "HEAD").split("\0")
    changed += git(folder, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return sorted({name for name in changed if name and is_marked(folder / name)})


def is_marked(file: Path) -> bool:
    """Whether a file has conflict markers, or is one that could not be applied."""
    if file.suffix == ".rej":
        return True
    lines = file.read_bytes().splitlines() if file.is_file() else []
    return any(line.rstrip() in MARKERS for line in lines)


def changes(folder: Path, before: str) -> str:
    """What the template's CHANGELOG.md says from the old version to the new one."""
    source, commit = answer(folder, "_src_path"), answer(folder, "_commit")
    for short, long in SHORT.items():
        source = source.replace(short, long, 1) if source.startswith(short) else source
    with tempfile.TemporaryDirectory() as clone:
        place = ["--depth=1", "--branch", commit, "--", source.removeprefix("git+"), clone]
        try:
            git(folder, "clone", "--quiet", *place)
            text = Path(clone, "CHANGELOG.md").read_text("utf-8")
        except (Failed, OSError):
            return ""
    return "\n".join(newer_sections(text.splitlines(), before)).strip()


def newer_sections(lines: Iterable[str], version: str) -> list[str]:
    """The chapters of a changelog above the one of a version; only the first if it has none."""
    chapters: list[list[str]] = []
    for line in lines:
        if line.startswith("## "):  # such as `## 0.2.0` or `## [v0.2.0] - 2026-11-26`
            if line[3:].lstrip("[v").split("]")[0].split()[:1] == [version]:
                return [line for chapter in chapters for line in chapter]
            chapters.append([])
        if chapters:
            chapters[-1].append(line)
    return chapters[0] if chapters else []


def message(outcome: Outcome, changelog: str, patch: str) -> str:
    """The commit's message, which is the pull request's title and description as well."""
    parts = [
        f"Update from the template: {outcome.before} to {outcome.after}",
        "`copier update` made this, without conflicts. It is a change like any other: look at it, "
        "and let the checks run.",
        "## What changed in the template",
        changelog or "The template has no CHANGELOG.md that could be read.",
    ]
    if outcome.left_out:
        parts += [
            "## Left out",
            "\n".join(f"- `{name}`" for name in outcome.left_out),
            "The token of this job may not push these files, so they are as they were, and no "
            "later update brings this change again. It can be applied by hand, with `git apply`:",
            f"```diff\n{patch}```",
        ]
    text = "\n\n".join(parts) + "\n"
    return f"{text[:LONGEST]}\n\n(cut here)\n" if len(text) > LONGEST else text


def sentence(outcome: Outcome) -> str:
    """The outcome in words."""
    step = f"{outcome.before} to {outcome.after}"
    words = {
        "current": f"nothing newer than {outcome.before}",
        "available": f"{step}: available",
        "proposed": f"{step}: {outcome.branch} is there already",
        "updated": f"{step}: updated" + (f" on {outcome.branch}" if outcome.branch else ""),
        "conflicts": f"{step}: conflicts in {', '.join(outcome.conflicts)}",
        "failed": f"failed: {outcome.reason}",
        "needs-trust": f"{step}: needs --trust: {outcome.reason}",
    }[outcome.state]
    return words + (f"; left out: {', '.join(outcome.left_out)}" if outcome.left_out else "")


if __name__ == "__main__":
    sys.exit(main())
