"""What every rendered project must do for real, whatever its framework. Not collected itself:
`test_project_pytorch.py` and `test_project_tensorflow.py` run it, side by side.
"""

from __future__ import annotations

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
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import harness
import pytest
from project_lab import Project, environment, one_at_a_time, stop_group, wait_for_step
from pytest_copie.plugin import Copie
from readme import commands

# Commands that need what this suite has not: where else they are held to their word.
NOT_RUN = {
    "docker compose -f deploy/onnx/compose.yaml up --build": "no engine; linted by test_matrix",
}


def shown_commands(preset: str) -> list[str]:
    """List what README and docs of a project tell its user to run, page by page."""
    with tempfile.TemporaryDirectory() as folder:
        project = harness.render(Path(folder) / "project", harness.presets()[preset])
        pages = [project / "README.md", *sorted((project / "docs").rglob("*.md"))]
        return [command for page in pages for command in commands(page)]


def make_photos(project: Project) -> None:
    """Put images of two colours where the README says that one's own images are."""
    program = (
        "from pathlib import Path; from PIL import Image\n"
        "for name, colour in (('blue', (20, 40, 220)), ('red', (220, 30, 20))):\n"
        "    Path('data', 'photos', name).mkdir(parents=True)\n"
        "    for i in range(20):\n"
        "        Image.new('RGB', (40 + i, 50), colour).save(f'data/photos/{name}/{i}.jpg')\n"
    )
    (project.path / "photos.py").write_text(program)
    project.run("uv run python photos.py")
    (project.path / "photos.py").unlink()
    (project.path / "data" / "photos" / "red" / "broken.png").write_bytes(b"no image")


def interrupt_a_run(project: Project) -> None:
    """Leave a run that SIGTERM has ended early, for the README to go on with."""
    before = len(project.runs())
    process = project.start(f"exec uv run {project.slug} train --epochs 40 --checkpoint-every 10")
    wait_for_step(project, before + 1, 20, process)
    _, err = stop_group(process, signal.SIGTERM)
    assert process.returncode == 0
    run = project.runs()[-1]
    assert len(project.runs()) == before + 1
    assert f"{project.slug} train --resume {run.name}" in err
    assert not (run / "model").exists()


def commit(project: Project) -> None:
    """Commit the project, as an update asks for."""
    project.run("git add -A && git commit -q --allow-empty -m More")


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
        shared = tmp_path_factory.getbasetemp().parent / "port-8080"
        ports = one_at_a_time(shared)
        for command in shown_commands(self.preset):
            if command in NOT_RUN:
                continue
            before, judge = how_to_judge(command)
            if before:
                before(self.project)
            if f"{self.project.slug} serve " in command:
                if self.project.server is None:
                    ports.__enter__()
                self.project.serve(command)
                judge(self.project, self.project.told)
            else:
                judge(self.project, self.project.run(command))
        self.project.end_server()
        ports.__exit__(None, None, None)

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


# --- judges: what each command must leave behind --------------------------------------------------


def trained(project: Project, said: str) -> None:
    card = project.card()
    assert card["test"]["accuracy"] >= 0.985
    assert f"test accuracy: {card['test']['accuracy']:.4f}" in said
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_photos(project: Project, said: str) -> None:
    card = project.card()
    assert card["classes"] == ["blue", "red"]
    assert card["input_shape"] == [32, 32, 3]
    assert card["test"]["accuracy"] == 1
    assert card["data"]["skipped"] == ["red/broken.png"]
    assert "skipped 1 of 41 images" in said


def trained_with_flags(project: Project, said: str) -> None:
    used = tomllib.loads((project.runs()[-1] / "config.toml").read_text())["train"]
    assert (used["epochs"], used["learning_rate"], used["seed"]) == (20, 0.003, 1)
    assert project.card()["epochs"] == 20


def resumed(project: Project, said: str) -> None:
    assert project.card()["epochs"] == 40
    assert (project.runs()[-1] / "model" / "weights.safetensors").is_file()


def evaluated(project: Project, said: str) -> None:
    assert f"test accuracy: {project.card()['test']['accuracy']:.4f}" in said


