"""Every framework x task x targets x CI and every pair of other answers, rendered and linted.

The trees are rendered once; each linter runs once, over all of them.
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import catalog, offered, questions, render
from pairwise import pairwise

LONG = "Colour and Texture of 60 Characters in a Long Project's Name"
BIN = Path(sys.executable).parent
# Where the rule has exceptions that GitHub and the tools themselves ask for.
YAMLLINT = """
extends: default
rules:
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: {max: 120}
  truthy: {check-keys: false}
"""


@dataclass(frozen=True)
class Tree:
    """One rendered project and the answers that made it."""

    folder: Path
    answers: dict[str, Any]

    def files(self) -> Iterator[Path]:
        yield from sorted(path for path in self.folder.rglob("*") if path.is_file())


def offerable(key: str) -> list[str]:
    """The choices of a question that can be taken."""
    entries = catalog()["tasks"] if key == "task" else {}
    return [c for c in questions()[key].choices if entries.get(c, {}).get("available", True)]


def subsets(values: list[str]) -> list[list[str]]:
    """None of them, each alone, all, in the order of `values`: it grows with them, not squared."""
    sizes = sorted({0, 1, len(values)} & set(range(len(values) + 1)))
    return [list(chosen) for size in sizes for chosen in combinations(values, size)]


def rows() -> list[dict[str, Any]]:
    """The answer sets of the matrix, all of them derived from the questions and the catalog."""
    stacks = [
        {"framework": framework, "task": task, "targets": targets}
        for framework in catalog()["frameworks"]
        for task in offered(framework)["tasks"]
        for targets in subsets(offered(framework, task)["targets"])
    ]
    factors: dict[str, list[Any]] = {
        "stack": stacks,
        "project_name": ["My Model", LONG, "Größe 7: 「画像」 & Co."],
        "user_name": ["", 'Zoë "Z" Ångström'],
        "user_email": ["", "zoe@example.org"],
    }
    for key, question in questions().items():
        if question.kind == "one" and key not in stacks[0]:
            factors[key] = list(question.choices)
        elif question.kind == "several" and key not in stacks[0]:
            every = list(question.choices)
            factors[key] = [[], *([choice] for choice in every), every]
    seeds = [{"stack": stack, "ci": ci} for stack in stacks for ci in factors["ci"]]
    return [row.pop("stack") | row for row in pairwise(factors, seeds)]


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[Tree]:
    root = tmp_path_factory.mktemp("matrix")
    return [Tree(render(root / f"{i:03}", row), row) for i, row in enumerate(rows())]


def distinct(trees: list[Tree], pattern: str) -> list[Path]:
    """One file for each content at a path: what is the same everywhere is checked once."""
    found: dict[tuple[str, bytes], Path] = {}
    for tree in trees:
        for path in tree.folder.glob(pattern):
            if path.is_file():
                name = str(path.relative_to(tree.folder))
                found.setdefault((name, hashlib.sha256(path.read_bytes()).digest()), path)
    return list(found.values())


def tool(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a tool that lies beside this Python; any exit code but 0 fails with its output."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=cwd, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{command[0]} says:\n{(done.stdout + done.stderr)[:4000]}"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_matrix_is_what_it_says(trees: list[Tree]) -> None:
    """Every full combination is there, and every two choices that can be taken meet."""
    seen = {
        (t.answers["framework"], t.answers["task"], tuple(t.answers["targets"]), t.answers["ci"])
        for t in trees
    }
    for framework in catalog()["frameworks"]:
        for task in offered(framework)["tasks"]:
            for targets in subsets(offered(framework, task)["targets"]):
                for ci in questions()["ci"].choices:
                    assert (framework, task, tuple(targets), ci) in seen
    alone = [key for key, question in questions().items() if question.kind == "one"]
    for one, other in combinations(alone, 2):
        if {one, other} <= {"framework", "task"}:
            continue  # not every framework offers every task; the loop above knows
        choices = product(*(offerable(key) for key in (one, other)))
        met = {(tree.answers[one], tree.answers[other]) for tree in trees}
        assert met == set(choices), f"{one} with {other}"


def everything(trees: list[Tree], pattern: str) -> Iterable[tuple[Tree, Path]]:
    for tree in trees:
        for path in tree.folder.rglob(pattern):
            if path.is_file():
                yield tree, path


def parse_yaml(text: str) -> None:
    assert list(yaml.safe_load_all(text)), "empty"


@pytest.mark.parametrize(
    ("suffix", "parse"),
    [
        (".py", ast.parse),
        (".toml", tomllib.loads),
        (".json", json.loads),
        (".yml", parse_yaml),
        (".yaml", parse_yaml),
        (".cff", parse_yaml),
    ],
)
def test_everything_parses(trees: list[Tree], suffix: str, parse: Callable[[str], object]) -> None:
    for path in distinct(trees, f"**/*{suffix}"):
        try:
            parse(path.read_text("utf-8"))
        except Exception as error:
            pytest.fail(f"{path}: {error}")


def test_ruff_with_the_projects_own_settings(trees: list[Tree]) -> None:
    root = trees[0].folder.parent
    tool("ruff", "check", "--quiet", "--output-format=concise", "--no-cache", root)


def test_ruff_format_with_the_projects_own_settings(trees: list[Tree]) -> None:
    tool("ruff", "format", "--check", "--quiet", "--no-cache", trees[0].folder.parent)


def schema(name: str, paths: list[Path], *options: str) -> None:
    assert paths, f"the matrix has no file for {name}"
    tool("check-jsonschema", "--builtin-schema", f"vendor.{name}", *options, *paths)


def test_github_files_follow_their_schemas(trees: list[Tree]) -> None:
    schema("github-workflows", distinct(trees, ".github/workflows/*.yml"))
    schema("github-actions", distinct(trees, ".github/actions/*/action.yml"))
    schema("dependabot", distinct(trees, ".github/dependabot.yml"))


def test_gitlab_files_follow_their_schema(trees: list[Tree]) -> None:
    paths = [*distinct(trees, ".gitlab-ci.yml"), *distinct(trees, ".gitlab/*.yml")]
    assert len({path.name for path in paths}) > 1
    schema("gitlab-ci", paths, "--data-transform", "gitlab-ci")


def test_citation_and_compose_files_follow_their_schemas(trees: list[Tree]) -> None:
    schema("citation-file-format", distinct(trees, "CITATION.cff"))
    schema("compose-spec", distinct(trees, "deploy/*/compose.y*ml"))


def test_zizmor_finds_nothing(trees: list[Tree], tmp_path: Path) -> None:
    """A workflow is known by its folder, so each distinct one gets a repository of its own."""
    paths = distinct(trees, ".github/**/*.yml")
    assert paths
    for i, path in enumerate(paths):
        below = path.parts[path.parts.index(".github") :]
        copied = tmp_path.joinpath(str(i), *below)
        copied.parent.mkdir(parents=True)
        shutil.copy(path, copied)
    tool("zizmor", "--offline", "--pedantic", "--quiet", tmp_path)


def test_yamllint_finds_nothing(trees: list[Tree]) -> None:
    paths = [
        path
        for pattern in ("**/*.yml", "**/*.yaml", "*.cff")
        for path in distinct(trees, pattern)
        if path.name != ".copier-answers.yml"
    ]
    tool("yamllint", "--strict", "-d", YAMLLINT, *paths)


def test_hadolint_finds_nothing(trees: list[Tree]) -> None:
    tool("hadolint", *distinct(trees, "deploy/*/Dockerfile"))


def command_lines(path: Path) -> Iterator[str]:
    """What a CI file hands to a shell."""
    jobs = yaml.safe_load(path.read_text("utf-8"))
    for job in jobs.get("jobs", jobs).values():
        if isinstance(job, dict):
            for section in ("before_script", "script", "after_script"):
                yield from job.get(section, [])
            yield from (step["run"] for step in job.get("steps", []) if "run" in step)


def test_shellcheck_finds_nothing(trees: list[Tree], tmp_path: Path) -> None:
    """Shell scripts, and the command lines of the CI files."""
    files = (".github/workflows/*.yml", ".gitlab-ci.yml", ".gitlab/*.yml")
    ci = [path for pattern in files for path in distinct(trees, pattern)]
    lines = {line for path in ci for line in command_lines(path)}
    assert len(lines) > 10
    for i, line in enumerate(sorted(lines)):
        (tmp_path / f"line{i}.sh").write_text(f"#!/bin/sh\n{line}\n", "utf-8")
    scripts = [*distinct(trees, "**/*.sh"), *distinct(trees, "**/*.sbatch")]
    tool("shellcheck", *sorted(tmp_path.iterdir()), *scripts)


def test_pre_commit_files_are_valid(trees: list[Tree]) -> None:
    tool("pre-commit", "validate-config", *distinct(trees, ".pre-commit-config.yaml"))


# The templates of chats are Jinja themselves, and text to these files.
OF_CHATS = ("rendering.py", "tiny.py", "templates.py")


def test_nothing_of_the_template_is_left(trees: list[Tree]) -> None:
    """No Jinja in any file or name; GitHub's own ${{ }} may stay, and {{ in Python's f-strings."""
    names = "|".join([*questions(), "use", "catalog", "pins", "project_slug"])
    jinja = re.compile(rf"\{{%|\{{#|\{{\{{ *({names})\b")
    braces = re.compile(r"(?<!\$)\{\{")
    for tree in trees:
        for path in tree.files():
            name = str(path.relative_to(tree.folder))
            assert not re.search(r"[{}]|\.jinja$", name), f"{name} in {tree.answers}"
            if name == ".copier-answers.yml" or path.name in OF_CHATS:
                continue
            payload = path.read_bytes()
            if b"\0" in payload:
                continue  # a picture, not a text
            text = payload.decode("utf-8")
            for found in [
                jinja.search(text),
                None if path.suffix == ".py" else braces.search(text),
            ]:
                assert not found, f"{name}: {text[found.start() : found.start() + 60]!r}"
            assert "_copier" not in text, name


def test_the_packages_of_every_web_page_are_asked_for(trees: list[Tree]) -> None:
    """What a page is made of comes from npm, by the package.json that is rendered with it."""
    targets = catalog()["targets"]
    seen = set()
    for tree in trees:
        for page in tree.folder.glob("src/*/targets/*/page"):
            name = page.parent.name
            asked = json.loads((tree.folder / "web" / "package.json").read_text("utf-8"))
            assert targets[name]["npm"].items() <= asked["dependencies"].items(), tree.answers
            seen.add(name)
    assert seen == {name for name, entry in targets.items() if entry.get("page")}


def test_rendering_twice_gives_the_same_bytes(trees: list[Tree], tmp_path: Path) -> None:
    for i, tree in enumerate(trees[:12]):
        again = render(tmp_path / str(i), tree.answers)
        assert contents(again) == contents(tree.folder), tree.answers


def test_the_answers_file_makes_the_same_project(trees: list[Tree], tmp_path: Path) -> None:
    for i, tree in enumerate(trees):
        stored = yaml.safe_load((tree.folder / ".copier-answers.yml").read_text("utf-8"))
        answers = {key: value for key, value in stored.items() if not key.startswith("_")}
        assert answers.items() >= tree.answers.items(), (
            "an answer was stored differently or not at all"
        )
        again = render(tmp_path / str(i), answers)
        assert contents(again) == contents(tree.folder), tree.answers


def test_ci_providers_run_the_same_jobs(trees: list[Tree]) -> None:
    jobs: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(dict)
    for tree in trees:
        stack = (tree.answers["framework"], tree.answers["task"], *tree.answers["targets"])
        if tree.answers["ci"] == "github":
            text = (tree.folder / ".github/workflows/ci.yml").read_text("utf-8")
            jobs[stack]["github"] = set(yaml.safe_load(text)["jobs"])
        elif tree.answers["ci"] == "gitlab":
            pipeline = yaml.safe_load((tree.folder / ".gitlab-ci.yml").read_text("utf-8"))
            found = {name for name, job in pipeline.items() if "script" in job}
            jobs[stack]["gitlab"] = found
    assert jobs
    for stack, by in jobs.items():
        assert by["github"] == by["gitlab"], stack
        assert {"lint", "types", "test", "model"} <= by["github"], stack


def test_no_free_text_reaches_what_runs_commands(tmp_path: Path) -> None:
    """A text that could end a command changes nothing in CI, hooks and deployment."""

    def commands(folder: Path) -> dict[str, bytes]:
        places = (".github/", ".gitlab", ".pre-commit-config.yaml", "deploy/")
        return {k: v for k, v in contents(folder).items() if k.startswith(places)}

    hostile = "Plain'; $(touch x) `y` ${{ z }} \" #"
    for ci in ("github", "gitlab"):
        fixed = {
            "package_name": "plain",
            "ci": ci,
            "cluster": ["slurm", "kubeflow"],
            "update_pr": True,
        }
        free = dict.fromkeys(("project_name", "description", "user_name"), hostile)
        with_text = commands(render(tmp_path / f"{ci}-text", fixed | free))
        without = commands(render(tmp_path / f"{ci}-plain", fixed))
        assert len(without) > 1
        assert with_text == without


def test_python_versions_follow_the_oldest_one(trees: list[Tree]) -> None:
    for tree in trees:
        project = tomllib.loads((tree.folder / "pyproject.toml").read_text("utf-8"))["project"]
        oldest = tree.answers["python_version"]
        # TensorFlow, and what exports TFLite from PyTorch, have no wheels for Python 3.14.
        old = tree.answers["framework"] == "tensorflow" or "tflite" in tree.answers["targets"]
        assert project["requires-python"] == f">={oldest},<{'3.14' if old else '3.15'}"
        if tree.answers["ci"] == "github":
            workflow = yaml.safe_load((tree.folder / ".github/workflows/ci.yml").read_text("utf-8"))
            tried = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
            assert tried[0] == oldest and tried[-1] == ("3.13" if old else "3.14")


def test_long_names_keep_their_length() -> None:
    assert len(LONG) == 60, "the longest project name that is allowed"
    assert os.path.sep not in LONG
