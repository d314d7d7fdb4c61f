"""A history of the template to update along: earlier versions, every release, and the working tree.

`Lab` is a git repository of its own, with these tags:

    v0.1.0 ...  every release that is tagged in the template's repository
    TREE        the working tree as it is: where the releases are updated to
    v998.0.1    the working tree with some things undone: a file lies elsewhere, another is missing,
                one is there that was dropped since, lines differ, a silent question is not there,
                another has an earlier name and a choice of it an earlier value
    v998.0.2    the same, but the file has been moved already (hooks/moves.yml says so)
    NEXT        the working tree with all that in its history: where those two are updated to

and two branches after NEXT: `RULES`, in which the last rule of the decision picks the other
framework, and `POINTER`, in which a file moves and leaves one behind that leads to it.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import itertools
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import copier
import yaml
from copier import _template as copier_template
from copier import _vcs as copier_vcs
from copier._settings import SettingsModel
from harness import PARTS, ROOT, Question, copy_template, presets, questions, short_cuts
from packaging.version import InvalidVersion, Version

TREE, *EARLIER, NEXT = ("v997.0.0", "v998.0.1", "v998.0.2", "v999.0.0")  # newer than any release
RULES, POINTER = "rules", "pointer"
ANSWERS = ".copier-answers.yml"
MARK = b"Written by the project's owner: must survive.\n"

# What the earlier versions undo. Paths are those of the template.
PACKAGE = "template/src/{{ package_name }}"
MOVED = (f"{PACKAGE}/depot.py", f"{PACKAGE}/storage.py")  # before and since EARLIER[1]
POINTED = (f"{PACKAGE}/storage.py", f"{PACKAGE}/files.py")  # before and since POINTER
LEADS_ON = b'"""Moved: see files.py."""\n\nfrom .files import *  # noqa: F403\n'
ADDED = "template/.gitattributes"
DROPPED = "template/docs/dropped.md"
CHANGED = ("template/.editorconfig", "template/pyproject.toml.jinja", f"{PACKAGE}/runs.py")
UNASKED = "python_version"  # a silent question that was a fixed value once

# The question that had another name, with a choice that had another value.
RENAMED: dict[str, dict[str, Any]] = {
    "questions": {"tracking": "tracker"},
    "choices": {"tracker": {"tb": "tensorboard"}},
}
TRACKING = {
    "type": "str",
    "ask": False,
    "choices": {"TensorBoard": "tb", "MLflow": "mlflow", "W&B": "wandb", "none": "none"},
    "default": "tb",
}
TRACKER = "{{ 'tensorboard' if tracking == 'tb' else tracking }}"

MIGRATION = (  # as hooks/moves.yml tells the template's authors to write it
    "  - version: {version}\n"
    """    command: ["{{{{ _copier_python }}}}", """
    """"{{{{ _copier_conf.src_path / 'hooks' / 'migrate.py' }}}}", """
    """"{{{{ _copier_conf.answers_file }}}}"]\n"""
)

Files = Mapping[str, bytes]


def git(folder: Path, *arguments: str) -> str:
    """What git prints; nobody's own settings change it."""
    settings = ("user.name=Test", "user.email=test@example.org", "commit.gpgsign=false")
    options = [part for setting in settings for part in ("-c", setting)]
    return subprocess.run(
        ["git", *options, "-C", str(folder), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    ).stdout


def commit(folder: Path, message: str) -> None:
    """Commit whatever is there."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")


@functools.cache
def releases() -> tuple[str, ...]:
    """The released versions of the template, oldest first."""
    if not (ROOT / ".git").exists():  # an unpacked archive
        return ()
    found: dict[Version, str] = {}
    for tag in git(ROOT, "tag", "--list", "v*").split():
        try:
            found[Version(tag)] = tag
        except InvalidVersion:
            continue
    return tuple(found[version] for version in sorted(found))


@functools.cache
def presets_of(version: str) -> dict[str, dict[str, Any]]:
    """The presets that a version has, by name."""
    if version not in releases():
        return presets()
    names = git(ROOT, "ls-tree", "--name-only", version, "presets/").split()
    return {
        Path(name).stem: yaml.safe_load(git(ROOT, "show", f"{version}:{name}")) or {}
        for name in names
    }


def scenarios() -> list[tuple[str, str]]:
    """Every earlier version with every preset it has."""
    return [(v, preset) for v in (*EARLIER, *releases()) for preset in presets_of(v)]


@functools.cache
def migrate() -> ModuleType:
    """hooks/migrate.py, which Copier runs as a program."""
    path = ROOT / "hooks" / "migrate.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Lab:
    """The repository, and projects made from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template"
        self.numbers = itertools.count(1)
        self.clones: dict[tuple[str, str], str] = {}
        self.configs: dict[Path, dict[str, Any]] = {}
        self.copies: dict[tuple[str, str], dict[str, bytes]] = {}
        self.template.mkdir()
        git(self.template, "init", "--quiet", "--initial-branch=main")
        if releases():
            git(self.template, "fetch", "--quiet", str(ROOT), "refs/tags/*:refs/tags/*")
        for version in (TREE, *EARLIER, NEXT):
            self._write_working_tree()
            if version in (EARLIER[1], NEXT):
                self._add_migration()
            if version in EARLIER:
                self._undo(moved=version == EARLIER[1])
            elif version == NEXT:
                self._add_renamed()
            self._release(version)
        git(self.template, "switch", "--quiet", "--create", RULES)
        last = "  - id: default\n    pick: "
        self._edit("extensions/rules.yml", f"{last}pytorch", f"{last}tensorflow")
        commit(self.template, "Change the rules")
        git(self.template, "switch", "--quiet", "--create", POINTER, NEXT)
        (self.template / POINTED[0]).rename(self.template / POINTED[1])
        (self.template / POINTED[0]).write_bytes(LEADS_ON)
        commit(self.template, "Move a file, and say where")

    # --- the template -----------------------------------------------------------------------------

    def _write_working_tree(self) -> None:
        for part in (*PARTS, "hooks"):
            path = self.template / part
            if path.is_dir():
                shutil.rmtree(path)
        copy_template(self.template)
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(ROOT / "hooks", self.template / "hooks", ignore=ignored)

    def _add_migration(self) -> None:
        """Record the move as hooks/moves.yml asks for."""
        version = EARLIER[1]
        old, new = (path.removeprefix("template/") for path in MOVED)
        moves = self.template / "hooks" / "moves.yml"
        table = {version: {old: new}, **yaml.safe_load(moves.read_text("utf-8"))}
        moves.write_text(yaml.safe_dump(table), "utf-8")
        settings = self.template / "copier.yml"
        first, rest = settings.read_text("utf-8").split("---\n", 1)
        key = "_migrations:\n"
        if key not in first:
            first += key
        first = first.replace(key, key + MIGRATION.format(version=version))
        settings.write_text(f"{first}---\n{rest}", "utf-8")

    def _add_renamed(self) -> None:
        path = self.template / "extensions" / "renamed.yml"
        table = yaml.safe_load(path.read_text("utf-8"))
        merged = {kind: {**RENAMED[kind], **table[kind]} for kind in table}
        path.write_text(yaml.safe_dump(merged), "utf-8")

    def _undo(self, *, moved: bool) -> None:
        """Make the working tree an earlier version."""
        if not moved:
            (self.template / MOVED[1]).rename(self.template / MOVED[0])
            self._edit(MOVED[0], '"""', '"""Once elsewhere: ', count=1)
        (self.template / ADDED).unlink()
        (self.template / DROPPED).write_text("# Dropped\n\nA later version has no such page.\n")
        for name in CHANGED:
            path = self.template / name
            first, rest = path.read_text("utf-8").split("\n", 1)
            assert first, name
            path.write_text(f"{first} (an earlier one)\n{rest}", "utf-8")
        path = self.template / "questions" / "silent.yml"
        questions = yaml.safe_load(path.read_text("utf-8"))
        fixed = questions[UNASKED]["default"]
        questions[UNASKED] = {"type": "str", "when": False, "default": fixed}
        del questions["tracker"]
        questions["tracking"] = TRACKING
        questions["tracker"] = {"type": "str", "when": False, "default": TRACKER}
        path.write_text(yaml.safe_dump(questions, sort_keys=False, allow_unicode=True), "utf-8")

    def _edit(self, name: str, old: str, new: str, count: int = -1) -> None:
        path = self.template / name
        text = path.read_text("utf-8")
        assert old in text, f"{name} no longer has {old!r}: mend tests/update_lab.py"
        path.write_text(text.replace(old, new, count), "utf-8")

    def _release(self, version: str) -> None:
        commit(self.template, version)
        git(self.template, "tag", version)

    def questions(self, version: str) -> dict[str, Question]:
        """What that version asks."""
        folder = self.folder / f"questions-{next(self.numbers)}"
        git(self.template, "worktree", "add", "--quiet", "--detach", str(folder), version)
        (folder / ".git").unlink()  # so that Copier takes the files as they are
        return questions(folder)

    def newer(self, version: str) -> str:
        """The version to which projects of `version` are updated."""
        return NEXT if version in (*EARLIER, NEXT) else TREE

    def moves(self, version: str, answers: Mapping[str, Any]) -> dict[str, str]:
        """Where the newer version has the files that have moved since `version`."""
        table = yaml.safe_load(git(self.template, "show", f"{self.newer(version)}:hooks/moves.yml"))
        name = "{{ package_name }}"
        return {
            old.replace(name, answers["package_name"]): new.replace(name, answers["package_name"])
            for old, new in migrate().moves_after(table, Version(version))
        }

    def migrates(self, version: str) -> bool:
        """Whether the newer version has a migration for `version`, so that updating needs trust."""
        text = git(self.template, "show", f"{self.newer(version)}:copier.yml").split("---\n", 1)[0]
        entries = yaml.safe_load(text).get("_migrations", [])
        return any(Version(entry["version"]) > Version(version) for entry in entries)

    # --- projects ---------------------------------------------------------------------------------

    def render(self, version: str, answers: Mapping[str, Any]) -> Path:
        """A project of that version, committed."""
        project = self.folder / f"project-{next(self.numbers)}"
        with self.short_cuts():
            copier.run_copy(
                str(self.template),
                project,
                dict(answers),
                vcs_ref=version,
                defaults=True,
                quiet=True,
                settings=SettingsModel(),
            )
        commit(project, "Start")
        return project

    def start(self, version: str, preset: str) -> Path:
        """The preset as that version renders it."""
        answers = dict(presets_of(version)[preset])
        if version in EARLIER:
            answers.pop(UNASKED, None)  # answered by nobody then
            if tracker := answers.pop("tracker", None):
                answers["tracking"] = {"tensorboard": "tb"}.get(tracker, tracker)
        return self.render(version, answers)

    def fresh(self, version: str, project: Path, **changes: Any) -> dict[str, bytes]:
        """What the version renders for the answers stored in `project`, `changes` apart."""
        answers = {key: v for key, v in stored(project).items() if not key.startswith("_")}
        answers |= changes
        key = (version, yaml.safe_dump(answers))
        if key not in self.copies:
            self.copies[key] = files(self.render(version, answers))
        return self.copies[key]

    def update(self, project: Path, version: str | copier.VcsRef, **options: Any) -> None:
        """`copier update --vcs-ref VERSION --defaults`; the result is not committed."""
        call = {"vcs_ref": version, "quiet": True, "settings": SettingsModel(), **options}
        with self.short_cuts():
            copier.run_update(project, defaults=True, overwrite=True, **call)

    @contextmanager
    def short_cuts(self) -> Iterator[None]:
        """Copier with one clone per version instead of five per update, migrations in process."""
        clone, load = copier_vcs.clone, copier_template.load_template_config
        run = subprocess.run

        def clone_once(url: str, ref: str, location: str) -> str:
            if (url, ref) not in self.clones:
                kept = self.folder / f"clone-{next(self.numbers)}"
                kept.mkdir()
                self.clones[url, ref] = clone(url, ref, location=str(kept))
            return self.clones[url, ref]

        def load_once(path: Path, quiet: bool = False) -> dict[str, Any]:
            if path not in self.configs:
                self.configs[path] = load(path, quiet)
            return dict(self.configs[path])

        def run_here(command: Any, *arguments: Any, **options: Any) -> Any:
            if "migrate.py" not in str(command):
                return run(command, *arguments, **options)
            with (
                mock.patch.object(sys, "argv", command[1:]),
                mock.patch.dict(os.environ, options["env"]),
            ):
                runpy.run_path(command[1], run_name="__main__")
            return subprocess.CompletedProcess(command, 0)

        with (
            short_cuts(),
            mock.patch.object(subprocess, "run", run_here),
            mock.patch.object(copier_template, "clone", clone_once),
            mock.patch.object(copier_template, "load_template_config", load_once),
        ):
            yield


def renamed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of an earlier version under today's names and values, which RENAMED has."""
    found = {RENAMED["questions"].get(key, key): value for key, value in answers.items()}
    for key, values in RENAMED["choices"].items():
        found[key] = values.get(found[key], found[key])
    return found


def vanished(
    before: Mapping[str, Question], now: Mapping[str, Question], table: Mapping[str, Any]
) -> list[str]:
    """Questions and choices that were there before, are not now, and that `table` does not map."""
    found = []
    for key, question in before.items():
        name = table["questions"].get(key, key)
        if name is not None and name not in now:
            found.append(key)
        elif name is not None and now[name].choices:
            values = table["choices"].get(name, {})
            mapped = {values.get(choice, choice) for choice in question.choices}
            found += [f"{key}: {choice}" for choice in sorted(mapped - {*now[name].choices})]
    return found


# --- what is in a project, and edits in it --------------------------------------------------------


def files(project: Path) -> dict[str, bytes]:
    """Every file outside .git, by its path; an executable one ends in `*`."""
    return {
        path.relative_to(project).as_posix() + ("*" if os.access(path, os.X_OK) else ""): (
            path.read_bytes()
        )
        for path in sorted(project.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(project).parts
    }


def stored(project: Path) -> dict[str, Any]:
    """The answers file."""
    answers: dict[str, Any] = yaml.safe_load((project / ANSWERS).read_text("utf-8"))
    return answers


def dirt(project: Path) -> list[str]:
    """What `git status` has to say."""
    return git(project, "status", "--porcelain", "--untracked-files=all").splitlines()


def conflicts(project: Path) -> list[str]:
    """Whatever an update leaves behind where it could not merge."""
    found = git(project, "ls-files", "--unmerged").splitlines()
    for name, body in files(project).items():
        if name.endswith((".rej", ".orig")) or b"<<<<<<< " in body or b">>>>>>> " in body:
            found.append(name)
    return found


def is_text(body: bytes) -> bool:
    """Whether git takes it for text."""
    return b"\0" not in body


def marked(before: bytes, after: bytes) -> bytes | None:
    """`before` with MARK where `after` has the same lines around it; None where it has none.

    An unchanged file gets the mark at its end, a changed one amid what did not change.
    """
    old = before.splitlines(keepends=True)
    if before == after:
        place = len(old) if before.endswith(b"\n") or not before else len(old) - 1
    else:
        matcher = difflib.SequenceMatcher(None, old, after.splitlines(True), autojunk=False)
        block = matcher.find_longest_match()
        if block.size < 3:
            return None
        place = block.a + block.size // 2
    return b"".join([*old[:place], MARK, *old[place:]])


def unlisted_moves(before: Files, goal: Files, moves: Mapping[str, str]) -> dict[str, str]:
    """Files that `goal` has elsewhere, to all appearance, and hooks/moves.yml does not name."""
    come = {name: goal[name] for name in goal.keys() - before.keys() - set(moves.values())}
    return {
        old: new
        for old in before.keys() - goal.keys() - moves.keys()
        for new, body in come.items()
        if is_text(body) and difflib.SequenceMatcher(None, before[old], body).ratio() > 0.6
    }


def edit_everything(
    project: Path, goal: Files, moves: Mapping[str, str]
) -> tuple[set[str], set[str]]:
    """Mark every text file for which the newer version `goal` has a place; commit.

    Returns the files marked (by the names they end with) and those that `goal` has not any more.
    """
    kept, lost = set(), set()
    for name, body in files(project).items():
        end = moves.get(name, name)
        if name == ANSWERS or not is_text(body):
            continue
        if end not in goal:
            lost.add(name)
            text: bytes | None = body + MARK
        else:
            text = marked(body, goal[end])
        if text is None:
            continue
        (project / name.rstrip("*")).write_bytes(text)
        if end in goal:
            kept.add(end)
    commit(project, "Edit everything")
    return kept, lost
