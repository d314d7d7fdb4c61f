"""The decision: its 1,920 answer sets against the rules written out a second time, by hand."""

from __future__ import annotations

import functools
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier._settings import SettingsModel
from harness import (
    ROOT,
    ask,
    catalog,
    copy_template,
    decide,
    jinja_env,
    offered,
    questions,
    render,
    rules,
    short_cuts,
)

GOALS = ("learn", "research", "generative", "llm", "team", "product")
PLACES = ("cloud", "mobile", "browser", "microcontroller", "tf_serving", "tpu")
STACKS = ("none", "pytorch", "tensorflow", "both", "jax")

# Whom each answer speaks for. JAX speaks for neither of the two there are.
SPEAKS_FOR = {
    ("goal", "learn"): "pytorch",
    ("goal", "research"): "pytorch",
    ("goal", "generative"): "pytorch",
    ("goal", "llm"): "pytorch",
    ("goal", "team"): "pytorch",
    ("runs_on", "cloud"): "pytorch",
    ("runs_on", "mobile"): "tensorflow",
    ("runs_on", "browser"): "tensorflow",
    ("runs_on", "microcontroller"): "tensorflow",
    ("runs_on", "tf_serving"): "tensorflow",
    ("runs_on", "tpu"): "tensorflow",
    ("production_stack", "pytorch"): "pytorch",
    ("production_stack", "tensorflow"): "tensorflow",
    ("production_stack", "jax"): "jax",
}
PREFERENCES = {"learn", "research", "team", "cloud"}  # the others are needs

# What bridges a need that speaks for the other one: words its text must have, and its targets.
BRIDGES = {
    ("pytorch", "browser"): ("ONNX Runtime Web", ["onnx"]),
    ("pytorch", "mobile"): ("litert-torch", ["executorch", "tflite"]),
    ("pytorch", "microcontroller"): ("int8", ["tflite"]),
    ("pytorch", "tf_serving"): ("cannot load", ["onnx"]),
    ("pytorch", "tpu"): ("Neither is tested here", []),
    ("pytorch", "tensorflow"): ("ONNX", ["onnx"]),
    ("tensorflow", "cloud"): ("TensorFlow Serving", ["tf_serving", "onnx"]),
    ("tensorflow", "generative"): ("KerasHub", []),
    ("tensorflow", "llm"): ("KerasHub", []),
    ("tensorflow", "pytorch"): ("ONNX", ["onnx"]),
}

DEFAULT_TARGETS = {
    "pytorch": {
        "cloud": ["onnx"],
        "browser": ["onnx"],
        "mobile": ["executorch"],
        "microcontroller": ["tflite"],
        "tf_serving": ["onnx"],
    },
    "tensorflow": {
        "cloud": ["tf_serving"],
        "tf_serving": ["tf_serving"],
        "mobile": ["tflite"],
        "browser": ["tfjs", "litert_js"],
        "microcontroller": ["tflite_micro"],
    },
}


def answer_sets() -> Iterator[dict[str, Any]]:
    for goal, stack in itertools.product(GOALS, STACKS):
        for size in range(len(PLACES) + 1):
            for places in itertools.combinations(PLACES, size):
                yield {"goal": goal, "runs_on": list(places), "production_stack": stack}


def expected(given: dict[str, Any]) -> tuple[str, str, set[str]]:
    """Pick, rule and the answers that decided."""
    goal, places, stack = given["goal"], given["runs_on"], given["production_stack"]
    if stack == "tensorflow" and goal not in ("generative", "llm"):
        return "tensorflow", "codebase-tensorflow", {"tensorflow"}
    if goal in ("generative", "llm"):
        return "pytorch", "hugging-face", {goal}
    if "microcontroller" in places:
        return "tensorflow", "microcontroller", {"microcontroller"}
    if stack == "pytorch":
        return "pytorch", "codebase-pytorch", {"pytorch"}
    if "browser" in places:
        return "tensorflow", "browser", {"browser"}
    if "mobile" in places:
        return "tensorflow", "mobile", {"mobile"}
    if "tf_serving" in places:
        return "tensorflow", "tf-serving", {"tf_serving"}
    if "tpu" in places:
        return "tensorflow", "tpu", {"tpu"}
    return "pytorch", "default", set()


