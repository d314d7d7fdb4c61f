"""The catalog, the folders and the pins agree; a choice without a layer is found here."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, ask, catalog, offered, pins, presets, questions
from packaging.requirements import Requirement

sys.path.insert(0, str(ROOT / "tools"))

from config_toml import TOY, config_toml, copy_with_toy

TEMPLATE = ROOT / "template"
SWITCH = re.compile(r"\{\{ use\.(\w+) \}\}")

# The keys of the files in extensions/tasks and extensions/targets: those that every file has, and
# those that one may have. The head of extensions/catalog.yml says what they mean.
SHARED = {"name", "order", "label", "available", "frameworks", "packages", "modules"}
KEYS = {
    "tasks": (
        SHARED | {"data", "smoke"},
        {
            "client",
            "examples",
            "fewer_bits",
            "files",
            "flags",
            "framework_packages",
            "lacks",
            "own",
            "places",
        }
        | {"requests", "serving", "shares", "sources", "torch_packages", "try", "warnings"},
    ),
    "targets": (
        SHARED
        | {"summary", "maturity", "framework_packages", "dev_packages", "server", "served", "try"},
        {"choice", "hint", "hints", "tasks", "page", "client", "image", "debian", "npm", "engine"}
        | {"newest_python", "serves", "systems", "health"},
    ),
    "clusters": ({"name", "order", "label", "file", "start"}, set()),
}
INSIDE = {"image": ({"ports", "check"}, {"check_packages"})}


def layers() -> set[str]:
    """Every switch that a folder's name tests, but a fork's own."""
    found = {name for path in TEMPLATE.rglob("*") for name in SWITCH.findall(path.name)}
    return found - {"company"}


def expected() -> dict[str, bool]:
    """Every switch by name, and whether it must have a folder."""
    found = dict.fromkeys(catalog()["frameworks"], True)
    for kind in ("tasks", "targets"):
        found |= {name: entry["available"] for name, entry in catalog()[kind].items()}
    found |= {f"tracker_{name}": True for name in catalog()["trackers"]}
    found |= {entry["layer"]: True for entry in catalog()["licenses"].values()}
    found |= {name: True for name in catalog()["ci"] if name != "none"}
    found |= dict.fromkeys(catalog()["clusters"], True)
    shared = ("client", "page", "classes", "images", "rows", "columns", "hub", "installed")
    return found | dict.fromkeys(
        (
            "citation",
            "server",
            "inference",
            "chat",
            "health",
            "owners",
            "systems",
            "update_pr",
            *shared,
        ),
        True,
    )


def test_what_can_be_chosen_has_a_layer() -> None:
    missing = {name for name, must in expected().items() if must} - layers()
    assert not missing


def test_every_layer_can_be_chosen() -> None:
    unknown = layers() - {name for name, may in expected().items() if may}
    assert not unknown, "folders of choices that are not in the catalog, or not available"


def test_every_switch_a_folder_tests_is_spelt_as_one() -> None:
    odd = {p.name for p in TEMPLATE.rglob("*") if "use" in p.name and "{{" in p.name}
    assert all(SWITCH.fullmatch(name) for name in odd), odd


def entries(kind: str) -> dict[Path, dict[str, Any]]:
    """Every file of a kind, the toy's too."""
    files = [f for root in (ROOT, TOY) for f in (root / "extensions" / kind).glob("*")]
    return {file: yaml.safe_load(file.read_text("utf-8")) for file in sorted(files)}


def misfits(entry: dict[str, Any], required: set[str], optional: set[str]) -> list[str]:
    """The keys that an entry lacks, and those that nothing reads."""
    missing = [f"{key} is missing" for key in sorted(required - entry.keys())]
    return missing + [f"{key} is unknown" for key in sorted(entry.keys() - required - optional)]


@pytest.mark.parametrize("kind", KEYS)
def test_a_file_is_called_as_its_choice_and_has_its_keys(kind: str) -> None:
    for file, entry in entries(kind).items():
        assert file.name == f"{entry['name']}.yml"
        assert misfits(entry, *KEYS[kind]) == [], file.name
        for key, inside in INSIDE.items():
            assert misfits(entry.get(key, {}) or dict.fromkeys(inside[0]), *inside) == []
        assert entry.get("page") in (None, "always", "in_browser"), file.name
        assert kind != "targets" or entry["maturity"] or entry.get("hint"), file.name


def test_a_misspelt_key_is_refused() -> None:
    entry = dict(catalog()["targets"]["onnx"])
    assert misfits(entry, *KEYS["targets"]) == []
    entry["framwork_packages"] = entry.pop("framework_packages")
    assert misfits(entry, *KEYS["targets"]) == [
        "framework_packages is missing",
        "framwork_packages is unknown",
    ]


def test_the_head_of_the_catalog_explains_every_key() -> None:
    head = (ROOT / "extensions" / "catalog.yml").read_text("utf-8").split("\nframeworks:")[0]
    before_colons = " ".join(re.findall(r"(?:# |; )([\w, ]+):", head))
    explained = set(re.findall(r"\w+", before_colons))
    known = set().union(*(keys for pair in KEYS.values() for keys in pair))
    assert known <= explained, known - explained


@pytest.mark.parametrize("kind", KEYS)
def test_no_two_choices_have_the_same_place(kind: str) -> None:
    orders = [entry["order"] for entry in entries(kind).values()]
    assert len(orders) == len(set(orders)) > 0
    assert all(type(order) is int for order in orders)
    assert list(catalog()[kind]) == [
        entry["name"]
        for file, entry in sorted(entries(kind).items(), key=lambda pair: pair[1]["order"])
        if TOY not in file.parents
    ]


