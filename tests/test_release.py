"""Only a version that is written down, new and tested becomes a release."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import release

CHANGELOG = "# Changelog\n\nWords.\n\n## 0.2.0\n\n- New.\n\n## 0.1.0\n\n- First.\n"


def test_a_release_says_what_its_chapter_of_the_changelog_says() -> None:
    assert release.check("0.2.0", CHANGELOG, ["v0.1.0", "vmain"], ["v0.2.0"]) == "- New.\n"
    assert release.check("0.10.0", "# C\n\n## 0.10.0\n\nx\n", ["v0.9.1"], []) == "x\n"


@pytest.mark.parametrize(
    ("version", "changelog", "tags", "moves", "why"),
    [
        ("v0.2.0", CHANGELOG, [], [], "looks like"),
        ("0.2", CHANGELOG, [], [], "looks like"),
        ("0.2.0rc1", CHANGELOG, [], [], "looks like"),
        ("0.2.0; x", CHANGELOG, [], [], "looks like"),
        ("0.2.0", CHANGELOG, ["v0.2.0"], [], "released already"),
        ("0.2.0", CHANGELOG, ["v0.10.0", "v0.9.0"], [], "v0.10.0 is released already"),
        ("0.2.0", CHANGELOG, [], ["v0.1.0", "v0.3.0"], "v0.3.0, after 0.2.0"),
        ("0.3.0", CHANGELOG, [], [], "is 0.2.0, not 0.3.0"),
        ("0.2.0", "# Changelog\n\n## 0.2.0\n\n## 0.1.0\n\nx", [], [], "says nothing"),
        ("0.2.0", "# Changelog\n", [], [], "is missing"),
    ],
)
def test_what_speaks_against_a_release(
    version: str, changelog: str, tags: list[str], moves: list[str], why: str
) -> None:
    with pytest.raises(release.NotReady, match=why):
        release.check(version, changelog, tags, moves)


def test_the_workflow_tags_only_what_was_checked_and_tested(tmp_path: Path) -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
    test, tag = jobs["test"], jobs["tag"]
    assert tag["needs"] == "test" and test["permissions"] == {"contents": "read"}
    assert test["steps"][0]["with"]["fetch-depth"] == 0
    runs = [step["run"] for step in test["steps"] if "run" in step]
    assert "tools/release.py" in runs[1]
    first, rest = ([word for word in run.split() if "tests/" in word] for run in runs[2:])
    assert rest == [f"--ignore={file}" for file in first]
    assert all((ROOT / file).is_file() for file in first)
    notes = tmp_path / "notes.md"
    newest = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1].split("\n")[0]
    code = release.main([newest, "--notes", str(notes)])
    assert (code == 0 and notes.read_text()) or f"v{newest}" in release.tags()
