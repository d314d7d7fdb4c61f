"""What every rendered project must do for real, whatever its framework. Not collected itself:
`test_project_pytorch.py` and `test_project_tensorflow.py` run it, side by side.
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
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import harness
import pytest
from page_lab import prove_example, prove_page
from project_judges import how_to_judge
from project_lab import Project, environment, one_at_a_time, stop_group, wait_for_step
from project_traffic import hammer
from pytest_copie.plugin import Copie
from readme import commands

# Commands that need what this suite has not: where else they are held to their word.
NOT_RUN = {
    f"docker compose -f deploy/{target}/compose.yaml up --build": "no engine; linted by test_matrix"
    for target in harness.catalog()["images"]
} | {
    "docker compose -f deploy/torchserve/compose.yaml exec -T server cat key_file.json": (
        "no engine; the file is the one that deploy/torchserve/client.py reads in the tests"
    )
}

# Commands that ask the server that was started before them; all others come after its end.
ASKS = re.compile(r"curl |deploy/\w+/(client|classify|conformance)\.py")


def shown_commands(preset: str) -> list[str]:
    """List what README and docs of a project tell its user to run, page by page."""
    with tempfile.TemporaryDirectory() as folder:
        project = harness.render(Path(folder) / "project", harness.presets()[preset])
        pages = [project / "README.md", *sorted((project / "docs").rglob("*.md"))]
        return [command for page in pages for command in commands(page)]


class ProjectSuite:
    """The life of a project, in the order of its README."""

    preset: ClassVar[str]
    package: ClassVar[str]  # the framework's import name
    project: ClassVar[Project]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def made(cls, copie_session: Copie, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """Render the preset from a release of the template, as pytest-copie does it."""
        release = harness.copy_template(tmp_path_factory.mktemp("template") / "pickone")
        subprocess.run(
            "git init -q . && git add -A && git commit -q -m Release && git tag v0.1.0",
            shell=True,
            cwd=release,
            env=environment(),
            check=True,
        )
        answers = harness.presets()[cls.preset]
        harness.check_answers(answers)
        result = copie_session.copy(answers, template_dir=release, vcs_ref="v0.1.0")
        assert result.exception is None
        assert result.project_dir is not None
        cls.project = Project(result.project_dir, "my-model")
        yield
        cls.project.end_server()
        shutil.rmtree(result.project_dir / ".venv", ignore_errors=True)

    def test_every_shown_command(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """README and docs, from top to bottom: each command is judged by what it leaves behind."""
        port = tmp_path_factory.getbasetemp().parent / "port-8080"
        with contextlib.ExitStack() as held:
            for command in shown_commands(self.preset):
                if command in NOT_RUN:
                    continue
                before, judge = how_to_judge(command)
                if self.project.server is not None and not ASKS.search(command):
                    held.close()  # the other project's turn to serve
                if before:
                    before(self.project)
                if f"{self.project.slug} serve " in command:
                    held.enter_context(one_at_a_time(port))
                    held.callback(self.project.end_server)
                    self.project.serve(command)
                    judge(self.project, self.project.told)
                else:
                    judge(self.project, self.project.run(command))

    @pytest.mark.skipif(sys.platform == "win32", reason="the servers are stopped by signals")
    def test_web_pages(self) -> None:
        """Every exported page, as visitors meet it: drawn on, given images, without a network."""
        pages = sorted(self.project.path.glob("artifacts/*/index.html"))
        names = [page.parent.name for page in pages if (page.parent / "manifest.json").is_file()]
        assert names, "no artifact has a page"
        for name in names:
            prove_page(self.project, name)
            if (self.project.path / "deploy" / name / "example.html").is_file():
                prove_example(self.project, name)

    @pytest.mark.skipif(sys.platform == "win32", reason="the servers are stopped by signals")
    def test_hostile_traffic(self) -> None:
        """Ten thousand hostile requests to a server of each kind that this project has."""
        for target, kind in (("onnx", "v2"), ("litert_js", "page"), ("tf_serving", "tf_serving")):
            artifact = self.project.path / "artifacts" / target
            if not artifact.is_dir():
                continue
            self.project.serve(
                f"exec env CONTAINER_ENGINE=none uv run {self.project.slug} serve {target} --port 0"
            )
            told = self.project.told
            address = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert address, told
            rpc = re.search(r"gRPC on port (\d+)", told)
            python = self.project.path / ".venv" / "bin" / "python"
            where = f"127.0.0.1:{rpc[1]}" if rpc else None
            statuses = hammer(kind, address.group(), artifact, where, python)
            self.project.end_server()
            print(f"{target}: {dict(sorted(statuses.items()))}")
            assert 200 in statuses and not any(status >= 500 for status in statuses)

    def test_accuracy_over_five_seeds(self) -> None:
        """scikit-learn's own split, default settings: the median of five seeds."""
        runs = [self.project.json(f"train --seed {seed}") for seed in range(5)]
        accuracies = [run["test"]["accuracy"] for run in runs]
        print(f"accuracies {sorted(accuracies)}, seconds {[run['seconds'] for run in runs]}")
        assert statistics.median(accuracies) >= 0.985
        assert len({run["weights_sha256"] for run in runs}) == 5

    def test_kills_at_any_moment_change_nothing(self) -> None:
        """SIGKILL again and again, in the midst of saving too: the same weights in the end."""
        settings = "--steps 400 --checkpoint-every 5 --log-every 5"
        whole = self.project.json(f"train {settings}")
        moments = random.Random(0)
        count = len(self.project.runs()) + 1
        process = self.project.start(f"exec uv run {self.project.slug} train {settings}")
        for step in (60, 120, 180):
            wait_for_step(self.project, count, step, process)
            time.sleep(moments.uniform(0, 0.05))
            stop_group(process, signal.SIGKILL)
            run = self.project.runs()[-1]
            assert not (run / "model").exists()
            process = self.project.start(
                f"exec uv run {self.project.slug} train --resume {run.name}"
            )
        process.communicate()
        assert process.returncode == 0
        assert self.project.card()["weights_sha256"] == whole["weights_sha256"]
        lines = [json.loads(x) for x in (run / "metrics.jsonl").read_text().splitlines()]
        steps = [line["step"] for line in lines if line["split"] == "train"]
        assert steps == list(range(5, 401, 5))

    def test_the_server_needs_no_framework(self, tmp_path: Path) -> None:
        """The image's steps by hand: only its pinned packages, and the same answers."""
        deploy = self.project.path / "deploy" / "onnx"
        dockerfile = (deploy / "Dockerfile").read_text()
        assert "USER 10001" in dockerfile
        server = self.project.path / "server-env"
        python = server / "bin" / "python"
        self.project.run(f"uv venv -q {server}")
        self.project.run(f"uv pip install -q --python {python} -r deploy/onnx/requirements.txt")
        self.project.run(f"uv pip install -q --python {python} --no-deps .")
        installed = self.project.run(f"uv pip list -q --python {python}")
        assert self.package not in installed
        entry = re.search(r"^ENTRYPOINT (\[.*\])$", dockerfile, re.MULTILINE)
        assert entry
        _, *arguments = json.loads(entry.group(1))
        arguments[arguments.index("0.0.0.0")] = "127.0.0.1"
        arguments[arguments.index("8080")] = "0"
        shutil.copytree(self.project.path / "artifacts", tmp_path / "artifacts")
        process = subprocess.Popen(
            [str(python), *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            address = found.group().removeprefix("http://")
            said = self.project.run(
                f"uv run python deploy/onnx/client.py examples/three.png --url {address}"
            )
            assert "three.png: 3" in said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0

    @pytest.mark.parametrize("targets", [[], None], ids=["none", "default"])
    def test_fewer_targets(self, tmp_path: Path, targets: list[str] | None) -> None:
        """A project with none of the targets, or the default ones, is as clean as the full one."""
        answers = {"framework": harness.presets()[self.preset]["framework"]}
        answers |= {} if targets is None else {"targets": targets}
        folder = harness.render(tmp_path / "project", answers)
        python = self.project.path / ".venv" / "bin" / "python"
        Project(folder, "my-model").run(
            f"{python} -m ruff check && {python} -m mypy &&"
            f" PYTHONPATH=src {python} -m pytest -q tests/test_cli.py"
        )

    def test_every_python_resolves(self) -> None:
        """One lock for all systems, and a set for every Python that the project allows."""
        lock = tomllib.loads((self.project.path / "uv.lock").read_text())
        names = {package["name"] for package in lock["package"]}
        assert {"my-model", self.package, "onnxruntime"} <= names
        for python in harness.catalog()["pythons"]:
            said = self.project.run(
                f"uv pip compile -q --python-version {python} --group dev pyproject.toml"
            )
            assert re.search(rf"^{self.package}==", said, re.MULTILINE)

    @pytest.mark.parametrize("tracker", ["mlflow", "wandb", "none"])
    def test_other_trackers(self, tracker: str, tmp_path: Path) -> None:
        """Each tracker's own tests, with that tracker's package and no framework."""
        answers = harness.presets()[self.preset] | {"tracker": tracker}
        other = Project(harness.render(tmp_path / "project", answers), "my-model")
        packages = ["pytest", *harness.catalog()["trackers"][tracker]["packages"]]
        needs = " ".join(f"--with '{package}'" for package in packages)
        said = other.run(
            f"PYTHONPATH=src uv run -q --no-project --python {sys.version_info[0]}."
            f"{sys.version_info[1]} {needs} python -m pytest -q tests/test_tracking.py"
        )
        assert "1 passed" in said

    def test_a_title_with_quotes_and_umlauts(self, tmp_path: Path) -> None:
        """A project with an awkward name trains and reports under that name, as it stands."""
        answers = harness.presets()["awkward"] | {
            "framework": harness.presets()[self.preset].get("framework", "pytorch")
        }
        folder = harness.render(tmp_path / "awkward", answers)
        about = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        (slug,) = about["scripts"]
        python = self.project.path / ".venv" / "bin" / "python"
        awkward = Project(folder, slug)
        awkward.run(f"uv pip install -q --no-deps --python {python} -e .")
        said = awkward.run(
            f"{python.parent / slug} train --steps 30 && {python.parent / slug} report"
        )
        assert "report.html" in said
        page = next(folder.glob("runs/*/report.html")).read_text(encoding="utf-8")
        assert html.escape(answers["project_name"]) in page
