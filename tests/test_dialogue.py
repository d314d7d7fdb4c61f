"""The dialogue as a user meets it, key by key, through prompt_toolkit in this process."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import copier
import pytest
import yaml
from copier import _main as copier_main
from copier._settings import SettingsModel
from copier.errors import CopierAnswersInterrupt
from harness import (
    COVERAGE,
    ROOT,
    ask,
    catalog,
    copy_template,
    names,
    questions,
    rules,
    short_cuts,
    template,
)
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

ENTER, DOWN, SPACE, CTRL_C, CTRL_U = "\r", "\x1b[B", " ", "\x03", "\x15"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")


Keys = dict[
    str, str | list[str]
]  # by question; a list: each part once the last one shows; else Enter


@dataclass
class Dialogue:
    """What was asked, in order, what the terminal showed and what came of it."""

    asked: list[str] = field(default_factory=list)
    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)
    screens: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def choice(self, question: str, value: str) -> Any:
        """The choice of that value as questionary has it: .title, .disabled."""
        return next(c for c in self.prompts[question]["choices"] if c.value == value)


class Terminal(Vt100_Output):
    """A terminal of 80 columns; whoever sits there types once there is something to read."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self.shown = io.StringIO()
        super().__init__(self.shown, lambda: Size(rows=50, columns=80), enable_cpr=False)
        self.send, self.start, self.wait_for, self.parts = send, 0, "", list[str]()

    def begin(self, message: str, keys: str | list[str]) -> None:
        self.start, self.wait_for = self.shown.tell(), message.split("\n")[0]
        self.parts = [keys] if isinstance(keys, str) else list(keys)

    def screen(self) -> str:
        return text(self.shown.getvalue()[self.start :])

    def flush(self) -> None:
        super().flush()
        if self.parts and self.wait_for in self.screen():
            self.send(self.parts.pop(0))


def talk(dst: Path, keys: Keys | None = None, src: Path | None = None, **options: Any) -> Dialogue:
    """Answer the dialogue by these keys and render; `src` is another template."""
    talked = Dialogue()
    prompt = vars(copier_main)["unsafe_prompt"]

    with create_pipe_input() as pipe:
        terminal = Terminal(pipe.send_text)

        def record(asked: list[dict[str, Any]], **kwargs: Any) -> Any:
            name, message = asked[0]["name"], asked[0]["message"]
            if not asked[0]["when"]({}):  # a hidden value: questionary passes it by
                return prompt(asked, **kwargs)
            talked.asked.append(name)
            talked.prompts[name] = asked[0]
            terminal.begin(message, (keys or {}).get(name, ENTER))
            try:
                return prompt(asked, **kwargs)
            finally:
                talked.screens[name] = terminal.screen()

        with (
            create_app_session(input=pipe, output=terminal),
            short_cuts(),
            mock.patch.object(copier_main, "unsafe_prompt", record),
        ):
            done = copier.run_copy(
                str(src or template()), dst, quiet=True, settings=SettingsModel(), **options
            )
    COVERAGE.record(done.answers.combined)
    talked.answers = yaml.safe_load((dst / ".copier-answers.yml").read_text("utf-8"))
    return talked


def text(raw: str) -> str:
    """What the terminal was sent, without colours and cursor moves."""
    return ESCAPES.sub("", raw.replace("\r", ""))


SHOWN = [
    "project_name",
    "goal",
    "runs_on",
    "production_stack",
    "framework",
    "task",
    "targets",
    "ci",
]


