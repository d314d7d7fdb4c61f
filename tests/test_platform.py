"""Versions of a company's fork, as docs/platform.md says: Copier sees them, the newest first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest
from copier._settings import SettingsModel
from update_lab import ANSWERS, commit, git, stored


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A template of one file: upstream's first release, and a version of the fork's after it."""
    folder = tmp_path / "fork"
    folder.mkdir()
    (folder / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_yaml }}")
    (folder / "copier.yml").write_text("_exclude: [copier.yml, .git]\n")
    git(folder, "init", "--quiet")
    release(folder, "v0.1.0")
    release(folder, "v0.1.0.post1")
    return folder


def release(folder: Path, tag: str) -> None:
    (folder / "settings.txt").write_text(f"{tag}\n")
    commit(folder, tag)
    git(folder, "tag", tag)


def rendered(fork: Path, project: Path) -> str:
    """What a new project is made of."""
    made: dict[str, Any] = {"defaults": True, "quiet": True, "settings": SettingsModel()}
    copier.run_copy(str(fork), project, **made)
    git(project, "init", "--quiet")
    commit(project, "Start")
    return str(stored(project)["_commit"])


def newest(project: Path) -> str:
    """The version that `copier check-update` finds, or nothing."""
    command = [sys.executable, "-m", "copier", "check-update", "--output-format", "json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return str(found["latest_version"]) if found["update_available"] else ""


def test_projects_see_every_version_of_the_fork(fork: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert rendered(fork, project) == "v0.1.0.post1"
    for version in ("0.1.0.post2", "0.2.0.post1"):
        release(fork, f"v{version}")
        assert newest(project) == version


def test_why_not_versions_with_a_plus(fork: Path, tmp_path: Path) -> None:
    release(fork, "v0.2.0+acme.1")
    project = tmp_path / "project"
    assert rendered(fork, project) == "v0.2.0+acme.1"
    release(fork, "v0.2.0+acme.2")
    assert newest(project) == ""


def test_why_not_to_push_tags_of_upstream(fork: Path, tmp_path: Path) -> None:
    git(fork, "checkout", "--quiet", "v0.1.0")
    release(fork, "v0.2.0")
    assert rendered(fork, tmp_path / "project") == "v0.2.0"
    assert "post1" not in (tmp_path / "project" / "settings.txt").read_text()
    assert (tmp_path / "project" / ANSWERS).is_file()
