"""A company's lines at the top of each source file: in every project, and never a conflict."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import copier
import pytest
from copier._settings import SettingsModel
from harness import ROOT, copy_template, short_cuts
from update_lab import commit, git

LINES = "Copyright Example Ltd\n\nNot for release"
PYTHON, OTHER = (
    "".join(f"{mark} {line}".rstrip() + "\n" for line in LINES.split("\n")) for mark in ("#", "//")
)
PACKAGE = "template/src/{{ package_name }}"
CALL: dict[str, Any] = {"quiet": True, "defaults": True, "settings": SettingsModel()}


@pytest.fixture(scope="module")
def headers() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        return importlib.import_module("source_headers")


def set_lines(fork: Path, lines: str) -> None:
    company = fork / "extensions" / "company.yml"
    company.write_text(json.dumps({"_company": {"license": {"source": lines}}}), "utf-8")


def tag(headers: ModuleType, fork: Path, version: str) -> None:
    """As the docs say: headers in what is tagged, not in the branch."""
    git(fork, "switch", "--quiet", "--detach")
    assert headers.main([str(fork)]) == 0
    commit(fork, "Headers")
    git(fork, "tag", version)
    git(fork, "switch", "--quiet", "main")


def test_projects_have_the_lines_and_updates_of_first_lines_do_not_conflict(
    headers: ModuleType, tmp_path: Path
) -> None:
    fork, project = tmp_path / "fork", tmp_path / "project"
    copy_template(fork)
    set_lines(fork, LINES)
    commit(fork, "Settings")
    tag(headers, fork, "v1.0.0")
    answers = {"framework": "tensorflow", "targets": ["tflite", "tfjs"]}
    with short_cuts():
        copier.run_copy(str(fork), project, answers, **CALL)
    sources = [path for path in project.rglob("*") if path.suffix in {".py", ".mjs", ".kt", ".js"}]
    assert {path.suffix for path in sources} == {".py", ".mjs", ".kt", ".js"}
    for path in sources:
        assert path.read_text("utf-8").startswith(PYTHON if path.suffix == ".py" else OTHER), path
    for check in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *check, "-q", str(project)], check=True)

    commit(project, "Begin")
    (project / "src/my_model/errors.py").write_text(f"{PYTHON}\n# Ours.\n")
    commit(project, "Ours")
    module = fork / PACKAGE / "runs.py"
    module.write_text('"""Other words."""\n' + module.read_text("utf-8").partition("\n")[2])
    commit(fork, "A release")
    tag(headers, fork, "v2.0.0")
    with short_cuts():
        copier.run_update(project, overwrite=True, conflict="inline", **CALL)
    assert (project / "src/my_model/runs.py").read_text().startswith(f'{PYTHON}\n"""Other words.')
    assert (project / "src/my_model/errors.py").read_text() == f"{PYTHON}\n# Ours.\n"
    changed = {line[3:] for line in git(project, "status", "--porcelain").splitlines()}
    assert changed == {".copier-answers.yml", "src/my_model/runs.py"}


def test_lines_are_written_once(headers: ModuleType, tmp_path: Path) -> None:
    for name in ("a.py", "b.py.jinja", "empty.py", "c.mjs", "page.html"):
        (tmp_path / name).write_text("" if name == "empty.py" else "x = 1\n")
        changes = [headers.stamp(tmp_path / name, ["One", "two"]) for _ in range(2)]
        assert changes == [name != "page.html", False]
    assert (tmp_path / "b.py.jinja").read_text() == "# One\n# two\n\nx = 1\n"
    assert (tmp_path / "empty.py").read_text() == "# One\n# two\n"
    assert (tmp_path / "c.mjs").read_text() == "// One\n// two\n\nx = 1\n"


@pytest.mark.parametrize(
    ("lines", "reason"), [("", "are empty"), ("By {{ me }}", "a brace"), ("\x1b[1m", "print")]
)
def test_lines_that_are_not_fit(
    headers: ModuleType,
    lines: str,
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "extensions").mkdir()
    set_lines(tmp_path, lines)
    assert headers.main([str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
