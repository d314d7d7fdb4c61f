"""A project in a folder of a repository that exists, as docs/monorepo.md says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import yaml
from harness import ROOT, copy_template, pins, render
from project_lab import environment
from readme import commands
from update_lab import commit, git, stored

PAGE = ROOT / "docs" / "monorepo.md"
YAML = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
ADDRESS = "https://github.com/OWNER/"
UPDATE = ROOT / "template" / "{{ use.update_pr }}" / "tools" / "template_update.py"


class Monorepo:
    """A repository with something of its own, and a template with two releases beside it."""

    def __init__(self, folder: Path) -> None:
        self.template = copy_template(folder / "pickone.git")
        commit(self.template, "0.1.0")
        git(self.template, "tag", "v0.1.0")
        self.top = folder / "mono"
        (self.top / "web").mkdir(parents=True)
        (self.top / "web" / "index.html").write_text("Ours\n")
        (self.top / "README.md").write_text("# Ours\n")
        git(self.top, "init", "--quiet")
        commit(self.top, "Start")
        self.variables = environment() | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{folder}/.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
        }

    def type(self, command: str, folder: str = "") -> str:
        """Type a command of the page; questions take their defaults, nobody is there to answer."""
        for asked in ("copy", "update"):
            command = re.sub(
                rf"^uvx copier {asked}(?! --defaults)", f"uvx copier {asked} -l", command
            )
        command = command.replace("uvx copier", f"{sys.executable} -m copier")
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.top / folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def release(self, version: str, line: str) -> None:
        """A release of the template that changes one line in two files."""
        for name in (".editorconfig", "SECURITY.md.jinja"):
            file = self.template / "template" / name
            file.write_text(file.read_text("utf-8") + f"# {line}\n", encoding="utf-8")
        commit(self.template, version)
        git(self.template, "tag", f"v{version}")


def test_a_project_in_a_folder_is_updated_like_any_other(tmp_path: Path) -> None:
    mono = Monorepo(tmp_path)
    copy, *committed, check, update = commands(PAGE)
    for command in (copy, *committed):
        mono.type(command)
    vision = mono.top / "services" / "vision"
    assert stored(vision)["_src_path"] == f"{ADDRESS}pickone.git"
    assert set(git(mono.top, "ls-tree", "--name-only", "HEAD").split()) == {
        *("README.md", "services", "web")
    }
    (vision / "runs").mkdir()
    (vision / "runs" / "a").touch()
    assert git(mono.top, "status", "--porcelain") == ""  # .gitignore works in the folder

    (vision / "config.toml").write_text("# Mine\n")
    commit(mono.top, "An edit")
    mono.release("0.2.0", "New")
    (mono.top / "web" / "index.html").write_text("Under way\n")  # not in the way
    assert "latest version is 0.2.0" in mono.type(check, "services/vision")
    mono.type(update, "services/vision")
    assert stored(vision)["_commit"] == "v0.2.0"
    assert (vision / "config.toml").read_text() == "# Mine\n"
    assert (vision / ".editorconfig").read_text("utf-8").endswith("# New\n")
    changed = git(mono.top, "status", "--porcelain").splitlines()
    assert {line[3:] for line in changed} == {
        "web/index.html",
        *(
            f"services/vision/{name}"
            for name in (".copier-answers.yml", ".editorconfig", "SECURITY.md")
        ),
    }


def test_each_project_is_updated_on_a_branch_of_its_own(tmp_path: Path) -> None:
    """By the bots' command; a template of one file will do."""
    template, top = tmp_path / "template", tmp_path / "mono"
    template.mkdir()
    answers = "{{ _copier_conf.answers_file }}.jinja"
    (template / answers).write_text("{{ _copier_answers | to_yaml }}")
    commit(template, "0.1.0")
    git(template, "tag", "v0.1.0")
    for name in ("vision", "speech"):
        copier.run_copy(str(template), top / "services" / name, defaults=True, quiet=True)
    commit(top, "Start")
    git(top, "branch", "start")
    (template / "new.txt").touch()
    commit(template, "0.2.0")
    git(template, "tag", "v0.2.0")
    for name in ("vision", "speech"):
        git(top, "switch", "--quiet", "start")
        command = [
            sys.executable,
            str(UPDATE),
            "--folder",
            f"services/{name}",
            "--branch",
            "--json",
        ]
        done = subprocess.run(command, cwd=top, env=environment(), capture_output=True, text=True)
        branch = f"template-update/services/{name}/0.2.0"
        assert json.loads(done.stdout)["branch"] == branch, done.stdout + done.stderr
        assert git(top, "branch", "--show-current").strip() == branch
        named = git(top, "show", "--name-only", "--format=", "HEAD").split()
        assert f"services/{name}/new.txt" in named
        assert all(path.startswith(f"services/{name}/") for path in named)


def test_the_workflow_at_the_top_is_sound(tmp_path: Path) -> None:
    """It names the template's own pins, and the commands are those of a project's README."""
    workflow = YAML[0]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "vision.yml").write_text(workflow)
    dependabot = tmp_path / ".github" / "dependabot.yml"
    dependabot.write_text(YAML[1])
    for tool, *arguments in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", folder / "vision.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.dependabot", dependabot),
        ("zizmor", "--offline", "--pedantic", "--quiet", tmp_path),
    ):
        command = [str(Path(sys.executable).parent / tool), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    for action in ("checkout", "setup_uv"):
        assert pins()["actions"][action] in workflow
    assert f'version: "{pins()["uv"]}"' in workflow
    parsed: dict[str, Any] = yaml.safe_load(workflow)
    runs = [step["run"] for step in parsed["jobs"]["checks"]["steps"] if "run" in step]
    project = render(tmp_path / "project")
    assert len(runs) == 4 and set(runs) <= set(commands(project / "README.md"))


def test_hooks_at_the_top_are_those_of_the_project() -> None:
    """The same commands in the folder; mypy is left to CI, as it needs the whole environment."""
    own = yaml.safe_load((ROOT / "template" / ".pre-commit-config.yaml").read_text("utf-8"))
    entries = {hook["id"]: hook["entry"] for hook in own["repos"][0]["hooks"]}
    for hook in yaml.safe_load(YAML[2])["repos"][0]["hooks"]:
        there = hook["entry"].replace(" --directory services/vision", "")
        assert entries[hook["id"].removeprefix("vision-")].replace(" --force-exclude", "") == there
        assert not hook["pass_filenames"] and re.match(hook["files"], "services/vision/src/a.py")
