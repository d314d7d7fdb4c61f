"""A company's fork: its settings show in its projects, and upstream's releases merge cleanly.

The fork is made here: company.yml with every setting changed, files and a question of its own. So
is upstream's next release, which touches whatever lies near.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from company_lab import (
    OWN,
    QUESTION,
    SETTINGS,
    clashes,
    copied,
    doubled,
    edit,
    faults,
    leaves,
    make_fork,
    own_settings,
    render,
)
from copier._settings import SettingsModel
from harness import ROOT, copy_template, jinja_env, questions, short_cuts, template
from update_lab import files, git


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's fork, into which it has merged upstream's next release."""
    return make_fork(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def merged(fork: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without .git, from which Copier renders faster."""
    return copied(fork, tmp_path_factory.mktemp("merged") / "fork")


@pytest.fixture(scope="module")
def project(merged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fork renders for someone who gives no answer but a few that are allowed."""
    return render(
        merged,
        tmp_path_factory.mktemp("project") / "p",
        targets=["onnx", "tf_serving"],
        runs_on=["cloud", "browser"],
        cost_centre="4711",
    )


def test_the_fork_changes_every_setting_that_there_is() -> None:
    ours = dict(leaves(own_settings(ROOT)))
    theirs = dict(leaves(SETTINGS))
    below = {
        name: {key: theirs[key] for key in theirs if f"{key}.".startswith(f"{name}.")}
        for name in ours
    }
    assert {name for name, found in below.items() if not any(found.values())} == set()
    assert all(theirs.get(name) != value for name, value in ours.items())


def test_merging_upstream_leaves_what_is_the_companys(fork: Path) -> None:
    assert git(fork, "log", "--merges", "--oneline").strip()
    assert own_settings(fork) == SETTINGS
    assert (fork / OWN / "docs" / "policy.md.jinja").exists()
    assert (fork / "extensions" / "targets" / "newest.yml").exists()


def test_defaults_are_what_is_allowed(project: Path) -> None:
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    chosen = {key: answers[key] for key in ("framework", "task", "ci", "license", "tracker")}
    assert chosen == {
        "framework": "tensorflow",
        "task": "tabular",
        "ci": "github",
        "license": "proprietary",
        "tracker": "mlflow",
    }
    decision = " ".join((project / "docs" / "decision.md").read_text("utf-8").split())
    assert answers["newest"] == "x" and answers["cost_centre"] == "4711"
    assert "rules recommend TensorFlow" in decision or "**This project uses TensorFlow" in decision
    assert "TensorFlow.js is the target for this place; it is not allowed here" in decision


def test_a_company_answers_what_nobody_is_asked(tmp_path: Path) -> None:
    """In new projects, which may answer otherwise; those that exist keep their answers."""
    silent = {key: one for key, one in questions().items() if one.choices and not one.shown}
    ours = {key: list(one.choices[-1:]) for key, one in silent.items() if one.kind == "several"}
    ours |= {key: one.choices[-1] for key, one in silent.items() if one.kind == "one"}
    assert {"license", "update_pr", "ci_systems", "python_version"} < ours.keys()
    assert list(faults({"defaults": ours})) == []
    fork = copy_template(tmp_path / "fork")
    text = yaml.safe_dump({"_company": {"defaults": ours}})
    (fork / "extensions" / "company.yml").write_text(text, "utf-8")

    def answers(project: Path) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
        return {key: found[key] for key in silent}

    assert answers(render(fork, tmp_path / "new")) == ours
    assert (tmp_path / "new" / ".github" / "workflows" / "template-update.yml").exists()
    own = {"update_pr": False, "license": "MIT", "cluster": []}
    assert answers(render(fork, tmp_path / "own", **own)) == ours | own
    before = answers(render(template(), tmp_path / "old"))
    assert not set(map(str, before.values())) & set(map(str, ours.values()))
    with short_cuts():
        call: dict[str, Any] = {"defaults": True, "quiet": True, "settings": SettingsModel()}
        copier.run_copy(str(fork), tmp_path / "old", overwrite=True, **call)
    assert answers(tmp_path / "old") == before


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ({"update": True}, "no setting is called defaults.update"),
        ({"goal": "team"}, "no setting is called defaults.goal"),
        ({"update_pr": "yes"}, "defaults.update_pr has 'yes', which is none of False, True"),
        ({"tracker": "wandb"}, "defaults.tracker has 'wandb', which is none of mlflow"),
        ({"license": "GPL"}, "defaults.license has 'GPL', which is none of proprietary, Apache"),
        ({"python_version": 3.12}, "defaults.python_version has 3.12, which is none of 3.11, 3."),
        ({"cluster": "kubeflow"}, "defaults.cluster takes a list, not 'kubeflow'"),
        ({"cluster": ["slurm"]}, "defaults.cluster has 'slurm', which is none of kubeflow"),
        ({"ci_systems": ["linux"]}, "defaults.ci_systems has 'linux', which is none of windows, m"),
    ],
    ids=str,
)
def test_a_default_that_cannot_be_is_named(defaults: dict[str, Any], words: str) -> None:
    [fault] = faults(SETTINGS | {"defaults": defaults})
    assert fault.startswith(words)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("framework", "pytorch"),
        ("task", "image_classification"),
        ("task", "newest"),
        ("targets", ["tfjs"]),
        ("targets", ["newest"]),
        ("ci", "none"),
        ("ci", "other"),
        ("license", "MIT"),
        ("license", "X"),
        ("tracker", "tensorboard"),
        ("tracker", "other"),
        ("cluster", ["slurm"]),
        ("cluster", ["newest"]),
    ],
    ids=str,
)
def test_what_is_not_allowed_is_refused_also_what_upstream_adds(
    merged: Path, tmp_path: Path, key: str, value: object
) -> None:
    with pytest.raises(ValueError, match=rf"'{key}': (\w+: )?not allowed here"):
        render(merged, tmp_path / "p", **{key: value})


