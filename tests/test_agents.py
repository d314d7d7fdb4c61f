"""What a project tells agents and editors is true: AGENTS.md, the schema of config.toml, settings.

Held for every task with every framework, with all targets and with none.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import catalog, offered, pins, render
from update_lab import commit, git

SCHEMA = "import json; from my_model import config_schema as c; print(json.dumps(c.schema()))"


@dataclass(frozen=True)
class Project:
    """One rendered project and what its page says."""

    folder: Path
    framework: str
    task: str
    targets: list[str]

    @property
    def page(self) -> str:
        return (self.folder / "AGENTS.md").read_text("utf-8")

    @property
    def package(self) -> Path:
        return self.folder / "src" / "my_model"

    def chapter(self, title: str) -> str:
        return self.page.split(f"## {title}\n")[1].split("\n## ")[0]

    def schema(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", SCHEMA],
            cwd=self.folder / "src",
            capture_output=True,
            text=True,
            check=True,
        )
        schema: dict[str, Any] = json.loads(done.stdout)
        return schema


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[Project]:
    root = tmp_path_factory.mktemp("agents")
    made: list[Project] = []
    for framework in catalog()["frameworks"]:
        for task in offered(framework)["tasks"]:
            every = offered(framework, task)["targets"]
            for targets in (every, []):
                answers = {"framework": framework, "task": task, "targets": targets}
                more = {"runs_on": ["browser"], "package_name": "my_model"}
                folder = render(root / f"{len(made)}", {**answers, **more})
                made.append(Project(folder, framework, task, targets))
    return made


def cells(text: str) -> list[list[str]]:
    """The rows of a table, without its head."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_file_that_is_named_is_there(projects: list[Project]) -> None:
    for project in projects:
        named = {path for row in cells(project.chapter("What to change where")) for path in row[1:]}
        files = set(re.findall(r"`([\w./]+\.py)`", " ".join(named)))
        assert {"model.py", "task.py", "data.py", "report/results.py"} <= files
        for file in files - {"targets/TARGET/export.py", "runtime.py", "server.py"}:
            assert (project.package / file).is_file(), f"{project.task}: {file}"
        for target in project.targets:
            served = ["server.py"] if catalog()["targets"][target].get("serves", True) else []
            for file in ("export.py", "runtime.py", "__init__.py", *served):
                assert (project.package / "targets" / target / file).is_file()
        kept = re.findall(r"`([\w./*-]+)`", project.chapter("Leave alone"))
        assert {"verification.py", "schedule.py", "state.py", "chance.py"} <= set(kept)
        for file in (name for name in kept if re.fullmatch(r"\w+\.py", name)):
            assert (project.package / file).is_file(), file
        for link in re.findall(r"\]\(([\w./]+)\)", project.page):
            assert (project.folder / link).is_file(), link


def test_every_command_and_flag_is_one_that_there_is(projects: list[Project]) -> None:
    for project in projects:
        text = (project.package / "cli.py").read_text("utf-8")
        table = text.split("COMMANDS: ")[1].split("\n}")[0]
        known = {name.replace("_", "-") for name in re.findall(r"^    (\w+):", table, re.MULTILINE)}
        sections = project.schema()["properties"].values()
        settings = {name for section in sections for name in section["properties"]}
        flags = {f"--{name.replace('_', '-')}" for name in settings} | {"--name", "--help"}
        commands = re.findall(r"`uv run my-model ([^`]+)`", project.page)
        assert {command.split()[0] for command in commands} == known
        for command in commands:
            used = set(re.findall(r"--[\w-]+", command))
            assert used <= flags | {f"--no-{flag[2:]}" for flag in flags}, command
        assert catalog()["tasks"][project.task]["smoke"] in project.page


def test_the_targets_are_those_that_can_be_had(projects: list[Project]) -> None:
    for project in projects:
        rows = {row[0].strip("`"): row[2] for row in cells(project.chapter("Targets"))}
        can = offered(project.framework, project.task)["targets"]
        assert rows == {name: "yes" if name in project.targets else "no" for name in can}


def test_the_checks_are_those_of_ci(projects: list[Project]) -> None:
    [block] = re.findall(r"```sh\n(.*?)```", projects[0].page, re.DOTALL)
    ci = (projects[0].folder / ".github/workflows/ci.yml").read_text("utf-8")
    for line in block.splitlines():
        assert line.removeprefix("uv run ") in ci.replace("--only-group dev ", ""), line


def test_config_toml_follows_its_own_schema(projects: list[Project], tmp_path: Path) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    tasks = {project.task: project for project in projects}
    command: list[str | Path] = [tool, "--schemafile"]
    for task, project in tasks.items():
        schema = tmp_path / f"{task}.json"
        schema.write_text(json.dumps(project.schema()))
        subprocess.run([*command, schema, project.folder / "config.toml"], check=True)
    subprocess.run([tool, "--check-metaschema", *tmp_path.glob("*.json")], check=True)
    wrong = tmp_path / "wrong.toml"
    for text in ("[train]\nepoch = 1\n", "[train]\nepochs = 0\n", "[trains]\n"):
        wrong.write_text(text)
        done = subprocess.run([*command, tmp_path / "tabular.json", wrong], capture_output=True)
        assert done.returncode == 1


def test_editors_find_their_settings_and_the_container_is_pinned(projects: list[Project]) -> None:
    for project in (projects[0], projects[-1]):
        container = json.loads((project.folder / ".devcontainer/devcontainer.json").read_text())
        assert container["image"] == pins()["images"]["python"]
        made = container["postCreateCommand"]
        assert f"uv=={pins()['uv']} && uv sync" in made
        assert ("npm install --prefix web" in made) == (project.folder / "web").exists()
    folder = projects[0].folder
    commit(folder, "Start")
    kept = git(folder, "ls-files", ".vscode").split()
    assert kept == [".vscode/extensions.json", ".vscode/settings.json"]
