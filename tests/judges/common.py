"""What prepares each command that every README shows, and what it must leave behind."""

from __future__ import annotations

import json
import re
import shutil
import signal
import tomllib
import urllib.request
from collections.abc import Callable
from typing import Any

import yaml
from harness import catalog
from project_lab import Project, stop_group, wait_for_step

Prepare = Callable[[Project], None]
Judge = Callable[[Project, str], None]


def interrupt_a_run(project: Project) -> None:
    """Leave a run that SIGTERM has ended early, for the README to go on with."""
    before = len(project.runs())
    process = project.start(f"exec uv run {project.slug} train --steps 300 --checkpoint-every 2")
    wait_for_step(project, before + 1, 20, process)
    _, err = stop_group(process, signal.SIGTERM)
    assert process.returncode == 143
    run = project.runs()[-1]
    assert len(project.runs()) == before + 1
    assert f"{project.slug} train --resume {run.name}" in err
    assert not (run / "model").exists()


def commit(project: Project) -> None:
    """Commit the project, as an update asks for."""
    project.run("git add -A && git commit -q --allow-empty -m More")


def forget(project: Project) -> None:
    """Remove the newest run: what comes after it speaks of the run before."""
    shutil.rmtree(project.runs()[-1])


def trained_by_name(project: Project, said: str) -> None:
    assert project.runs()[-1].name == "nightly"
    assert "run: nightly" in said


def trained_together(project: Project, said: str) -> None:
    used = tomllib.loads((project.runs()[-1] / "config.toml").read_text())["hardware"]
    assert used["workers"] == 2
    assert "run: shared" in said
    forget(project)


def trained_with_flags(project: Project, said: str) -> None:
    used = tomllib.loads((project.runs()[-1] / "config.toml").read_text())["train"]
    assert (used["epochs"], used["learning_rate"], used["seed"]) == (20, 0.003, 1)
    assert project.card()["epochs"] == 20


def resumed(project: Project, said: str) -> None:
    assert project.card()["steps"] == 300
    assert (project.runs()[-1] / "model" / "weights.safetensors").is_file()


def evaluated(project: Project, said: str) -> None:
    for name, value in project.card()["test"].items():
        assert f"test {name}: {value:.4g}" in said


def reported(project: Project, said: str) -> None:
    run = project.runs()[-1]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert project.card()["weights_sha256"] in page
    assert len(list((run / "plots").glob("*.png"))) >= 2
    assert f"runs/{run.name}/report.html" in said


# What a served artifact answers with 200, by target; the others speak the Open Inference Protocol.
READY = {
    "tfjs": "/",
    "litert_js": "/",
    "tf_serving": "/v1/models/my-model",
    "torchserve": "/api-description",  # all other paths ask for a token
}


def manifest(project: Project, target: str) -> dict[str, Any]:
    """Read what an artifact says of itself."""
    text = (project.path / "artifacts" / target / "manifest.json").read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text)
    return told


def exported(target: str) -> Judge:
    """The artifact is there, whole, from the newest weights, and within its limits."""

    def judge(project: Project, said: str) -> None:
        told = manifest(project, target)
        assert told["weights_sha256"] == project.card()["weights_sha256"]
        assert told["precision"] in told["verification"]
        for variant, measured in told["verification"].items():
            error = measured.get("relative_error", measured["max_abs_error"])
            assert error <= measured["tolerance"]
            assert measured.get("agreement", 1) >= 0.95
            if measured["test"] or variant in told["models"]:  # a browser may leave them out
                assert measured["test"].keys() == project.card()["test"].keys()
            assert measured.get("answer_error", 0) <= 10 * measured["tolerance"]
        sizes = {
            name: (project.path / "artifacts" / target / name).stat().st_size
            for name in told["files"]
        }
        assert sizes == {name: entry["bytes"] for name, entry in told["files"].items()}
        assert f"bytes: {sum(sizes.values())}" in said

    return judge


def all_exported(project: Project, said: str) -> None:
    """Each of the project's targets is, and none of them failed."""
    answers = yaml.safe_load((project.path / ".copier-answers.yml").read_text(encoding="utf-8"))
    for target in answers["targets"]:
        exported(target)(project, said)
    assert "failed, see above" not in said


def verified(target: str) -> Judge:
    """The engine answered again, as the manifest says it did before."""

    def judge(project: Project, said: str) -> None:
        told = manifest(project, target)
        assert f"engine: {told['engine']} {told['engine_version']}" in said
        for name, value in told["verification"][told["precision"]]["test"].items():
            assert f"test {name}: {value:.4g}" in said

    return judge


