"""Answers from outside: misspelt keys and computed values are refused, not ignored or trusted."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier._settings import SettingsModel
from harness import ROOT, copy_template, questions, short_cuts, template, worker

TOOL = ROOT / "tools" / "check_answers.py"
HOSTILE = "$(touch x); rm -rf / #\n    - run: id"


def copy(folder: Path, answers: dict[str, Any], **options: Any) -> str:
    """Why the template refuses the answers, or nothing when it renders."""
    options = {"settings": SettingsModel(), **options}
    try:
        with short_cuts():
            copier.run_copy(str(template()), folder, answers, defaults=True, quiet=True, **options)
    except ValueError as error:
        assert not folder.exists(), "something was left behind"
        return str(error).splitlines()[-1]
    return ""


def computed() -> list[str]:
    """Every value that the template computes and nobody is asked for."""
    with worker({}) as asked:
        found = asked.template.questions_data
    return [key for key in found if key not in questions()]


def test_the_template_knows_every_question_and_every_computed_value(tmp_path: Path) -> None:
    assert {"debian", "project_slug", "use", "sources", "names"} <= set(computed())
    with worker({}) as asked:
        asked._ask()
        known = {key: asked.answers.combined[key] for key in questions()}
    assert copy(tmp_path / "p", {**known, "_commit": "v1", "_src_path": "x"}) == ""


@pytest.mark.parametrize("value", [HOSTILE, {"pytorch": "."}], ids=["text", "table"])
def test_a_computed_value_given_from_outside_is_refused(tmp_path: Path, value: object) -> None:
    for key in computed():
        assert copy(tmp_path / "p", {key: value}), key


def test_nor_may_the_settings_of_copier_have_one(tmp_path: Path) -> None:
    for key in set(computed()) - {"sources", "unknown_answers", "advised"}:
        own = SettingsModel(defaults={key: HOSTILE, "goal": "team"})
        assert f"{key} is computed" in copy(tmp_path / "p", {}, settings=own)
        assert f"{key} is computed" in copy(tmp_path / "p", {}, user_defaults={key: HOSTILE})
    assert copy(tmp_path / "p", {}, settings=SettingsModel(defaults={"advised": "{}"})) != ""
    everybodys = SettingsModel(defaults={"goal": "team", "something_elses": 1})
    assert copy(tmp_path / "p", {}, settings=everybodys) == ""


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("licence", "license"),
        ("tagrets", "targets"),
        ("python", "python_version"),
        ("frame_work", "framework"),
        ("Task", "task"),
        ("project-name", "project_name"),
        ("user_mail", "user_email"),
    ],
)
def test_a_misspelt_key_is_named_with_the_nearest_one(tmp_path: Path, key: str, meant: str) -> None:
    words = copy(tmp_path / "p", {key: "x", "zzz": 1})
    assert f"{key} is no question, did you mean {meant}?; zzz is no question" in words
    assert not words.endswith("?")


def test_one_choice_where_several_are_taken_is_refused_with_the_list(tmp_path: Path) -> None:
    assert "targets takes a list: [onnx]" in copy(tmp_path / "p", {"targets": "onnx"})
    for broken in ("[onnx", "onnx]", "[[onnx]]"):
        assert "targets takes a list: [onnx]" in copy(tmp_path / "p", {"targets": broken})
    assert copy(tmp_path / "p", {"targets": "[onnx]"}) == ""


def test_what_is_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    """Copier takes any text for yes."""
    assert "update_pr takes yes or no, not maybe" in copy(tmp_path / "p", {"update_pr": "maybe"})
    assert copy(tmp_path / "p", {"update_pr": "no"}) == ""


def test_a_target_that_cannot_be_taken_is_named(tmp_path: Path) -> None:
    words = copy(tmp_path / "p", {"framework": "pytorch", "targets": ["onnx", "tfjs"]})
    assert words == "Invalid choice for 'targets': tfjs: needs TensorFlow"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("tagrets=[onnx]", "tagrets is no question, did you mean targets?"),
        ("targets=[tfjs]", "tfjs: needs TensorFlow"),
        ("package_name=torch", "torch is the name of a package"),
    ],
)
def test_the_last_line_of_a_refusal_is_the_reason(tmp_path: Path, answer: str, words: str) -> None:
    """Copier prints a traceback for what `--data` gave; docs/bots.md says so."""
    command = [str(Path(sys.executable).with_name("copier")), "copy", "--defaults"]
    command += ["--data", answer, str(template()), str(tmp_path / "p")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and words in done.stderr.splitlines()[-1]
    assert not (tmp_path / "p").exists()


# --- the command ----------------------------------------------------------------------------------


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(*arguments: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)], capture_output=True, encoding="utf-8"
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_says_what_is_wrong_with_each_file(tmp_path: Path) -> None:
    bodies = {
        "keys.yml": "tagrets: [onnx]\ndebian: curl\n",
        "choice.yml": "framework: pytorch\ntargets: [tfjs]\n",
        "name.yml": "package_name: class\n",
        "yaml.yml": "a: [\n",
        "text.yml": "hello\n",
    }
    for name, body in bodies.items():
        (tmp_path / name).write_text(body)
    paths = [tmp_path / name for name in (*bodies, "missing.yml")]
    code, told, errors = run(*paths)
    assert code == 2 and told == ""
    lines = errors.splitlines()
    expected = [
        "tagrets is no question, did you mean targets?; debian is computed and cannot be given",
        "Invalid choice for 'targets': tfjs: needs TensorFlow",
        "class is a word of the Python language",
        "is no YAML",
        "has no answers",
        "cannot be read",
    ]
    assert len(lines) == len(expected)
    for line, path, words in zip(lines, paths, expected, strict=True):
        assert line.startswith(f"{path}: ") and words in line


def test_a_preset_from_an_address_is_checked_and_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept.yml"
    with served(ROOT / "presets") as address:
        assert run(f"{address}/lab.yml", "--save", kept)[0] == 0
        assert kept.read_bytes() == (ROOT / "presets" / "lab.yml").read_bytes()
        code, _, errors = run(f"{address}/none.yml")
        assert code == 2 and "404" in errors
    assert run((ROOT / "presets" / "lab.yml").as_uri())[0] == 0
    assert copy(tmp_path / "p", yaml.safe_load(kept.read_text("utf-8"))) == ""


def test_settings_of_a_company_that_are_no_yaml_are_told_with_their_line(tmp_path: Path) -> None:
    fork = copy_template(tmp_path / "fork")
    (fork / "extensions" / "company.yml").write_text("_company:\n  owners: [@acme/ml]\n", "utf-8")
    code, _, said = run(ROOT / "presets" / "lab.yml", "--template", fork)
    assert code == 2 and len(said.splitlines()) == 1
    assert "company.yml: is no YAML" in said and "line 2" in said


def test_a_template_that_cannot_be_had_is_one_sentence() -> None:
    code, _, said = run(ROOT / "presets" / "lab.yml", "--template", "https://127.0.0.1:9/x.git")
    assert code == 2 and len(said.splitlines()) == 1
    assert "cannot be checked, as https://127.0.0.1:9/x.git cannot be had" in said
