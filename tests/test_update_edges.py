"""What `copier update` does with files that move or go, with other rules, with other answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import VcsRef
from copier.errors import UnsafeTemplateError
from harness import ROOT, questions
from packaging.version import Version
from update_lab import (
    ANSWERS,
    DROPPED,
    EARLIER,
    LEADS_ON,
    MARK,
    MIGRATION,
    NEXT,
    POINTED,
    POINTER,
    RENAMED,
    RULES,
    Lab,
    commit,
    conflicts,
    dirt,
    edit_everything,
    files,
    git,
    is_text,
    migrate,
    releases,
    stored,
    vanished,
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("update"))


def test_what_a_version_drops_goes_even_if_edited_and_git_has_it(lab: Lab) -> None:
    project = lab.start(EARLIER[1], "lab")
    page = project / DROPPED.removeprefix("template/")
    page.write_bytes(page.read_bytes() + MARK)
    commit(project, "Edit")
    lab.update(project, NEXT)
    assert not page.exists()
    assert MARK.decode() in git(project, "show", f"HEAD:{page.relative_to(project)}")


# --- files that move ------------------------------------------------------------------------------


def names(lab: Lab, project: Path) -> tuple[Path, Path]:
    """Where the moved file was, and where it is."""
    [(old, new)] = lab.moves(EARLIER[0], stored(project)).items()
    return project / old, project / new


def test_lines_that_both_changed_in_a_moved_file_become_one_conflict_that_git_sees(
    lab: Lab, tmp_path: Path
) -> None:
    inside = lab.start(EARLIER[0], "pytorch")
    shutil.rmtree(inside / ".git")
    project = (
        tmp_path / "repository" / "inside"
    )  # a project need not be at the top of its repository
    shutil.copytree(inside, project)
    old, new = names(lab, project)
    _, rest = old.read_bytes().split(b"\n", 1)
    old.write_bytes(b'"""My own words.\n' + rest + MARK)
    commit(project.parent, "Edit")

    lab.update(project, NEXT, unsafe=True)
    merged = new.read_bytes()
    assert (
        merged.count(b"<<<<<<< before updating\n") == merged.count(b">>>>>>> after updating") == 1
    )
    assert b"My own words" in merged and merged.endswith(MARK) and not old.exists()
    path = new.relative_to(project.parent).as_posix()
    unmerged = git(project.parent, "ls-files", "--unmerged").splitlines()
    assert [line.split(maxsplit=2)[2] for line in unmerged] == [f"{n}\t{path}" for n in (1, 2, 3)]
    assert b"Once elsewhere" in git(project.parent, "show", f":1:{path}").encode()
    assert git(project.parent, "show", f":2:{path}").encode() == b'"""My own words.\n' + rest + MARK


def test_a_deleted_file_stays_away_wherever_it_moves(lab: Lab) -> None:
    project = lab.start(EARLIER[0], "pytorch")
    old, new = names(lab, project)
    old.unlink()
    commit(project, "Delete")
    fresh = lab.fresh(NEXT, project)
    lab.update(project, NEXT, unsafe=True)
    assert set(fresh) - set(files(project)) == {new.relative_to(project).as_posix()}


def test_a_file_that_its_owner_has_moved_already_is_left_to_copier(lab: Lab) -> None:
    project = lab.start(EARLIER[0], "pytorch")
    old, new = names(lab, project)
    new.write_bytes(old.read_bytes() + MARK)
    old.unlink()
    commit(project, "Move")
    lab.update(project, NEXT, unsafe=True)
    assert MARK in new.read_bytes() and not old.exists()
    assert conflicts(project)  # it knows no text that both come from


@pytest.mark.parametrize("edited", [False, True])
def test_a_move_that_leaves_a_pointer_needs_no_trust_and_loses_no_edit(
    lab: Lab, edited: bool
) -> None:
    project = lab.start(NEXT, "lab")
    fresh = lab.fresh(POINTER, project)
    old, new = (
        p.removeprefix("template/").replace("{{ package_name }}", "first_steps") for p in POINTED
    )
    if edited:
        (project / old).write_bytes((project / old).read_bytes() + MARK)
        commit(project, "Edit")
    lab.update(project, POINTER)  # without unsafe=True
    assert {**files(project), old: b""} == {**fresh, old: b""}
    assert fresh[old] == LEADS_ON and new in fresh
    if edited:
        assert old in conflicts(project) and MARK in (project / old).read_bytes()
    else:
        assert files(project) == fresh and conflicts(project) == []


