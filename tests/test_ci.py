"""The CI of a project installs once, from a cache, and no GPU's libraries where there is no GPU."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, catalog, jinja_env, render

PYTORCH = {"framework": "pytorch", "targets": ["onnx"]}


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text("utf-8"))


def commands(project: Path) -> list[str]:
    """The lines with which a project's CI installs it."""
    if (project / ".gitlab-ci.yml").exists():
        text: str = load(project / ".gitlab-ci.yml")[".environment"]["before_script"][-1]
    else:
        action = load(project / ".github/actions/environment/action.yml")
        text = action["runs"]["steps"][-1]["run"]
    return text.replace("\\\n", "").splitlines()


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_cpu_build_is_for_pytorch_from_pypi_and_can_be_declined(
    tmp_path: Path, ci: str
) -> None:
    others: list[dict[str, Any]] = [
        {"framework": "tensorflow"},
        PYTORCH | {"torch_index": "cpu"},
        PYTORCH | {"torch_index": "cu130"},
        PYTORCH | {"ci_torch": "same"},
    ]
    for number, answers in enumerate(others):
        project = render(tmp_path / f"{number}", {**answers, "ci": ci})
        assert commands(project) == ["uv sync --quiet"], answers
    lines = commands(render(tmp_path / "cpu", {**PYTORCH, "ci": ci}))
    assert lines[0] == "uv venv --quiet --clear"
    assert f"--index-url {catalog()['torch_indexes']['cpu']} " in lines[2]
    assert "UV_NO_SYNC=1" in lines[-1], "or `uv run` would install the CUDA build after all"


def test_a_company_with_an_index_of_its_own_has_no_other_unless_it_says_so() -> None:
    text = yaml.safe_load((ROOT / "questions" / "silent.yml").read_text("utf-8"))
    default = jinja_env().from_string(text["ci_torch"]["default"])
    mirror = "https://packages.example.com/torch-cpu"
    for uv, torch, expected in (
        ("", {}, "cpu"),
        ("https://packages.example.com", {}, "same"),
        ("https://packages.example.com", {"cpu": mirror}, "cpu"),
    ):
        company = {"index": {"uv": uv, "torch": torch}, "defaults": {}}
        assert default.render(company=company) == expected


def stand_in(folder: Path, requirement: str) -> Path:
    """A package index with the CPU build of one package, and nothing inside."""
    name, version = requirement.split("==")
    wheel = f"{name}-{version}+cpu-py3-none-any.whl"
    page = folder / name / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="{wheel}">{wheel}</a>')
    about = f"{name}-{version}+cpu.dist-info"
    with zipfile.ZipFile(page.with_name(wheel), "w") as file:
        file.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}+cpu\n"
        )
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")
    return folder


def test_what_is_installed_is_what_is_locked_without_a_gpus_libraries(tmp_path: Path) -> None:
    """PyTorch's own index is out of reach here: another stands in, and nothing is installed."""
    project = render(tmp_path / "p", {**PYTORCH, "task": "tabular", "ci": "gitlab"})
    venv, export, first, second = commands(project)[:4]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PATH": path}

    def run(*lines: str) -> dict[str, str]:
        text = "\n".join(lines).replace("install --quiet", "install --dry-run")
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", text],
            cwd=project,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return dict(re.findall(r"^ \+ ([\w-]+)==(\S+)", done.stderr, re.MULTILINE))

    run(venv, export)
    locked = (project / ".venv/locked.txt").read_text("utf-8")
    [torch] = re.findall(r"^torch==\S+", locked, re.MULTILINE)
    index = stand_in(tmp_path / "index", torch)
    mine = first.replace(catalog()["torch_indexes"]["cpu"], index.as_uri())
    assert run(mine) == {"torch": torch.removeprefix("torch==") + "+cpu"}
    rest = run(second)
    assert {"numpy", "onnxruntime", "pytest", "mypy", "tritonclient"} <= rest.keys()
    left_out = set(re.findall(r"^([\w-]+)==", locked, re.MULTILINE)) - rest.keys()
    assert len([name for name in left_out if name.startswith("nvidia-")]) > 5
    assert {name for name in left_out if not name.startswith(("nvidia-", "cuda-"))} >= {
        "torch",
        "triton",
    }
    assert not [name for name in rest if name.startswith(("nvidia", "cuda"))]


def test_every_job_of_github_takes_its_packages_from_the_first_one(tmp_path: Path) -> None:
    project = render(tmp_path / "p", {**PYTORCH, "ci": "github"})
    jobs = load(project / ".github/workflows/ci.yml")["jobs"]
    for name, job in jobs.items():
        steps = [step for step in job["steps"] if step.get("uses", "").startswith("./")]
        runs = " ".join(step.get("run", "") for step in job["steps"])
        assert bool(steps) == (name == "environment" or ("uv run" in runs and name != "lint"))
        saves = [step for step in steps if step["with"].get("save")]
        assert bool(saves) == (name == "environment")
        if steps and name != "environment":
            assert job["needs"] in ("environment", "model")
    tried = jobs["test"]["strategy"]["matrix"]["python"]
    assert jobs["environment"]["strategy"]["matrix"]["python"] == tried
    assert jobs["model"]["steps"][1]["with"]["python"] in tried


def test_every_job_of_gitlab_takes_its_packages_from_the_first_one(tmp_path: Path) -> None:
    project = render(tmp_path / "p", {**PYTORCH, "ci": "gitlab"})
    jobs = load(project / ".gitlab-ci.yml")
    assert jobs["stages"][0] == jobs["environment"]["stage"] == "environment"
    assert jobs[".environment"]["cache"]["policy"] == "pull"
    assert jobs["environment"]["cache"]["policy"] == "pull-push"
    for name in ("environment", "types", "test", "model"):
        assert jobs[name]["extends"] == ".environment"
    filled = jobs["environment"]["parallel"]["matrix"][0]["UV_PYTHON"]
    assert jobs["test"]["parallel"]["matrix"][0]["UV_PYTHON"] == filled
    assert jobs[".environment"]["variables"]["UV_PYTHON"] in filled


def test_the_newest_python_has_wheels_of_everything(tmp_path: Path) -> None:
    """Nothing was run with it here: its packages are there, and none is built from source."""
    targets = ["onnx", "torchserve", "executorch"]
    project = render(tmp_path / "p", {**PYTORCH, "targets": targets, "ci": "github"})
    jobs = load(project / ".github/workflows/ci.yml")["jobs"]
    newest = jobs["test"]["strategy"]["matrix"]["python"][-1]
    command = f"uv pip compile -q --python-version {newest} --group dev --only-binary :all:"
    done = subprocess.run(
        [Path(sys.executable).parent / command.split()[0], *command.split()[1:], "pyproject.toml"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert newest == "3.14" and "\ntorch==" in done.stdout and "\nexecutorch==" in done.stdout