def reported(project: Project, said: str) -> None:
    run = project.runs()[-1]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert f"{project.card()['test']['accuracy']:.2%}"[:4] in page
    assert len(list((run / "plots").glob("*.png"))) >= 4
    assert f"runs/{run.name}/report.html" in said


def predicted(project: Project, said: str) -> None:
    assert re.search(r"^examples/seven\.png\t7\t0\.\d+$", said, re.MULTILINE)
    assert re.search(r"^examples/zero\.png\t0\t0\.\d+$", said, re.MULTILINE)


def exported(project: Project, said: str) -> None:
    manifest = json.loads((project.path / "artifacts/onnx/manifest.json").read_text())
    assert manifest["weights_sha256"] == project.card()["weights_sha256"]
    assert manifest["verification"]["max_abs_error"] <= 1e-5
    size = (project.path / "artifacts/onnx/model.onnx").stat().st_size
    assert f"bytes: {size}" in said


def verified(project: Project, said: str) -> None:
    assert "engine: ONNX Runtime" in said
    assert "agreement: 1\n" in said
    assert f"test accuracy: {project.card()['test']['accuracy']:.4f}" in said


def served(project: Project, said: str) -> None:
    assert "http://127.0.0.1:8080" in said
    with urllib.request.urlopen("http://127.0.0.1:8080/v2/health/ready", timeout=10) as answer:
        assert answer.status == 200


def asked(project: Project, said: str) -> None:
    assert "examples/seven.png: 7 (" in said


def described(project: Project, said: str) -> None:
    assert '"name":"my-model"' in said.replace(" ", "")


def own_tests_passed(project: Project, said: str) -> None:
    assert re.search(r"\d\d\d passed", said)
    assert not re.search(r"failed|skipped|error", said.splitlines()[-1])


def clean(project: Project, said: str) -> None:
    assert re.search(r"All checks passed!|files already formatted|Success: no issues found", said)


def hook_installed(project: Project, said: str) -> None:
    assert (project.path / ".git" / "hooks" / "pre-commit").is_file()
    ugly = project.path / "src" / "my_model" / "ugly.py"
    ugly.write_text('"""Ugly."""\n\nimport  os\n')
    assert "ruff" in project.run("git add -A && git commit -m Ugly", code=1)
    assert "import" not in ugly.read_text()
    project.run("git reset -q --hard")


def up_to_date(project: Project, said: str) -> None:
    assert "up-to-date" in said


def unchanged(project: Project, said: str) -> None:
    assert project.run("git status --porcelain").strip() == ""


def committed(project: Project, said: str) -> None:
    tracked = project.run("git ls-files").splitlines()
    assert {"uv.lock", "config.toml", ".copier-answers.yml"} <= set(tracked)
    assert not any(name.startswith(("runs/", "artifacts/", "data/")) for name in tracked)


Prepare = Callable[[Project], None]
Judge = Callable[[Project, str], None]
JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r'git init && git add -A && git commit -m "Begin"', None, committed),
    (r"uv run my-model train --source data/photos .*", make_photos, trained_on_photos),
    (r"uv run my-model train --epochs 20 .*", None, trained_with_flags),
    (r"uv run my-model train --resume", interrupt_a_run, resumed),
    (r"uv run my-model evaluate", None, evaluated),
    (r"uv run my-model report", None, reported),
    (r"uv run my-model predict examples/seven.png examples/zero.png", None, predicted),
    (r"uv run my-model export onnx", None, exported),
    (r"uv run my-model verify onnx", None, verified),
    (r"uv run my-model serve onnx", None, served),
    (r"uv run python deploy/onnx/client.py examples/seven.png", None, asked),
    (r"curl http://127.0.0.1:8080/v2/models/my-model", None, described),
    (r"uv run pytest", None, own_tests_passed),
    (r"uv run (ruff check|ruff format --check|mypy)", None, clean),
    (r"uvx pre-commit install", commit, hook_installed),
    (r"uvx copier check-update", None, up_to_date),
    (r"uvx copier update --defaults.*", None, unchanged),
]


def how_to_judge(command: str) -> tuple[Prepare | None, Judge]:
    """Return what prepares a command, and what judges it; no command goes without."""
    for pattern, before, judge in JUDGES:
        if re.fullmatch(pattern, command):
            return before, judge
    raise AssertionError(f"nothing judges {command!r}")