def test_several_moves_of_one_file_are_one() -> None:
    table = {"v0.2.0": {"a": "b", "x": "y"}, "v0.10.0": {"c": "d"}, "v0.3.0": {"b": "c"}}
    after = migrate().moves_after
    assert dict(after(table, Version("0.1.0"))) == {"a": "d", "x": "y", "b": "d", "c": "d"}
    assert dict(after(table, Version("0.2.0"))) == {"b": "d", "c": "d"}
    assert dict(after(table, Version("0.10.0"))) == {}


def test_every_move_has_its_migration_and_every_migration_is_of_a_version_in_the_changelog() -> (
    None
):
    settings = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8").split("---\n", 1)[0])
    moves = yaml.safe_load((ROOT / "hooks" / "moves.yml").read_text("utf-8"))
    entries = settings.get("_migrations", [])
    assert moves.keys() <= {entry["version"] for entry in entries}
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for entry in entries:
        # Without a version it would run, and need --trust, at every update.
        assert f"## {entry['version'].removeprefix('v')}\n" in changelog
        if entry["version"] in moves:
            assert entry in yaml.safe_load(MIGRATION.format(version=entry["version"]))
    # The words of moves.yml are what the tests do.
    [example] = yaml.safe_load(MIGRATION.format(version="v0.2.0"))
    words = (ROOT / "hooks" / "moves.yml").read_text("utf-8").replace("#   ", "")
    assert f"command: {json.dumps(example['command'])}" in words


def test_rendering_never_needs_trust_and_updating_only_across_a_migration(lab: Lab) -> None:
    project = lab.start(NEXT, "lab")  # NEXT has a migration, and nobody was asked to trust it
    assert lab.migrates(EARLIER[0]) and not lab.migrates(EARLIER[1])
    lab.update(project, VcsRef.CURRENT)
    lab.update(lab.start(EARLIER[1], "lab"), NEXT)

    project = lab.start(EARLIER[0], "lab")
    with pytest.raises(UnsafeTemplateError, match="migrations"):
        lab.update(project, NEXT)
    assert dirt(project) == []


# --- answers that change --------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["pytorch", "lab"])
def test_a_change_of_the_rules_changes_one_page_and_no_code(lab: Lab, preset: str) -> None:
    project = lab.start(NEXT, preset)
    before, advised = files(project), stored(project)["advised"]
    page = (project / "docs/decision.md").read_text("utf-8")
    assert "# Why PyTorch" in page and "against the recommendation" not in page
    _, lost = edit_everything(project, before, {})
    assert not lost

    lab.update(project, RULES)
    assert conflicts(project) == []
    assert stored(project)["framework"] == "pytorch"
    after = {name: body.replace(MARK, b"") for name, body in files(project).items()}
    changed = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    assert {"docs/decision.md", ANSWERS} <= changed <= {"docs/decision.md", ANSWERS, "README.md"}
    page = (project / "docs/decision.md").read_text("utf-8")
    assert f"**This project uses PyTorch, because {advised['because']}.**" in page
    assert "rules recommended when the answers below were given" in page
    assert "Today's rules recommend TensorFlow for the same answers, because" in page
    assert MARK.decode() in page
    assert stored(project)["advised"] == advised
    commit(project, "Update")

    # Other answers get today's advice, and someone who goes against it is told so.
    lab.update(project, RULES, data={"goal": "research"})
    assert stored(project)["advised"]["pick"] == "tensorflow"
    page = (project / "docs/decision.md").read_text("utf-8")
    assert "**This project uses PyTorch, against the recommendation.**" in page
    assert "rules recommend TensorFlow for the answers below" in page and "Today's" not in page


