"""What rendered projects must do for real: once per framework, once per task, once per target.

`test_project_pytorch.py` and `test_project_tensorflow.py` run these suites, side by side. All
projects of one file share one environment, which uv brings up to date for each of them. A project
of every target is trained and exported by the commands of its own README and docs (TaskSuite);
what only depends on the framework (FrameworkSuite) or on a target (TargetSuite) is tried once, in
the project of image classification.
"""

from __future__ import annotations

import contextlib
import html
import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import ClassVar, Literal

import harness
import pytest
import yaml
from judges import how_to_judge
from page_proofs import (
    prove_chat,
    prove_drawing,
    prove_example,
    prove_form,
    prove_page,
)
from project_lab import Installer, Project, one_at_a_time, stop_group, wait_for_step
from project_traffic import hammer
from readme import commands

# Commands that need what this suite has not: where else they are held to their word.
NOT_RUN = {
    f"docker compose -f deploy/{target}/compose.yaml up --build": "no engine; linted by test_matrix"
    for target in harness.catalog()["images"]
} | {
    "uv run my-model push my-account/my-model": "the project's own tests push, to a stand-in",
    "docker compose -f deploy/vllm/compose.yaml up": "no GPU; its flags were parsed by vLLM once",
    "uv run my-model train --source data/chats.jsonl --base Qwen/Qwen3-0.6B --revision COMMIT": (
        "no Hub; a base in a folder is adapted by the project's own tests"
    ),
    "docker compose -f deploy/torchserve/compose.yaml exec -T server cat key_file.json": (
        "no engine; the file is the one that deploy/client reads in the tests"
    ),
}

# Commands that are the same for every task: the project of image classification and the toy task
# run them. A task's own tests stop, resume and name runs as well; its `export` has done already
# what `verify` does again; and what serves ONNX's artifact serves those of phones, to try them out.
NAMES = r"(executorch|litert_js|onnx|tf_serving|tfjs|tflite|tflite_micro|torchserve)"
ALIKE = re.compile(
    rf"uv run my-model (train (--epochs \d+ .*|--resume|--name nightly .*)|verify {NAMES}"
    r"|serve (executorch|tflite|tflite_micro))|curl http://127\.0\.0\.1:8080/v2"
    r"|uvx (pre-commit|copier) .*"
)
# The project of image classification exports to one target at a time; each of the others, where it
# has several, to all of them by one command.
ALONE = re.compile(r"uv run my-model export \w+")
TOGETHER = re.compile(r"uv run my-model export \w+( \w+)+")

# Commands that ask the server that was started before them; all others come after its end.
ASKS = re.compile(r"curl |deploy/(client |\w+/(classify|conformance)\.py)")


def plan(pages: list[list[str]]) -> list[str]:
    """Order the commands of some pages as a reader meets them, each of them once.

    A server is started again where a later page asks it something new.
    """
    planned: list[str] = []
    serves = running = ""
    for command in (command for page in pages for command in page if command not in NOT_RUN):
        if " serve " in command:
            serves = command
        if command in planned:
            continue
        if ASKS.search(command):
            if running != serves:
                planned.append(serves)
                running = serves
        else:
            running = command if " serve " in command else ""
        planned.append(command)
    return planned


on_posix = pytest.mark.skipif(sys.platform == "win32", reason="the servers are stopped by signals")


class Suite:
    """Tests of one project: of a framework and a task, with every target."""

    framework: ClassVar[str]
    package: ClassVar[str]  # the framework's import name
    task: ClassVar[str] = "image_classification"

    @pytest.fixture
    def project(self, installed: Installer) -> Project:
        """The project, rendered when the first test of the file asks for it."""
        return installed(self.framework, self.task)


# Tests of no layer whose outcome depends on the task: on its framework as well, or on it alone.
OF_EVERY_TASK = ("test_cases.py.jinja", "test_one_step.py.jinja")
IN_ONE_FRAMEWORK = (
    "test_cli.py.jinja",
    "test_onnx_cases.py.jinja",  # a target's, of which `export` compares the same answers
    "test_report_trained.py.jinja",
)
# The fixtures of a test that trains, or reads what was trained.
TRAINS = re.compile(r"\b(workshop|trained)\b: ")


