"""A rendered project, installed for real: the commands run in it as its user would run them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness
from pytest_copie.plugin import Copie

# What would make a project's environment another one than a user has.
FOREIGN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "CI")
WINDOWS = Path(__file__).parent / "windows"  # what Python programs must not do there
LIMIT = 1800  # seconds: for a project's own tests on a busy machine


def environment() -> dict[str, str]:
    """Return this process's variables, less what tests bring along; uv is found on the PATH."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith("PYTEST_")
    }
    tools = str(Path(sys.executable).parent)
    person = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Test"), ("EMAIL", "test@example.com"))
    }
    more = {"PATH": f"{tools}{os.pathsep}{kept['PATH']}", "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    return kept | person | more


class Project:
    """A folder with a rendered project, and the servers that were started in it.

    Its virtual environment may be one that several projects share.
    """

    def __init__(self, path: Path, slug: str, virtual_environment: Path | None = None) -> None:
        self.path = path
        self.slug = slug
        self.virtual_environment = virtual_environment or path / ".venv"
        self.server: subprocess.Popen[str] | None = None
        self.greeting: str = ""  # the line with which the server began

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.virtual_environment / "bin" / "python"

    @property
    def package(self) -> Path:
        """The folder of the project's own code."""
        return next((self.path / "src").glob("*/cli.py")).parent

    def environment(self) -> dict[str, str]:
        """Return the variables in which the project's commands run.

        Projects of one environment share what mypy knows of its packages.
        """
        return environment() | {
            "UV_PROJECT_ENVIRONMENT": str(self.virtual_environment),
            "MYPY_CACHE_DIR": str(self.virtual_environment.with_name(".mypy_cache")),
        }

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command in a process group of its own.

        The project's own commands may do with its files only what they could do on Windows.
        """
        own = command.startswith(f"uv run {self.slug} ") and " serve" not in command
        rules = {"PYTHONPATH": str(WINDOWS), "WINDOWS_RULES": str(self.path)} if own else {}
        return subprocess.Popen(
            command,
            shell=True,
            cwd=self.path,
            env=self.environment() | rules,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, code: int = 0) -> str:
        """Run a shell command to its end; returns what it wrote to stdout and stderr."""
        process = self.start(command)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            stop_group(process, signal.SIGKILL)
            raise
        assert process.returncode == code, f"{command}: exit {process.returncode}\n{out}\n{err}"
        return out + err

    def json(self, arguments: str) -> dict[str, Any]:
        """Run one of the project's own commands with --json and return its object."""
        command = f"uv run --quiet {self.slug} {arguments} --json"
        done = subprocess.run(
            shlex.split(command),
            cwd=self.path,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def runs(self) -> list[Path]:
        """List the run folders, oldest first."""
        made = self.path.glob("runs/*/config.toml")
        return [p.parent for p in sorted(made, key=lambda p: p.stat().st_mtime_ns)]

    def card(self) -> dict[str, Any]:
        """Read the card of the newest run's model."""
        text = (self.runs()[-1] / "model" / "model.json").read_text(encoding="utf-8")
        card: dict[str, Any] = json.loads(text)
        return card

    def serve(self, command: str) -> None:
        """Start a server and wait until it says where it is; ends the one before."""
        self.end_server()
        self.server = self.start(command)
        assert self.server.stdout is not None
        self.greeting = self.server.stdout.readline()

    def end_server(self) -> None:
        """Stop the server as Ctrl-C does."""
        if self.server is not None:
            stop_group(self.server, signal.SIGINT)
            self.server = None


TOY = Path(__file__).parent / "toy"  # a task of its own, made as CONTRIBUTING.md says


class Installer:
    """Renders projects of one file of tests, each once, and gives them one environment."""

    def __init__(self, copie: Copie, folder: Path) -> None:
        self.copie = copie
        self.folder = folder
        self.projects: dict[tuple[str, str], Project] = {}

    def __call__(self, framework: str, task: str) -> Project:
        """Render a framework's preset with every target, from a release of the template."""
        if (framework, task) not in self.projects:
            project = self.render(framework, task)
            for other in self.projects.values():
                share_web_packages(other.path / "web", project.path / "web")
            self.projects[framework, task] = project
        return self.projects[framework, task]

    def render(self, framework: str, task: str) -> Project:
        """Render a release of the template, with the toy task added where it is asked for."""
        answers = harness.presets()[f"{framework}_every_target"]
        harness.check_answers(answers)
        answers = answers | {"task": task}
        if task in harness.catalog()["tasks"]:
            can = harness.offered(framework, task)["targets"]
            # Targets of this task alone are in no preset of a framework.
            own = [n for n in can if harness.catalog()["targets"][n]["tasks"] == [task]]
            wanted = [*answers["targets"], *own]  # a new list: the preset is read once
            answers["targets"] = [name for name in wanted if name in can]
        template = self.release(TOY if task == "toy" else None)
        result = self.copie.copy(answers, template_dir=template, vcs_ref="v0.1.0")
        assert result.exception is None
        assert result.project_dir is not None
        return Project(result.project_dir, "my-model", self.folder / "environment")

    def release(self, more: Path | None) -> Path:
        """Make a release of the template, once, with `more` files."""
        template = self.folder / f"template-{more.name if more else 'alone'}"
        if template.is_dir():
            return template
        harness.copy_template(template)
        if more:
            shutil.copytree(more, template, dirs_exist_ok=True)
        subprocess.run(
            "git init -q . && git add -A && git commit -q -m Release && git tag v0.1.0",
            shell=True,
            cwd=template,
            env=environment(),
            check=True,
        )
        return template

    def close(self) -> None:
        """End the servers, and remove the environment: it takes gigabytes."""
        for project in self.projects.values():
            project.end_server()
        shutil.rmtree(self.folder / "environment", ignore_errors=True)


def share_web_packages(source: Path, web: Path) -> None:
    """Give a project what npm has installed for the same packages, so that it finds them there."""
    made, wanted = source / "node_modules", web / "node_modules"
    if not made.is_dir() or wanted.exists() or not web.is_dir():
        return
    if (source / "package.json").read_bytes() == (web / "package.json").read_bytes():
        shutil.copytree(made, wanted, symlinks=True, copy_function=os.link)


def stop_group(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    """Send a signal to a process that leads a group, and to all that it has started."""
    os.killpg(process.pid, number)
    return process.communicate(timeout=60)


def wait_for_step(project: Project, runs: int, step: int, process: subprocess.Popen[str]) -> None:
    """Wait until there are so many runs and the newest one has a checkpoint of that step."""
    end = time.monotonic() + LIMIT
    while True:
        made = project.runs()
        saved = made[-1].glob("checkpoints/step-*.ckpt") if len(made) >= runs else []
        if any(int(file.name.split("-")[1]) >= step for file in saved):
            return
        assert process.poll() is None, f"it ended before step {step}: {process.communicate()}"
        assert time.monotonic() < end, f"no checkpoint of step {step}"
        time.sleep(0.01)


@contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Hold a file that other test processes hold as well: READMEs all name the same port."""
    import filelock

    with filelock.FileLock(file, timeout=LIMIT):
        yield