def test_eight_prompts_on_the_default_path_in_this_order(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p")
    assert talked.asked == SHOWN
    assert [key for key, question in questions().items() if question.shown] == SHOWN
    assert talked.answers == {
        "_src_path": str(template()),
        "project_name": "My Model",
        "goal": "product",
        "runs_on": ["cloud"],
        "production_stack": "none",
        "advised": {
            "pick": "pytorch",
            "rule": "default",
            "because": rules()["rules"][-1]["because"],
            "answers": {"goal": "product", "runs_on": ["cloud"], "production_stack": "none"},
        },
        "framework": "pytorch",
        "task": "image_classification",
        "targets": ["onnx"],
        "ci": "github",
        "package_name": "my_model",
        "description": "Image classification, from training to deployment",
        "user_name": "",
        "user_email": "",
        "license": "MIT",
        "python_version": "3.11",
        "torch_index": "pypi",
        "ci_torch": "cpu",
        "ci_systems": ["windows", "macos"],
        "cluster": [],
        "tracker": "tensorboard",
        "update_pr": False,
    }


def test_the_recommendation_is_shown_marked_and_preselected(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p", {"runs_on": DOWN + SPACE + ENTER})  # cloud stays, mobile joins
    assert talked.answers["runs_on"] == ["cloud", "mobile"]
    assert talked.answers["framework"] == "tensorflow"
    screen = talked.screens["framework"]
    assert "   Recommended: TensorFlow, because TFLite (LiteRT) is still the" in screen
    assert "Against it: cloud." in screen
    assert "Bridges: TF Serving or ONNX (cloud)." in screen
    assert talked.choice("framework", "tensorflow").title.endswith("★ recommended")
    assert talked.choice("framework", "pytorch").title == "PyTorch"
    assert re.search(r"» TensorFlow +★ recommended", screen)


def test_the_user_may_take_the_other_framework(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p", {"framework": DOWN + ENTER})
    assert "Recommended: PyTorch" in talked.screens["framework"]
    assert talked.answers["framework"] == "tensorflow"
    page = (tmp_path / "p/docs/decision.md").read_text("utf-8")
    assert "**This project uses TensorFlow, against the recommendation.**" in page


def fork_that_allows(folder: Path, **allowed: list[str]) -> Path:
    """A company's fork of the template."""
    copy_template(folder)
    text = yaml.safe_dump({"_company": {"allowed": allowed}})
    (folder / "extensions" / "company.yml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("framework", "keys"),
    [("pytorch", {"runs_on": DOWN + SPACE + ENTER}), ("tensorflow", {})],
    ids=["pytorch", "tensorflow"],
)
def test_where_one_framework_is_allowed_the_question_says_so(
    tmp_path: Path, framework: str, keys: Keys
) -> None:
    """Also where the rules recommend the other one."""
    fork = fork_that_allows(tmp_path / "fork", framework=[framework])
    talked = talk(tmp_path / "p", keys, fork)
    label, asked = catalog()["frameworks"][framework]["label"], talked.screens["framework"]
    assert f"Which framework? Only {label} is allowed here." in asked and "either" not in asked
    assert f"Recommended: {label}" not in asked
    assert talked.answers["framework"] == framework
    both = fork_that_allows(tmp_path / "both", framework=["pytorch", "tensorflow"])
    talked = talk(tmp_path / "q", keys, both)
    assert "You may take either; the rules recommend one." in talked.screens["framework"]


def test_a_task_that_is_not_allowed_is_told_as_such(tmp_path: Path) -> None:
    fork = fork_that_allows(tmp_path / "fork", task=["tabular"])
    talked = talk(tmp_path / "p", {"goal": 3 * DOWN + ENTER}, fork)
    said = "Image generation (diffusion) is what the goal asks for; it is not allowed here."
    assert said in " ".join(talked.screens["task"].split())
    assert talked.answers["task"] == "tabular"
    page = (tmp_path / "p" / "docs" / "decision.md").read_text("utf-8")
    assert "asks for image generation (diffusion), which is not allowed here.\n" in page


def test_the_goal_preselects_the_task_where_the_framework_has_it(tmp_path: Path) -> None:
    goal: Keys = {"goal": 3 * DOWN + ENTER}  # from the last one on to the first, and on
    talked = talk(tmp_path / "p", goal)
    assert (talked.answers["goal"], talked.answers["task"]) == ("generative", "diffusion")
    assert talked.answers["targets"] == ["onnx"]
    assert "needs PyTorch" not in talked.screens["task"]
    other = talk(tmp_path / "q", goal | {"framework": DOWN + ENTER})
    assert other.answers["framework"] == "tensorflow"
    assert other.answers["task"] == "image_classification"
    said = "Image generation (diffusion) is what the goal asks for; it needs PyTorch."
    assert said in other.screens["task"]
    assert other.choice("task", "diffusion").disabled == "needs PyTorch"


def test_the_model_may_run_nowhere(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p", {"runs_on": SPACE + ENTER})
    assert talked.answers["runs_on"] == [] and talked.answers["targets"] == []


@pytest.mark.parametrize(
    ("framework", "moves"), [("pytorch", ""), ("tensorflow", DOWN)], ids=["pytorch", "tensorflow"]
)
def test_targets_that_cannot_be_taken_say_why(tmp_path: Path, framework: str, moves: str) -> None:
    talked = talk(tmp_path / "p", {"framework": moves + ENTER})
    labels = {key: entry["label"] for key, entry in catalog()["frameworks"].items()}
    screen = talked.screens["targets"]
    for key, entry in catalog()["targets"].items():
        choice = talked.choice("targets", key)
        if framework not in entry["frameworks"]:
            reason = "needs " + " or ".join(labels[f] for f in entry["frameworks"])
        elif "image_classification" not in entry["tasks"]:
            reason = "not for image classification"
        else:
            reason = "" if entry["available"] else "not in this version yet"
        assert (choice.disabled or "") == reason
        assert choice.title in screen
        if reason:
            assert f"({reason})" in screen
        assert entry["maturity"] in choice.title
    assert "limited maintenance since 2025" in screen


@pytest.mark.parametrize(
    ("framework", "target", "reason"),
    [
        ("pytorch", "tfjs", "needs TensorFlow"),
        ("tensorflow", "torchserve", "needs PyTorch"),
    ],
)
def test_what_cannot_be_taken_is_refused_as_data_too(
    tmp_path: Path, framework: str, target: str, reason: str
) -> None:
    data = {"framework": framework, "targets": ["onnx", target]}
    with pytest.raises(ValueError, match=reason), short_cuts():
        copier.run_copy(
            str(template()), tmp_path / "p", data=data, defaults=True, settings=SettingsModel()
        )
    assert not (tmp_path / "p").exists()


def test_a_bad_name_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    talked = talk(
        tmp_path / "p",
        {"project_name": [" x" + ENTER, CTRL_U + "Zweites Gerät" + ENTER]},
    )
    assert "no spaces at the start or the end" in talked.screens["project_name"]
    assert talked.answers["project_name"] == "Zweites Gerät"
    assert talked.answers["package_name"] == "zweites_geraet"


def test_typing_replaces_the_name_that_is_shown(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p", {"project_name": "Zweites Gerät" + ENTER})
    assert "My Model" in talked.screens["project_name"]
    assert talked.answers["project_name"] == "Zweites Gerät"
    assert (tmp_path / "p/README.md").read_text("utf-8").startswith("# Zweites Gerät\n")


def test_files_use_the_title_which_is_never_empty() -> None:
    files = [*(ROOT / "template").rglob("*.jinja"), *(ROOT / "extensions").rglob("*.jinja")]
    answers = ROOT / "template" / "{{ _copier_conf.answers_file }}.jinja"
    assert [file for file in files if "project_name" in file.read_text("utf-8")] == [answers]


def test_a_server_that_comes_with_the_cloud_is_named(tmp_path: Path) -> None:
    """The cloud is selected from the start: who adds a web page hears what both of them bring."""
    talked = talk(tmp_path / "p", {"runs_on": 2 * DOWN + SPACE + ENTER})
    assert "unselect the cloud if there is none" in talked.screens["runs_on"]
    assert talked.answers["targets"] == ["tf_serving", "tfjs", "litert_js"]
    said = " ".join(talked.prompts["targets"]["message"].split())
    assert "asks for TF Serving (cloud), TensorFlow.js (web page), LiteRT.js (web page)." in said
    alone = talk(tmp_path / "q", {"runs_on": SPACE + 2 * DOWN + SPACE + ENTER})
    assert alone.answers["runs_on"] == ["browser"]
    assert alone.answers["targets"] == ["tfjs", "litert_js"]
    nowhere = talk(tmp_path / "r", {"runs_on": SPACE + ENTER})
    assert "asks for" not in nowhere.screens["targets"]


@pytest.mark.parametrize("question", SHOWN)
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, question: str) -> None:
    with pytest.raises(CopierAnswersInterrupt):
        talk(tmp_path / "p", {question: CTRL_C})
    assert list(tmp_path.iterdir()) == []


def test_everything_fits_into_eighty_columns(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p")
    assert all(talked.prompts[name]["message"].strip() for name in talked.asked)
    for prompt in talked.prompts.values():
        lines = prompt["message"].rstrip().split("\n")
        assert len(lines) <= 8 and max(map(len, lines)) <= 70
        for choice in prompt.get("choices", []):
            reason = f" ({choice.disabled})" if choice.disabled else ""
            assert len(f" » ● {choice.title}{reason}") <= 79, choice.title


def test_silent_questions_can_be_asked_after_all(tmp_path: Path) -> None:
    talked = talk(tmp_path / "p", {"license": DOWN + ENTER}, ask=["license"])
    assert talked.asked == [*SHOWN, "license"]
    assert talked.answers["license"] == "Apache-2.0"


# --- free text -----------------------------------------------------------------------------

NAMES = {
    "My Model": "my_model",
    "Äpfel & Öl, groß": "aepfel_and_oel_gross",
    "A\u0308pfel": "aepfel",  # the same, decomposed
    "Crème brûlée": "creme_brulee",
    "Łódź": "lodz",
    "Модель": "model",
    "Αθήνα": "athina",
    "İstanbul": "istanbul",
    "2048 Games": "project_2048_games",
    "日本語": "ml_project",
    "🍎": "ml_project",
    "---": "ml_project",
    "class": "class_project",
    "Torch": "torch_project",
    "scikit-learn": "scikit_learn_project",
    "json": "json_project",
    "test": "test_project",
    "uv": "uv_project",
    "con": "con_project",
    "O'Brien's": "obriens",
    "{{ 7*7 }}": "project_7_7",
    "a__b--c": "a_b_c",
    "x" * 60: "x" * 50,
    "ß" * 60: "s" * 50,
}


@pytest.mark.parametrize(("title", "package"), NAMES.items())
def test_the_package_gets_a_name_that_can_be_imported(title: str, package: str) -> None:
    assert ask("text", "importable")(title, names()) == package
    assert ask("text", "package")(package, names()) == ""


REFUSED = [
    ("project_name", "", "type something"),
    ("project_name", "x" * 61, "at most 60 characters"),
    ("project_name", "a\nb", "one line"),
    ("project_name", "a\tb", "one line"),
    ("project_name", " a", "no spaces at the start"),
    ("project_name", "a\u202eb", "format characters"),
    ("project_name", "a\u2028b", "one line"),
    ("project_name", "a\u200bb", "format characters"),
    ("description", "", "type something"),
    ("description", "x" * 201, "at most 200"),
    ("user_name", "x\x07", "control"),
    ("user_email", "nobody", "name@example.org"),
    ("user_email", "a b@example.org", "name@example.org"),
    ("package_name", "Torch", "a-z, 0-9 and _"),
    ("package_name", "torch", "a package that such projects install"),
    ("package_name", "class", "Python language"),
    ("package_name", "json", "standard library"),
    ("package_name", "uv", "command"),
    ("package_name", "tests", "install|folder|command"),
    ("package_name", "a\n", "a-z, 0-9 and _"),
    ("package_name", "a__b", "two underscores"),
    ("package_name", "a" * 51, "at most 50"),
]


@pytest.mark.parametrize(("question", "value", "reason"), REFUSED)
def test_text_that_cannot_be_used_is_refused_with_one_reason(
    tmp_path: Path, question: str, value: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as refused, short_cuts():
        copier.run_copy(
            str(template()),
            tmp_path / "p",
            data={question: value},
            defaults=True,
            quiet=True,
            settings=SettingsModel(),
        )
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "p").exists()