def test_a_task_speaks_of_targets_that_exist() -> None:
    for file, entry in entries("tasks").items():
        for key in ("lacks", "try"):
            assert set(entry.get(key, {})) <= set(catalog()["targets"]), file.name


def test_who_says_client_has_a_part_of_it() -> None:
    client = "{{ use.client }}"
    parts = {
        "tasks": TEMPLATE.glob(f"{client}/*/deploy/client/files.py"),
        "targets": TEMPLATE.glob(f"*/{client}/deploy/client/ask_*.py"),
    }
    for kind, files in parts.items():
        found = {name for file in files for name in SWITCH.findall(str(file)) if name != "client"}
        assert found == {name for name, entry in catalog()[kind].items() if "client" in entry}
        assert all(entry.get("client", True) is True for entry in catalog()[kind].values())


@pytest.fixture(scope="module")
def with_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_with_toy(tmp_path_factory.mktemp("toy"))


@pytest.mark.parametrize("task", [entry["name"] for entry in entries("tasks").values()])
def test_config_toml_has_the_defaults_of_the_settings_classes(with_toy: Path, task: str) -> None:
    file = with_toy / "template" / f"{{{{ use.{task} }}}}" / "config.toml"
    [entry] = [entry for entry in entries("tasks").values() if entry["name"] == task]
    for framework in entry["frameworks"]:
        expected = config_toml(with_toy, task, framework)
        assert file.read_text("utf-8") == expected, "run .venv/bin/python tools/config_toml.py"


@pytest.mark.parametrize("kind", ["tasks", "targets"])
def test_frameworks_and_tasks_named_by_an_entry_exist(kind: str) -> None:
    for name, entry in catalog()[kind].items():
        assert set(entry["frameworks"]) <= set(catalog()["frameworks"]), name
        assert entry["frameworks"], name
        assert set(entry.get("tasks", [])) <= set(catalog()["tasks"]), name


def test_the_questions_offer_what_the_catalog_has() -> None:
    for question, kind in (("framework", "frameworks"), ("task", "tasks"), ("targets", "targets")):
        assert list(questions()[question].choices) == list(catalog()[kind]), question
    oldest = json.loads(ask("pythons", "oldest")(catalog()))
    assert list(questions()["python_version"].choices) == oldest
    newest = {entry["newest_python"] for entry in catalog()["frameworks"].values()}
    assert newest <= set(catalog()["pythons"]) and catalog()["pythons"][-1] in newest
    assert set(questions()["torch_index"].choices) == {"pypi", *catalog()["torch_indexes"]}


@pytest.mark.parametrize("framework", catalog()["frameworks"])
def test_a_preset_has_every_target(framework: str) -> None:
    """The projects that the suites install have all targets at once."""
    preset = presets()[f"{framework}_every_target"]
    assert preset["framework"] == framework
    assert preset["targets"] == offered(framework)["targets"]


def packages(node: Any) -> set[str]:
    """Every requirement below `node`."""
    if isinstance(node, dict):
        keys = {"packages", "dev_packages", "base_packages", "framework_packages", "extras"}
        inside = [v if k in keys else [v] if isinstance(v, dict) else [] for k, v in node.items()]
        return set().union(*(packages(value) for value in inside))
    if isinstance(node, list):
        return set().union(*(packages(value) for value in node))
    return {node}


def test_every_requirement_has_both_bounds() -> None:
    found = packages(catalog())
    assert len(found) > 20
    for text in found:
        operators = {part.operator for part in Requirement(text).specifier}
        assert operators in ({">=", "<"}, {"=="}), text


def test_the_tools_of_template_and_project_are_the_same() -> None:
    own = dict(
        line.split("==")
        for line in (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()
        if not line.startswith(("#", "-r "))
    )
    for name in ("ruff", "mypy"):
        assert f"{name}=={own[name]}" in catalog()["dev_packages"]
        assert own[name] == pins()[name]
    assert own["uv"] == pins()["uv"]


def test_actions_are_pinned_by_full_hash_and_in_one_place() -> None:
    pinned = set(pins()["actions"].values())
    for action in pinned:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    for path in (ROOT / ".github").rglob("*.yml"):
        for used in re.findall(r"uses: (\S+ # \S+)", path.read_text("utf-8")):
            known = {action for action in pinned if action.split("@")[0] == used.split("@")[0]}
            assert not known or used in known, f"{path.name}: {used}, elsewhere {known}"


def test_images_are_pinned_to_a_full_version() -> None:
    for image in pins()["images"].values():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*", image), image


def test_the_python_image_runs_every_project() -> None:
    """Projects may ask for any version at least that all frameworks have."""
    version = pins()["images"]["python"].split(":")[1]
    oldest = json.loads(ask("pythons", "oldest")(catalog()))
    assert version.startswith(oldest[-1] + ".")


def test_targets_with_an_image_bring_a_dockerfile_with_a_health_check() -> None:
    folders = {
        path.parent.name: path.read_text("utf-8")
        for path in TEMPLATE.rglob("deploy/*/Dockerfile.jinja")
    }
    assert folders.pop("kubeflow"), "the image that trains serves nothing"
    assert set(catalog()["images"]) == set(folders)
    for target, text in folders.items():
        assert "HEALTHCHECK" in text, target
        shared = catalog()["targets"][target].get("health", False)
        assert ("COPY deploy/health.py" in text) == shared, target


def test_ci_of_the_template_runs_the_command_of_its_readme() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    runs = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]
    assert runs
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(line in readme for line in runs), runs
    assert Path(ROOT / "requirements-dev.txt").is_file()
