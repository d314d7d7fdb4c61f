"""Where a project's template is, is written so that it lasts; what cannot be updated says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest
from copier._settings import SettingsModel
from harness import ROOT, ask, copy_template, render, short_cuts
from plumbum import local
from update_lab import ANSWERS, commit, git, stored

GITHUB = "https://github.com/acme/pickone.git"


@pytest.mark.parametrize(
    ("typed", "kept", "is_local"),
    [
        ("gh:acme/pickone", GITHUB, False),
        ("gh:acme/pickone.git", GITHUB, False),
        ("https://github.com/acme/pickone", GITHUB, False),
        ("git+https://github.com/acme/pickone", GITHUB, False),
        (GITHUB, GITHUB, False),
        ("gl:acme/ml/pickone", "https://gitlab.com/acme/ml/pickone.git", False),
        (
            "git+https://git.acme.example/ml/pickone.git",
            "https://git.acme.example/ml/pickone.git",
            False,
        ),
        ("git+https://git.acme.example/_git/one", "git+https://git.acme.example/_git/one", False),
        ("git@git.acme.example:ml/pickone.git", "git@git.acme.example:ml/pickone.git", False),
        ("ssh://git@git.acme.example/ml.git", "ssh://git@git.acme.example/ml.git", False),
        ("/srv/pickone", "/srv/pickone", True),
        ("../pickone", "../pickone", True),
        (".", ".", True),
        ("git+file:///srv/pickone", "git+file:///srv/pickone", True),
        ("C:/code/pickone", "C:/code/pickone", True),
    ],
)
def test_an_address_is_written_out(typed: str, kept: str, is_local: bool) -> None:
    for answers in ({"_src_path": typed}, {"_src_path": kept, "_commit": "v0.1.0"}):
        found = json.loads(ask("address", "origin")(answers))
        assert found == {"url": kept, "local": is_local, "updates": "_commit" in answers}


def test_a_short_address_is_long_in_the_project_and_updates_use_it(tmp_path: Path) -> None:
    source = copy_template(tmp_path / "acme" / "pickone.git")
    commit(source, "0.1.0")
    git(source, "tag", "v0.1.0")
    redirect = {  # git takes the made-up address for that folder
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/acme/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/acme/",
    }
    made: dict[str, Any] = {"defaults": True, "quiet": True, "settings": SettingsModel()}
    with short_cuts(), local.env(**redirect):
        copier.run_copy("gh:acme/pickone", tmp_path / "p", **made)
        assert stored(tmp_path / "p")["_src_path"] == GITHUB
        commit(tmp_path / "p", "Start")
        (source / "template" / ".gitattributes").write_text("* text=auto\n")
        commit(source, "0.2.0")
        git(source, "tag", "v0.2.0")
        copier.run_update(tmp_path / "p", overwrite=True, **made)
    assert (tmp_path / "p" / ".gitattributes").read_text() == "* text=auto\n"
    assert stored(tmp_path / "p")["_commit"] == "v0.2.0"


def test_a_project_from_a_path_is_said_to_be_for_trying_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = copy_template(tmp_path / "template")
    commit(source, "0.1.0")
    git(source, "tag", "v0.1.0")
    render(tmp_path / "p", src=source, quiet=False)
    assert f"for trying out: its template is at {source} on this computer" in capfd.readouterr().err


def test_a_project_without_a_version_says_that_it_cannot_be_updated(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The template without git, and a computer without git."""
    words, note = "This project cannot be updated", "# It has no _commit"
    render(tmp_path / "unversioned", quiet=False)
    assert words in capfd.readouterr().err
    assert note in (tmp_path / "unversioned" / ANSWERS).read_text("utf-8")

    command = [sys.executable, "-m", "copier", "copy", "--defaults"]
    command += [str(ROOT), str(tmp_path / "gitless")]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0 and words in done.stderr, done.stderr
    assert note in (tmp_path / "gitless" / ANSWERS).read_text("utf-8")