def tests_of(project: Project, task: str, framework: str) -> list[str]:
    """Name the test files of a project that are its task's own, shared by tasks, or of every task.

    What is left out, such as kills in mid-save, targets and servers, is tried in another task's
    project; what depends on no framework is tried in the task's first one.
    """
    tasks, targets = harness.catalog()["tasks"], harness.catalog()["targets"].items()
    # What image classification shares is tried in its project, which runs all of its tests.
    shared = set(tasks[task].get("shares", [])) - set(tasks["image_classification"]["shares"])
    only = [name for name, entry in targets if entry["tasks"] == [task]]
    derived = {entry["server"] for name, entry in targets if name in only} - {""}
    switches = {f"{{{{ use.{name} }}}}" for name in (task, *shared, *only, *derived)}
    template = harness.ROOT / "template"
    files = [
        file
        for file in template.rglob("tests/test_*.py.jinja")
        if file in [template / "tests" / name for name in (*OF_EVERY_TASK, *IN_ONE_FRAMEWORK)]
        or switches & set(file.parts)
    ]
    first = tasks[task]["frameworks"][0]
    if framework != first:
        files = [file for file in files if file.name not in IN_ONE_FRAMEWORK]
        alone = {framework} | {name for name, entry in targets if first not in entry["frameworks"]}
        own = {f"{{{{ use.{name} }}}}" for name in alone}
        files = [
            file
            for file in files
            if own & set(file.parts) or TRAINS.search(file.read_text("utf-8"))
        ]
    names = {f"tests/{file.name.removesuffix('.jinja')}" for file in files}
    return sorted(name for name in names if (project.path / name).is_file())