def spoken(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The answers given that speak for somebody, as (answer, whom)."""
    pairs = [("goal", given["goal"])]
    pairs += [("runs_on", place) for place in given["runs_on"]]
    pairs += [("production_stack", given["production_stack"])]
    return [(pair[1], SPEAKS_FOR[pair]) for pair in pairs if pair in SPEAKS_FOR]


@functools.cache
def decided() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(given, decide(given)) for given in answer_sets()]


def names(side: list[dict[str, Any]]) -> list[str]:
    return [signal["answer"] for signal in side]


def test_there_are_1920_answer_sets_and_the_questions_offer_exactly_them() -> None:
    assert len(decided()) == 6 * 64 * 5
    offered_answers = {
        key: questions()[key].choices for key in ("goal", "runs_on", "production_stack")
    }
    assert offered_answers == {"goal": GOALS, "runs_on": PLACES, "production_stack": STACKS}


def test_every_answer_set_gets_the_pick_the_rule_and_its_headline() -> None:
    headlines = {rule["id"]: rule["because"] for rule in rules()["rules"]}
    for given, advice in decided():
        pick, rule, decisive = expected(given)
        assert (advice["pick"], advice["rule"], set(names(advice["decided_by"]))) == (
            pick,
            rule,
            decisive,
        ), given
        assert advice["because"] == headlines[rule] and len(advice["because"]) > 20


def test_every_other_signal_stands_for_or_against_each_framework() -> None:
    for given, advice in decided():
        _, _, decisive = expected(given)
        for framework in ("pytorch", "tensorflow"):
            side = advice["sides"][framework]
            speakers = spoken(given)
            assert names(side["for"]) == [
                a for a, whom in speakers if whom == framework and a not in decisive
            ], given
            assert names(side["against"]) == [a for a, whom in speakers if whom != framework], given
            for signal in side["for"] + side["against"]:
                assert signal["strength"] == ("soft" if signal["answer"] in PREFERENCES else "hard")
                assert len(signal["words"]) > 20


def test_every_need_that_loses_has_its_bridge() -> None:
    seen = set()
    for given, advice in decided():
        for framework in ("pytorch", "tensorflow"):
            bridges = advice["sides"][framework]["bridges"]
            wanted = [a for a, _ in spoken(given) if (framework, a) in BRIDGES]
            assert names(bridges) == wanted, given
            for bridge in bridges:
                words, targets = BRIDGES[framework, bridge["answer"]]
                assert words in bridge["words"] and bridge["targets"] == targets
                seen.add((framework, bridge["answer"]))
            losing = {
                s["answer"]
                for s in advice["sides"][framework]["against"]
                if s["strength"] == "hard" and s["answer"] != "jax"
            }
            assert losing <= set(names(bridges)), given
    assert seen == set(BRIDGES)


def test_teams_with_jax_are_told_that_pytorch_stands_in() -> None:
    for given, advice in decided():
        if given["production_stack"] == "jax":
            against = {s["answer"]: s["words"] for s in advice["sides"][advice["pick"]]["against"]}
            assert "PyTorch stands in until the template has a JAX layer" in against["jax"]


def test_the_recommendation_fits_above_the_choice_for_every_answer_set() -> None:
    template = jinja_env().get_template("extensions/recommendation.txt.jinja")
    labels = {key: entry["label"] for key, entry in catalog()["frameworks"].items()}
    for given, advice in decided():
        text = template.render(advice=advice, catalog=catalog())
        lines = text.rstrip("\n").split("\n")
        assert len(lines) <= 8 and max(map(len, lines)) <= 70, text
        flat = " ".join(line.strip() for line in lines)
        assert f"Recommended: {labels[advice['pick']]}, because {advice['because']}." in flat
        side = advice["sides"][advice["pick"]]
        for signal in side["against"]:
            assert signal["short"] in flat.split("Against it: ")[1], given
        for bridge in side["bridges"]:
            assert f"{bridge['short']} ({bridge['need']})" in flat.split("Bridges: ")[1], given
        assert ("Against it" in flat) == bool(side["against"])
        assert ("Bridges" in flat) == bool(side["bridges"])


def test_no_text_says_that_it_depends() -> None:
    folders = (ROOT / "extensions", ROOT / "questions")
    for path in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        text = path.read_text("utf-8").lower()
        assert "it depends" not in text, path.name


def test_the_default_targets_follow_from_the_places() -> None:
    plan = ask("plan", "plan")
    for framework, by_place in DEFAULT_TARGETS.items():
        can = offered(framework)["targets"]
        for size in range(len(PLACES) + 1):
            for places in itertools.combinations(PLACES, size):
                rows = yaml.safe_load(
                    plan(rules(), catalog(), framework, "image_classification", list(places))
                )
                pairs = [(place, t) for place in places for t in by_place.get(place, [])]
                assert [(row["place"], row["wanted"]) for row in rows] == pairs
                for row in rows:
                    wanted = row["wanted"]
                    assert row["use"] == (wanted if wanted in can else "onnx")
                    assert bool(row["missing"]) == bool(row["meanwhile"]) == (wanted not in can)


# The second statement: the task that each goal asks for, where the framework has it.
WANTED_TASKS = {"generative": "diffusion", "llm": "language_model"}


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_the_goal_preselects_the_task(goal: str, framework: str) -> None:
    macro = ask("plan", "wanted_task")
    given = {"goal": goal, "runs_on": ["cloud"], "production_stack": "none"}
    found = yaml.safe_load(macro(rules(), catalog(), framework, given))
    wanted = WANTED_TASKS.get(goal, "image_classification")
    has = framework in catalog()["tasks"][wanted]["frameworks"]
    assert found["wanted"] == wanted
    assert found["use"] == (wanted if has else "image_classification")
    assert found["missing"] == ("" if has else "needs PyTorch")
    assert (found["signal"] is None) == (goal not in WANTED_TASKS)


def test_a_task_with_one_target_gets_it_wherever_there_would_be_another() -> None:
    plan = ask("plan", "plan")
    rows = yaml.safe_load(plan(rules(), catalog(), "pytorch", "diffusion", list(PLACES)))
    assert {row["use"] for row in rows} == {"onnx"} and len(rows) == len(DEFAULT_TARGETS["pytorch"])
    missing = {row["wanted"] for row in rows if row["missing"]}
    assert missing == {"executorch", "tflite"}


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
@pytest.mark.parametrize("task", [None, "tabular"])
def test_the_project_says_why_it_has_its_task(
    tmp_path: Path, framework: str, task: str | None
) -> None:
    answers = {"goal": "generative", "framework": framework, "runs_on": ["mobile"]}
    answers |= {} if task is None else {"task": task}
    page = (render(tmp_path / "p", answers) / "docs/decision.md").read_text("utf-8")
    section = page.split("## What the model does\n")[1].split("\n## ")[0]
    has = framework == "pytorch"
    label = "Tables" if task else "Image generation" if has else "Image classification"
    assert section.strip().startswith(f"**{label}")
    asks = "asks for image generation (diffusion)"
    if has:
        ending = f"{asks}. The choice was the owner's to make." if task else "asks for."
    else:
        ending = f"{asks}, which needs PyTorch, and this project uses TensorFlow."
    assert section.strip().endswith(ending), section


def test_the_bridge_of_a_task_with_targets_of_its_own_leads_to_them(tmp_path: Path) -> None:
    answers = {"goal": "llm", "runs_on": ["browser"], "framework": "pytorch"}
    page = (render(tmp_path / "p", answers) / "docs/decision.md").read_text("utf-8")
    assert "- **Web page**: ONNX for generation, a server with ONNX Runtime genai" in page
    assert "ONNX Runtime Web" not in page


def test_torchserve_is_never_a_default_and_says_its_state() -> None:
    assert "torchserve" not in str(rules()["targets"])
    assert catalog()["targets"]["torchserve"]["maturity"] == "limited maintenance since 2025"


@pytest.mark.parametrize("chosen", ["pytorch", "tensorflow"])
@pytest.mark.parametrize("places", [["cloud"], ["mobile", "tpu"], []], ids="-".join)
def test_the_project_says_why(tmp_path: Path, chosen: str, places: list[str]) -> None:
    given = {"goal": "research", "runs_on": places, "production_stack": "none"}
    advice = decide(given)
    page = (render(tmp_path / "p", {**given, "framework": chosen}) / "docs/decision.md").read_text()
    assert f"`{advice['rule']}`" in page and advice["because"] in page
    assert ("against the recommendation" in page) == (chosen != advice["pick"])
    side = advice["sides"][chosen]
    for signal in side["for"] + side["against"]:
        assert signal["words"][1:] in page
    for bridge in side["bridges"]:
        assert bridge["words"] in page
    for row in rules()["evidence"]:
        assert f"| {row['what']} | {row['year']} | {row['pytorch']} | {row['tensorflow']} |" in page
    for change in rules()["upstream"]:
        assert (change["what"] in page) == (chosen in change["frameworks"])
    changes = page.split("## What would change")[1].split("\n## ")[0]
    assert {line.split("`")[1] for line in changes.splitlines() if line.startswith("- ")} == (
        flips(given)
    )


def flips(given: dict[str, Any]) -> set[str]:
    """The rules that would take over after one different answer, by the rules written out above."""
    others = [{**given, "goal": goal} for goal in GOALS]
    others += [{**given, "production_stack": stack} for stack in STACKS]
    others += [
        {**given, "runs_on": [p for p in PLACES if (p in given["runs_on"]) != (p == place)]}
        for place in PLACES
    ]
    return {expected(o)[1] for o in others if expected(o)[0] != expected(given)[0]}


def test_where_no_single_answer_changes_it_the_project_says_so(tmp_path: Path) -> None:
    given = {"goal": "llm", "runs_on": ["cloud"], "production_stack": "none"}
    assert not flips(given)
    page = (render(tmp_path / "p", given) / "docs/decision.md").read_text()
    assert "No single answer would" in page


def test_a_target_that_is_missing_is_named_with_what_stands_in(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    file = template / "extensions/targets/tflite.yml"
    data = yaml.safe_load(file.read_text()) | {"available": False}
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    project = render(tmp_path / "p", {"runs_on": ["mobile"]}, src=template)
    assert stored(project)["targets"] == ["onnx"]
    page = (project / "docs/decision.md").read_text()
    assert "TFLite (LiteRT) is the target for this place; it is not in this version yet." in page
    assert rules()["meanwhile"]["mobile"][1:] in page


def test_a_change_of_the_rules_leaves_the_framework_of_a_project_alone(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    project = render(tmp_path / "project", {"runs_on": ["mobile"]}, src=template)
    commit(template)
    git(template, "tag", "v1.0.0")
    assert stored(project)["framework"] == "tensorflow"

    data = yaml.safe_load((template / "extensions/rules.yml").read_text())
    data["rules"] = [rule for rule in data["rules"] if rule["id"] != "mobile"]
    (template / "extensions/rules.yml").write_text(yaml.safe_dump(data, allow_unicode=True))
    commit(template)
    git(template, "tag", "v2.0.0")
    answers = project / ".copier-answers.yml"
    answers.write_text(f"_commit: v1.0.0\n{answers.read_text()}")
    commit(project)

    with short_cuts():
        copier.run_update(
            project, defaults=True, quiet=True, overwrite=True, settings=SettingsModel()
        )
    assert stored(project)["_commit"] == "v2.0.0"
    assert stored(project)["framework"] == "tensorflow"
    page = (project / "docs/decision.md").read_text()
    assert "uses TensorFlow, because TFLite (LiteRT) is still the shortest way onto a phone" in page
    assert "against the recommendation" not in page and "`default`" in page
    assert "Today's rules recommend PyTorch for the same answers, because new work" in page


def stored(project: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, "-C", folder, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "state", "--allow-empty")


def test_the_table_of_the_whole_decision_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/decision_table.py", "--check"], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