def test_a_recommendation_that_is_not_allowed_is_told_as_such(merged: Path, tmp_path: Path) -> None:
    project = render(merged, tmp_path / "p", production_stack="pytorch")
    page = (project / "docs" / "decision.md").read_text("utf-8")
    assert "**This project uses TensorFlow, against the recommendation.**" in page
    assert "PyTorch is not allowed here" in page and "owner's to make. This page" not in page


def test_what_is_not_allowed_is_no_advice_for_new_projects() -> None:
    page = jinja_env().get_template("extensions/decision.jinja").module
    labels = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}
    old = {"rule": "old", "pick": "tensorflow", "because": "x"}
    for banned in (True, False):
        entries = {key: {"label": label} for key, label in labels.items()}
        entries["pytorch"]["banned"] = banned  # type: ignore[assignment]
        now = {"rule": "new", "pick": "pytorch", "because": "y"}
        said = vars(page)["headline"]({"frameworks": entries}, old, now, "tensorflow")
        assert ("PyTorch is not allowed here, in new projects either." in said) == banned
        assert ("That is for new projects" in said) != banned


def test_packages_and_images_come_from_the_company(project: Path) -> None:
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    index = SETTINGS["index"]
    assert pyproject["tool"]["uv"]["index"] == [
        {"name": "company", "url": index["uv"], "default": True}
    ]
    update = yaml.safe_load((project / ".github/workflows/template-update.yml").read_text("utf-8"))
    assert update["env"] == {"UV_DEFAULT_INDEX": index["uv"]}
    container = json.loads((project / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert container["image"].startswith("images.example.com/mirror/library/python:")
    assert container["containerEnv"]["PIP_INDEX_URL"] == index["pip"]
    npmrc = (project / "web" / ".npmrc").read_text().splitlines()
    assert f"registry={index['npm']}" in npmrc and "ignore-scripts=true" in npmrc
    dockerfiles = sorted(project.glob("deploy/*/Dockerfile"))
    assert len(dockerfiles) == 3
    for path in dockerfiles:
        text = path.read_text("utf-8")
        bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert bases and all(base.startswith("images.example.com/mirror/") for base in bases)
        assert ("pip install" not in text) or f"    PIP_INDEX_URL={index['pip']} \\\n" in text
    assert (
        "FROM images.example.com/mirror/library/python:3.13.13-slim" in dockerfiles[0].read_text()
    )
    used = [p for p in project.rglob("*") if p.suffix in (".yaml", "") and p.is_file()]
    everything = "".join(p.read_text("utf-8") for p in used)
    assert "registry.example.com" not in everything
    assert everything.count("images.example.com/ml/my-model-") >= 3


def lint(folder: Path) -> None:
    """GitHub's schema, and zizmor with all that it knows."""
    for command in (
        ("check-jsonschema", "--builtin-schema", "vendor.dependabot", "dependabot.yml"),
        ("zizmor", "--offline", "--pedantic", "--quiet", "."),
        (
            "yamllint",
            "--strict",
            "-d",
            "{extends: default, rules: {line-length: disable, document-start: disable}}",
            "dependabot.yml",
        ),
    ):
        tool, *arguments = command
        done = subprocess.run(
            [Path(sys.executable).with_name(tool), *arguments],
            cwd=folder / ".github",
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_dependabot_asks_the_companys_index_and_leaves_its_images(project: Path) -> None:
    lint(project)
    found = yaml.safe_load((project / ".github" / "dependabot.yml").read_text("utf-8"))
    assert found["registries"] == {
        "uv": {
            "type": "python-index",
            "url": SETTINGS["index"]["uv"],
            "replaces-base": True,
            "username": "${{secrets.UV_INDEX_COMPANY_USERNAME}}",
            "password": "${{secrets.UV_INDEX_COMPANY_PASSWORD}}",
        },
        "images": {
            "type": "docker-registry",
            "url": "https://images.example.com",
            "username": "${{secrets.IMAGES_USERNAME}}",
            "password": "${{secrets.IMAGES_PASSWORD}}",
        },
    }
    used = {(e["package-ecosystem"], *e.get("registries", [])) for e in found["updates"]}
    assert used == {("github-actions",), ("uv", "uv"), ("docker", "images")}
    # Dependabot calls an image as its Dockerfile does, without the registry.
    for entry in found["updates"]:
        if entry["package-ecosystem"] == "docker":
            text = (project / entry["directory"][1:] / "Dockerfile").read_text("utf-8")
            bases = set(re.findall(r"^FROM images\.example\.com/([^:\s]+):", text, re.MULTILINE))
            assert bases and bases <= {ignored["dependency-name"] for ignored in entry["ignore"]}


def test_without_a_login_no_secret_is_named(merged: Path, tmp_path: Path) -> None:
    """A name without its secret stops every job of Dependabot."""
    other = copied(merged, tmp_path / "fork")
    settings = SETTINGS | {"login": [], "images": "images.example.com:5000/mirror"}
    text = yaml.safe_dump({"_company": settings, "cost_centre": QUESTION})
    (other / "extensions" / "company.yml").write_text(text, "utf-8")
    project = render(other, tmp_path / "p", targets=["onnx"])
    lint(project)
    text = (project / ".github" / "dependabot.yml").read_text("utf-8")
    found = yaml.safe_load(text)
    index = {"type": "python-index", "url": SETTINGS["index"]["uv"], "replaces-base": True}
    assert found["registries"] == {"uv": index} and "secrets" not in text
    assert {"dependency-name": "mirror/library/python"} in found["updates"][-1]["ignore"]
    assert "registries" not in found["updates"][-1]


def test_renovate_gets_the_login_where_it_moves_the_lock(merged: Path, tmp_path: Path) -> None:
    for ci in ("github", "gitlab"):
        page = render(merged, tmp_path / ci, ci=ci) / "docs" / "template_updates.md"
        file = tmp_path / f"{ci}.json"
        file.write_text(page.read_text("utf-8").split("```json\n")[1].split("```")[0])
        tool = Path(sys.executable).with_name("check-jsonschema")
        subprocess.run([tool, "--builtin-schema", "vendor.renovate", file], check=True)
        rules = json.loads(file.read_text("utf-8")).get("hostRules", [])
        assert bool(rules) == (ci == "gitlab")
        for rule in rules:
            assert rule["matchHost"] == SETTINGS["index"]["uv"]
            assert rule["password"] == "{{ secrets.UV_INDEX_COMPANY_PASSWORD }}"


def test_runners_owners_and_licence(project: Path) -> None:
    paths = list((project / ".github/workflows").iterdir())
    workflows = [yaml.safe_load(path.read_text("utf-8")) for path in paths]
    labels = {tuple(job["runs-on"]) for found in workflows for job in found["jobs"].values()}
    assert len(workflows) == 2 and labels == {("self-hosted", "linux")}
    assert (
        (project / "CODEOWNERS").read_text().endswith("\n* @example/ml-platform ml@example.com\n")
    )
    assert (
        (project / "LICENSE")
        .read_text()
        .startswith("Confidential. Not for release.\n\nCopyright (c) Example Ltd\n")
    )
    assert (project / "docs" / "policy.md").read_text() == "Paid by 4711.\n"
    assert not (project / "gitlab.txt").exists()


def test_gitlab_and_pytorch(merged: Path, tmp_path: Path) -> None:
    """The rest of the settings, for the company that allows PyTorch."""
    other = copied(merged, tmp_path / "fork")
    edit(other, "extensions/company.yml", "    - tensorflow\n", "    - pytorch\n")
    edit(other, "extensions/company.yml", "    - tflite\n", "    - torchserve\n")
    answers = {"ci": "gitlab", "torch_index": "cpu", "targets": ["onnx", "torchserve"]}
    project = render(other, tmp_path / "p", **answers)
    ci = yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))
    assert ci["variables"]["UV_DEFAULT_INDEX"] == SETTINGS["index"]["uv"]
    assert ci["default"] == {"tags": ["ml-small"]}
    assert ci["variables"]["PIP_INDEX_URL"] == SETTINGS["index"]["pip"]
    images = [
        ci[".uv"]["image"],
        ci["image-onnx"]["image"],
        ci["image-onnx"]["services"][0]["name"],
    ]
    assert all(image.startswith("images.example.com/mirror/") for image in images)
    index = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["index"]
    assert [entry["name"] for entry in index] == ["company", "pytorch-cpu"]
    assert index[1]["url"] == SETTINGS["index"]["torch"]["cpu"]
    assert "--index-url https://packages.example.com/torch-cpu" in (
        project / "deploy/torchserve/Dockerfile"
    ).read_text("utf-8")
    assert (project / "gitlab.txt").read_text() == "Ours\n"


def test_no_file_of_the_template_passes_the_settings_by() -> None:
    """Also those that are written later."""
    for path in (ROOT / "template").rglob("*"):
        if path.is_dir() or path.suffix not in (".jinja", ".yml", ".yaml", ".json"):
            continue
        text, name = path.read_text("utf-8"), path.relative_to(ROOT).as_posix()
        for labels in re.findall(r"^ +runs-on: (.*)$", text, re.MULTILINE):
            # Those of other systems are in a matrix, which `system_rows` of ci.jinja makes.
            matrix = "{{ '${{ matrix.runner }}' }}"
            assert labels in ("{{ company.runners.github }}", matrix), name
        if path.name.startswith("Dockerfile") and "FROM " in text:
            bases = re.findall(r"^FROM (.*?)(?: AS \w+)?$", text, re.MULTILINE)
            assert all(base.startswith("{{ pins.images.") for base in bases), name
            assert "pip install" not in text or "{{ pip_index(company) }}" in text, name
        for line in text.splitlines():
            assert "registry.example.com" not in line or "company.registry" in line, name


def test_own_files_have_paths_of_their_own(merged: Path, tmp_path: Path) -> None:
    assert clashes(ROOT) == clashes(merged) == set()
    other = copied(merged, tmp_path / "fork")
    (other / OWN / "readme.md").write_text("Ours\n")
    (other / OWN / "{{ use.gitlab }}" / "CODEOWNERS").write_text("Ours\n")
    assert clashes(other) == {"readme.md", "codeowners"}


def test_own_questions_have_names_of_their_own(merged: Path, tmp_path: Path) -> None:
    assert doubled(ROOT) == doubled(merged) == set()
    other = copied(merged, tmp_path / "fork")
    edit(other, "extensions/company.yml", "cost_centre:", "license:")
    assert doubled(other) == {"license"}


def test_settings_name_what_exists_and_cannot_end_a_command() -> None:
    assert list(faults(own_settings(ROOT))) == []
    assert list(faults(SETTINGS)) == []
    wrong = {
        "alowed": {},
        "allowed": {"targets": ["onx"], "tasks": []},
        "index": {"pip": "https://x.example.com/$(id)"},
        "images": "a b",
        "runners": {"github": "x; id"},
        "owners": ["someone"],
        "login": ["uv", "npm"],
    }
    assert len(list(faults(wrong))) == 9


def test_an_older_company_file_works_with_a_newer_template(merged: Path, tmp_path: Path) -> None:
    other = copied(merged, tmp_path / "fork")
    (other / "extensions" / "company.yml").write_text("_company: {owners: ['@example/ml']}\n")
    shutil.rmtree(other / OWN)
    project = render(other, tmp_path / "p")
    assert "* @example/ml\n" in (project / "CODEOWNERS").read_text()


def test_a_project_that_has_what_is_forbidden_later_is_not_switched_but_stopped(
    merged: Path, tmp_path: Path
) -> None:
    project = render(template(), tmp_path / "p", framework="pytorch", targets=["onnx"])
    before = files(project)
    with pytest.raises(ValueError, match="'framework': not allowed here"):
        render(merged, project)
    assert files(project) == before