class TaskSuite(Suite):
    """The life of a project of a task, in the order of its README and its docs."""

    docs: ClassVar[tuple[str, ...]] = ("**/*.md",)  # pages whose commands no other task shows
    alike: ClassVar[bool] = False  # whether it runs what is ALIKE, too
    alone: ClassVar[bool] = False  # whether each target is exported by a command of its own
    # Targets whose server, and whose client, are tried in other tasks' projects only.
    served_elsewhere: ClassVar[tuple[str, ...]] = ()
    # Which of the project's own tests are run: all; those that the task has a part in, where
    # another task's project runs the others; or none.
    own_tests: ClassVar[Literal["all", "of the task", "none"]] = "all"

    def test_every_shown_command(
        self, project: Project, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Each command is run as printed, and judged by what it leaves behind."""
        pages = [project.path / "README.md"]
        pages += [file for some in self.docs for file in sorted((project.path / "docs").glob(some))]
        port = tmp_path_factory.getbasetemp().parent / "port-8080"
        planned = plan([commands(page) for page in pages])
        together = not self.alone and any(map(TOGETHER.fullmatch, planned))
        elsewhere = ALONE if together else TOGETHER
        with contextlib.ExitStack() as held:
            for command in planned:
                if elsewhere.fullmatch(command) or (ALIKE.fullmatch(command) and not self.alike):
                    continue
                if command.endswith(tuple(f" serve {name}" for name in self.served_elsewhere)):
                    continue
                if any(f"deploy/client {name} " in command for name in self.served_elsewhere):
                    continue
                if command == "uv run pytest":
                    if self.own_tests == "none":
                        continue
                    if self.own_tests == "of the task":
                        command += f" {' '.join(tests_of(project, self.task, self.framework))}"
                before, judge = how_to_judge(self.task, command)
                if project.server is not None and not ASKS.search(command):
                    held.close()  # the other project's turn to serve
                if before:
                    before(project)
                start = time.monotonic()
                if f"{project.slug} serve " in command:
                    held.enter_context(one_at_a_time(port))
                    held.callback(project.end_server)
                    project.serve(command)
                    judge(project, project.greeting)
                else:
                    judge(project, project.run(command))
                print(f"{time.monotonic() - start:5.1f} s  {command}")


class TablesSuite(TaskSuite):
    """Tables: every target once by the commands of the README, and the form of each web page."""

    task = "tabular"
    docs = ("serving.md",)  # the others show what the images' show
    own_tests = "of the task"

    @on_posix
    def test_forms(self, project: Project) -> None:
        """The exported pages, filled in by hand: the answers are those of cases.json."""
        for name in ("onnx", "tfjs", "litert_js"):
            if (project.path / "artifacts" / name / "index.html").is_file():
                prove_form(project, name)


class SeriesSuite(TaskSuite):
    """Forecasting: every target once by the commands of the README."""

    task = "forecasting"
    docs = ("serving.md",)  # the others show what the images' show
    own_tests = "of the task"
    served_elsewhere = ("torchserve",)  # images and tables: one input, and several


class TextsSuite(TaskSuite):
    """Texts, in the same way."""

    task = "text_classification"
    docs = ("serving.md",)  # the others show what the images' show
    own_tests = "of the task"
    served_elsewhere = ("torchserve",)  # images and tables: one input, and several


class DiffusionSuite(TaskSuite):
    """Image generation: the commands of the README, and the page that draws."""

    task = "diffusion"
    docs = ()  # they show what the images' show
    own_tests = "of the task"

    @on_posix
    def test_page(self, project: Project) -> None:
        """The exported page draws the images of cases.json."""
        prove_drawing(project, "onnx")


class LanguageSuite(TaskSuite):
    """Language models: the commands of the README, and of the pages of targets that are theirs."""

    task = "language_model"
    docs = ("chat.md", "targets/*.md")
    own_tests = "of the task"

    @on_posix
    def test_chat(self, project: Project) -> None:
        """The page to chat answers in a browser; ten thousand hostile requests change nothing."""
        project.run(f"uv run {project.slug} export gguf")  # whatever precision was last
        prove_chat(project, "gguf")
        project.serve(f"exec uv run {project.slug} serve gguf --port 0")
        address = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
        assert address, project.greeting
        try:
            statuses = hammer("chat", address[0], project.path / "artifacts" / "gguf")
        finally:
            project.end_server()
        assert 200 in statuses and not any(status >= 500 for status in statuses)


class TargetSuite(Suite):
    """What each target must do beyond the commands that its page shows."""

    def artifacts(self, project: Project, *names: str) -> list[str]:
        """Name those of the targets that the project has, after exporting what is missing."""
        has = [name for name in names if (project.package / "targets" / name).is_dir()]
        if not project.runs():
            project.run(f"uv run {project.slug} train")
        for name in has:
            if not (project.path / "artifacts" / name / "manifest.json").is_file():
                project.run(f"uv run {project.slug} export {name}")
        return has

    @on_posix
    def test_web_pages(self, project: Project) -> None:
        """Every exported page, as visitors meet it: drawn on, given images, without a network."""
        for name in self.artifacts(project, "onnx", "tfjs", "litert_js"):
            project.run(f"uv run {project.slug} export {name}")  # whatever precision was last
            prove_page(project, name)
            if (project.path / "deploy" / name / "example.html").is_file():
                prove_example(project, name)

    @on_posix
    def test_hostile_traffic(self, project: Project) -> None:
        """Ten thousand hostile requests to a server of each kind that this project has."""
        kinds = {"onnx": "v2", "litert_js": "page", "tf_serving": "tf_serving"}
        for target in self.artifacts(project, *kinds):
            artifact = project.path / "artifacts" / target
            project.serve(
                f"exec env CONTAINER_ENGINE=none uv run {project.slug} serve {target} --port 0"
            )
            address = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
            assert address, project.greeting
            rpc = re.search(r"gRPC on port (\d+)", project.greeting)
            where = f"127.0.0.1:{rpc[1]}" if rpc else None
            try:
                statuses = hammer(kinds[target], address[0], artifact, where, project.python)
            finally:
                project.end_server()
            print(f"{target}: {dict(sorted(statuses.items()))}")
            assert 200 in statuses and not any(status >= 500 for status in statuses)

    def test_the_server_needs_no_framework(self, project: Project, tmp_path: Path) -> None:
        """The image's steps by hand: only its pinned packages, and the same answers."""
        self.artifacts(project, "onnx")
        dockerfile = (project.path / "deploy" / "onnx" / "Dockerfile").read_text()
        assert "ARG USER=10001\nUSER ${USER}" in dockerfile
        server = tmp_path / "server-env"
        python = server / "bin" / "python"
        project.run(f"uv venv -q {server}")
        project.run(f"uv pip install -q --python {python} -r deploy/onnx/requirements.txt")
        project.run(f"uv pip install -q --python {python} --no-deps .")
        assert self.package not in project.run(f"uv pip list -q --python {python}")
        entry = re.search(r"'exec python (.*) \"\$@\"'", dockerfile)
        assert entry
        arguments = [*entry[1].replace("0.0.0.0", "127.0.0.1").split(), "--port", "0"]
        shutil.copytree(project.path / "artifacts", tmp_path / "artifacts")
        process = subprocess.Popen(
            [str(python), *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            address = found.group().removeprefix("http://")
            said = project.run(
                f"uv run python deploy/client onnx examples/three.png --url {address}"
            )
            assert "three.png: 3" in said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0


class FrameworkSuite(Suite):
    """What depends on the framework alone."""

    def test_accuracy_over_five_seeds(self, project: Project) -> None:
        """scikit-learn's own split, default settings: the median of five seeds."""
        program = (
            "from my_model.cli import main\n"
            "for seed in range(5): assert main(['train', '--json', '--seed', str(seed)]) == 0"
        )
        (project.path / "seeds.py").write_text(program)
        lines = project.run("uv run --quiet python seeds.py 2> seeds.txt").splitlines()
        runs = [json.loads(line) for line in lines if line.startswith("{")]
        (project.path / "seeds.py").unlink()
        accuracies = [run["test"]["accuracy"] for run in runs]
        print(f"accuracies {sorted(accuracies)}, seconds {[run['seconds'] for run in runs]}")
        assert statistics.median(accuracies) >= 0.985
        assert len({run["weights_sha256"] for run in runs}) == 5

    def test_kills_at_any_moment_change_nothing(self, project: Project) -> None:
        """SIGKILL again and again, in the midst of saving too: the same weights in the end."""
        settings = "--steps 400 --checkpoint-every 5 --log-every 5"
        whole = project.json(f"train {settings}")
        moments = random.Random(0)
        count = len(project.runs()) + 1
        process = project.start(f"exec uv run {project.slug} train {settings}")
        for step in (60, 120, 180):
            wait_for_step(project, count, step, process)
            time.sleep(moments.uniform(0, 0.05))
            stop_group(process, signal.SIGKILL)
            run = project.runs()[-1]
            assert not (run / "model").exists()
            process = project.start(f"exec uv run {project.slug} train --resume {run.name}")
        process.communicate()
        assert process.returncode == 0
        assert project.card()["weights_sha256"] == whole["weights_sha256"]
        written = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
        lines = [json.loads(line) for line in written]
        steps = [line["step"] for line in lines if line["split"] == "train"]
        assert steps == list(range(5, 401, 5))

    @pytest.mark.parametrize(
        ("targets", "platform"), [([], "darwin"), (None, "win32")], ids=["none", "default"]
    )
    def test_fewer_targets(
        self, project: Project, tmp_path: Path, targets: list[str] | None, platform: str
    ) -> None:
        """A project with none of the targets, or the default ones, is as clean as the full one.

        Its types are checked as another system has them: the full one's are checked for this one.
        """
        answers: dict[str, object] = {"framework": self.framework}
        answers |= {} if targets is None else {"targets": targets}
        folder = harness.render(tmp_path / "project", answers)
        python = project.python
        Project(folder, "my-model", project.virtual_environment).run(
            f"{python} -m ruff check && {python} -m mypy --platform {platform} &&"
            f" PYTHONPATH=$PWD/src {python} -m pytest -q -p no:anyio tests/test_cli.py"
        )

    def test_every_python_resolves(self, project: Project) -> None:
        """One lock for all systems, and a set for every Python that the project allows."""
        project.run("uv lock")
        lock = tomllib.loads((project.path / "uv.lock").read_text())
        names = {package["name"] for package in lock["package"]}
        assert {"my-model", self.package, "onnxruntime"} <= names
        targets = yaml.safe_load((project.path / ".copier-answers.yml").read_text())["targets"]
        allowed = harness.ask("pythons", "pythons")(harness.catalog(), self.framework, targets)
        for python in json.loads(allowed):
            said = project.run(
                f"uv pip compile -q --python-version {python} --group dev pyproject.toml"
            )
            assert re.search(rf"^{self.package}==", said, re.MULTILINE)

    @pytest.mark.parametrize("tracker", ["mlflow", "wandb", "none"])
    def test_other_trackers(self, tracker: str, tmp_path: Path) -> None:
        """Each tracker's own tests, and the logger's, with its package and no framework."""
        answers = {"framework": self.framework, "tracker": tracker, "targets": []}
        other = Project(harness.render(tmp_path / "project", answers), "my-model")
        catalog = harness.catalog()
        packages = [*catalog["base_packages"], *catalog["trackers"][tracker]["packages"]]
        needs = " ".join(f"--with '{package}'" for package in ["pytest", *packages])
        said = other.run(
            f"PYTHONPATH=src uv run -q --no-project --python {sys.version_info[0]}."
            f"{sys.version_info[1]} {needs} python -m pytest -q tests/test_logger.py"
            f" tests/test_tracking.py {'tests/test_registry.py' if tracker == 'mlflow' else ''}"
        )
        assert " passed" in said
        assert "skipped" not in said

    def test_a_title_with_quotes_and_umlauts(self, project: Project, tmp_path: Path) -> None:
        """A project with an awkward name trains and reports under that name, as it stands."""
        answers = harness.presets()["awkward"] | {"framework": self.framework}
        folder = harness.render(tmp_path / "awkward", answers)
        about = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        (slug,) = about["scripts"]
        python = project.python
        awkward = Project(folder, slug)
        awkward.run(f"uv pip install -q --no-deps --python {python} -e .")
        said = awkward.run(
            f"{python.parent / slug} train --steps 30 && {python.parent / slug} report"
        )
        assert "report.html" in said
        page = next(folder.glob("runs/*/report.html")).read_text(encoding="utf-8")
        assert html.escape(answers["project_name"]) in page