def served(target: str) -> Judge:
    """The server answers where it says that it is."""

    def judge(project: Project, said: str) -> None:
        assert "http://127.0.0.1:8080" in said
        path = READY.get(target, "/v2/health/ready")
        with urllib.request.urlopen(f"http://127.0.0.1:8080{path}", timeout=10) as answer:
            assert answer.status == 200

    return judge


def write_token(project: Project) -> None:
    """Put the running server's key into the file that curl reads, as the page says."""
    keys = project.path / "artifacts" / ".torchserve-8080" / "key_file.json"
    key = json.loads(keys.read_text(encoding="utf-8"))["inference"]["key"]
    (project.path / "token").write_text(f'header = "Authorization: Bearer {key}"\n')


def takes_and_gives(project: Project, said: str) -> None:
    (project.path / "token").unlink()
    about = json.loads(said[said.index("{") : said.rindex("}") + 1])
    signature = manifest(project, "torchserve")["signature"]
    assert {side: about[side] for side in ("inputs", "outputs")} == {
        side: signature[side] for side in ("inputs", "outputs")
    }


def conforming(project: Project, said: str) -> None:
    assert "11 passed, 0 failed" in said


def looked_at(project: Project, said: str) -> None:
    assert "AVAILABLE" in said or "serving_default" in said


def counted(project: Project, said: str) -> None:
    run = project.runs()[-1].name
    answered = rf'^inference_requests_total{{model="my-model",.*run="{run}",status="200"}} [1-9]'
    assert re.search(answered, said, re.MULTILINE)


def answered(project: Project, said: str) -> None:
    assert re.search(r'^\{"predictions": ?\[.+\]', said, re.MULTILINE)


def described(project: Project, said: str) -> None:
    assert '"name":"my-model"' in said.replace(" ", "")


def own_tests_passed(project: Project, said: str) -> None:
    assert re.search(r"\d\d passed", said)
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


def installed(project: Project, said: str) -> None:
    wanted = json.loads((project.path / "web" / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        about = project.path / "web" / "node_modules" / name / "package.json"
        assert json.loads(about.read_text(encoding="utf-8"))["version"] == version


TARGETS = [name for name, entry in catalog()["targets"].items() if entry["available"]]


def laid_out(project: Project, said: str) -> None:
    """A page of one's own lies beside the model that it loads."""
    for page in project.path.glob("artifacts/*/model/engine.js"):
        text = (page.parent.parent / "index.html").read_text(encoding="utf-8")
        assert "./model/engine.js" in text
        assert (page.parent / "manifest.json").is_file()
        return
    raise AssertionError("there is no model beside a page")


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r'git init && git add -A && git commit -m "Begin"', None, committed),
    (r"uv run my-model train --epochs 20 .*", None, trained_with_flags),
    (r"uv run my-model train --resume", interrupt_a_run, resumed),
    (r"uv run my-model train --name nightly --runs runs", None, trained_by_name),
    (r"uv run my-model train --workers 2 .* --runs runs", None, trained_together),
    (r"uv run my-model evaluate", None, evaluated),
    (r"uv run my-model report", None, reported),
    (r"uv run my-model export \w+( \w+)+", None, all_exported),
    *((f"uv run my-model export {name}( .*)?", None, exported(name)) for name in TARGETS),
    *((f"uv run my-model verify {name}", None, verified(name)) for name in TARGETS),
    *((f"uv run my-model serve {name}", None, served(name)) for name in TARGETS),
    (r"npm install --prefix web", None, installed),
    (
        r"mkdir -p artifacts/(\w+)/model && cp -r artifacts/\w+/. artifacts/\1/model && .*",
        None,
        laid_out,
    ),
    (r"uv run python deploy/tf_serving/conformance.py .*", None, conforming),
    (r"curl http://127.0.0.1:8080/v1/models/my-model(/metadata)?", None, looked_at),
    (r"curl http://127.0.0.1:8080/v2(/models/my-model)?", None, described),
    (r"curl http://127.0.0.1:8080/metrics", None, counted),
    (r"curl -H .* http://127.0.0.1:8080/invocations", None, answered),
    (r"curl -K token http://127.0.0.1:8080/invocations", write_token, takes_and_gives),
    (r"uv run pytest( tests/test_\w+\.py)*", None, own_tests_passed),
    (r"uv run (ruff check|ruff format --check|mypy)", None, clean),
    (r"uvx pre-commit install", commit, hook_installed),
    (r"uvx copier check-update", None, up_to_date),
    (r"uvx copier update --defaults.*", None, unchanged),
]
