"""`copier update` brings a newer template into projects and loses nothing that users wrote.

From two made-up earlier versions and from every release to the working tree, with every preset
(see update_lab.py). tests/test_update_edges.py has the rest: moves, drops, other answers, trust.
"""

from __future__ import annotations

import pytest
from harness import presets
from update_lab import (
    DROPPED,
    EARLIER,
    MARK,
    NEXT,
    UNASKED,
    Lab,
    commit,
    conflicts,
    dirt,
    edit_everything,
    files,
    renamed,
    scenarios,
    stored,
    unlisted_moves,
)

every_scenario = pytest.mark.parametrize(("version", "preset"), scenarios())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("update"))


@every_scenario
def test_an_untouched_project_becomes_a_fresh_copy(lab: Lab, version: str, preset: str) -> None:
    project = lab.start(version, preset)
    answers, newer = stored(project), lab.newer(version)
    fresh = lab.fresh(newer, project)
    assert answers["_commit"] == version

    lab.update(project, newer, unsafe=lab.migrates(version))
    assert files(project) == fresh
    assert conflicts(project) == []
    now = stored(project)
    if version in EARLIER:
        assert "tracking" in answers and "tracking" not in now
        answers = renamed(answers)
        assert UNASKED not in answers and now[UNASKED] == "3.11"
    assert {**answers, "_commit": newer}.items() <= now.items()


@pytest.mark.parametrize("preset", presets())
def test_a_second_update_changes_nothing(lab: Lab, preset: str) -> None:
    """The first one ended in a fresh copy: the test above."""
    project = lab.start(NEXT, preset)
    lab.update(project, NEXT)
    assert dirt(project) == []


@every_scenario
def test_an_edit_in_every_file_survives(lab: Lab, version: str, preset: str) -> None:
    project = lab.start(version, preset)
    newer, moves = lab.newer(version), lab.moves(version, stored(project))
    fresh = lab.fresh(newer, project)
    assert unlisted_moves(files(project), fresh, moves) == {}
    own = {"notes/mine.txt": b"My own.\n", "notes/mine.bin": b"\0\1\2"}
    (project / "notes").mkdir()
    kept, lost = edit_everything(project, fresh, moves)
    for name, body in own.items():
        (project / name).write_bytes(body)
    commit(project, "Add files")

    lab.update(project, newer, unsafe=lab.migrates(version))
    assert conflicts(project) == []
    now = files(project)
    assert {name for name, body in now.items() if MARK in body} == kept
    assert {name: body.replace(MARK, b"") for name, body in now.items()} == {**fresh, **own}
    if version in EARLIER:
        assert lost == {DROPPED.removeprefix("template/")}
        assert len(kept) > 40