@pytest.mark.parametrize(
    ("preset", "changes", "gone", "come"),
    [
        ("lab", {"targets": ["onnx"]}, (), "deploy/onnx/Dockerfile"),
        ("pytorch", {"targets": []}, "deploy/onnx/Dockerfile", ()),
        ("pytorch", {"ci": "gitlab"}, ".github/workflows/ci.yml", ".gitlab-ci.yml"),
        ("company", {"ci": "none"}, ".gitlab-ci.yml", ()),
        ("tensorflow", {"tracker": "none", "license": "proprietary"}, "CITATION.cff", ()),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_an_answer_changed_later(
    lab: Lab, preset: str, changes: dict[str, Any], gone: str, come: str
) -> None:
    """Every edit stays, but for those in files that the new answer has no use for: they go."""
    project = lab.start(NEXT, preset)
    before, fresh = files(project), lab.fresh(NEXT, project, **changes)
    kept, lost = edit_everything(project, fresh, {})
    assert lost == before.keys() - fresh.keys() and (not gone or gone in lost)
    assert not come or come in fresh.keys() - before.keys()

    lab.update(project, VcsRef.CURRENT, data=changes)
    assert conflicts(project) == []
    now = files(project)
    assert {name for name, body in now.items() if MARK in body} == kept
    assert {name: body.replace(MARK, b"") for name, body in now.items()} == fresh
    unmarked = {n for n in before.keys() & fresh.keys() if is_text(before[n])} - kept - {ANSWERS}
    print(f"{len(kept)} edits kept, {len(lost)} files gone, no place for an edit in {unmarked}")
    assert len(kept) > 40 and len(unmarked) <= 1


def test_another_framework_keeps_the_targets_that_both_have_and_says_what_goes(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    targets = ["onnx", "tflite", "tf_serving", "tfjs"]
    project = lab.render(NEXT, {"framework": "tensorflow", "targets": targets})
    fresh = lab.fresh(NEXT, project, framework="pytorch", targets=["onnx", "tflite"])
    lab.update(project, VcsRef.CURRENT, data={"framework": "pytorch"}, quiet=False)
    assert files(project) == fresh and conflicts(project) == []
    told = capfd.readouterr().err.split("Answers that changed with this update:\n")[1]
    assert told.strip() == "targets: onnx, tflite, was onnx, tflite, tf_serving, tfjs"


def test_another_framework_that_has_none_of_the_targets_begins_with_its_own(lab: Lab) -> None:
    project = lab.render(NEXT, {"framework": "tensorflow", "targets": ["tf_serving"]})
    lab.update(project, VcsRef.CURRENT, data={"framework": "pytorch"})
    assert stored(project)["targets"] == ["onnx"]
    lab.update(lab.render(NEXT, {"targets": []}), VcsRef.CURRENT, data={"framework": "tensorflow"})


def test_a_task_that_the_other_framework_lacks_stops_the_update(lab: Lab) -> None:
    project = lab.render(NEXT, {"framework": "pytorch", "task": "diffusion"})
    with pytest.raises(ValueError, match="'task': needs PyTorch"):
        lab.update(project, VcsRef.CURRENT, data={"framework": "tensorflow"})
    assert dirt(project) == []


def test_an_answer_under_an_earlier_name_is_carried_over_with_a_word(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    project = lab.start(EARLIER[1], "lab")
    assert stored(project)["tracking"] == "none"
    lab.update(project, NEXT, quiet=False)
    assert "   tracking is now tracker: none\n" in capfd.readouterr().err
    # So is one of a preset from then.
    old = lab.render(NEXT, {"tracking": "tb", "ci": "none"})
    assert stored(old)["tracker"] == "tensorboard"
    assert stored(lab.render(NEXT, {"tracking": "mlflow"}))["tracker"] == "mlflow"


def test_no_question_and_no_choice_of_a_release_vanishes_without_a_line_in_renamed_yml(
    lab: Lab,
) -> None:
    table = yaml.safe_load((ROOT / "extensions" / "renamed.yml").read_text("utf-8"))
    for release in releases():
        assert vanished(lab.questions(release), questions(), table) == [], release
    assert {*table["questions"].values()} - {None} <= questions().keys()
    assert table["choices"].keys() <= questions().keys()
    for key, values in table["choices"].items():
        assert {*values.values()} <= {*questions()[key].choices}
    # It would be seen.
    nothing: dict[str, Any] = {"questions": {}, "choices": {}}
    before = lab.questions(EARLIER[0])
    assert vanished(before, questions(), nothing) == ["tracking"]
    assert vanished(before, questions(), {**nothing, "questions": {"tracking": "tracker"}}) == [
        "tracking: tb"
    ]
    assert vanished(before, questions(), RENAMED) == []
    assert vanished(before, questions(), {**nothing, "questions": {"tracking": None}}) == []


def test_another_package_name_is_refused_and_the_readme_has_the_way(lab: Lab) -> None:
    project = lab.start(NEXT, "lab")
    with pytest.raises(ValueError, match=r'package is first_steps, .* "Rename the package"'):
        lab.update(project, VcsRef.CURRENT, data={"package_name": "second_steps"})
    assert dirt(project) == []

    way = (project / "README.md").read_text("utf-8").split("**Rename the package.**")[1]
    commands = way.split("```text\n")[1].split("```")[0]
    fresh = lab.fresh(NEXT, project, package_name="second_steps")
    kept, _ = edit_everything(project, files(project), {})
    (project / "src" / "first_steps" / "own.py").write_bytes(b"import first_steps\n")
    commit(project, "Add a file")
    renaming, update = commands.strip().rsplit("\n", 1)
    renaming = renaming.replace("new_name", "second_steps").replace("new-name", "second-steps")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    git(project, *identity, "-c", f"alias.rename=!set -e; cd {project}; {renaming}", "rename")
    lab.update(project, VcsRef.CURRENT)
    assert update == "uvx copier update --defaults --vcs-ref :current:"
    assert conflicts(project) == []
    now = files(project)
    assert now.pop("src/second_steps/own.py") == b"import second_steps\n"
    assert {name: body.replace(MARK, b"") for name, body in now.items()} == fresh
    assert sum(MARK in body for body in now.values()) == len(kept)


def test_a_key_that_is_no_question_stops_an_update_before_it_changes_anything(lab: Lab) -> None:
    project = lab.start(NEXT, "lab")
    with pytest.raises(ValueError, match=r"tagrets is no question, did you mean targets\?"):
        lab.update(project, VcsRef.CURRENT, data={"tagrets": ["onnx"]})
    with (project / ANSWERS).open("a", encoding="utf-8") as file:
        file.write("debian: curl\n")
    commit(project, "Edit the answers by hand")
    with pytest.raises(ValueError, match="debian is computed"):
        lab.update(project, VcsRef.CURRENT)
    assert dirt(project) == []


# --- the commands, as users type them -------------------------------------------------------------


def test_the_commands_without_short_cuts(lab: Lab, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"  # nobody's own settings trust anything
    settings.write_text("{}\n")

    def copier(folder: Path, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "copier", *arguments],
            cwd=folder,
            env={**os.environ, "COPIER_SETTINGS_PATH": str(settings)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return done.returncode, done.stdout

    project = lab.start(EARLIER[0], "lab")
    shutil.rmtree(project / ".git")
    code, words = copier(project, "update", "--defaults", "--trust")
    assert code == 1 and "git-tracked subprojects" in words
    commit(project, "Start")

    code, words = copier(project, "check-update")
    assert code == 0 and "New template version available" in words
    assert copier(project, "check-update", "--quiet") == (2, "")
    code, words = copier(project, "update", "--defaults")
    assert code == 4 and "--trust" in words and dirt(project) == []
    code, words = copier(project, "update", "--defaults", "--trust")
    assert code == 0, words
    assert files(project) == lab.fresh(NEXT, project)
    commit(project, "Update")
    assert copier(project, "check-update", "--quiet") == (0, "")

    code, words = copier(project, "update", "--defaults", "-r", ":current:", "-d", "targets=[onnx]")
    assert code == 0, words
    assert stored(project)["targets"] == ["onnx"] and (project / "deploy/onnx/Dockerfile").exists()
