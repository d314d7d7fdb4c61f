"""Updates that arrive by themselves: the program of a project, its CI jobs, tools/fleet.py.

They know nothing of what a template is about, so a made-up one of four files stands in for it:

    v0.1.0   where all projects begin
    v0.2.0   changes a file, the workflow and the changelog
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier._settings import SettingsModel
from harness import ROOT, catalog, offered, pins, render
from update_lab import commit, git

UPDATE = ROOT / "template" / "{{ use.update_pr }}" / "tools" / "template_update.py"
FLEET = ROOT / "tools" / "fleet.py"
WORKFLOW = ".github/workflows/ci.yml"
CHANGES = "# Changelog\n\n## 0.2.0\n\n- A new word.\n\n## [0.1.0] - 2026-01-01\n\n- The first.\n"


def environment(**more: str) -> dict[str, str]:
    """Nobody's own settings, and a name for commits."""
    names = {f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")}
    mails = {f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {**os.environ, **names, **mails, **own, **more}


@dataclass
class Lab:
    """A template of a few files, and projects of its first version, each cloned from an origin."""

    folder: Path
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        source = self.template = self.folder / "template"
        self.write(
            source,
            {
                "copier.yml": "word: {type: str, default: one}\n",
                "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
                "CHANGELOG.md": CHANGES[CHANGES.index("## [0.1.0]") :],
                "words.txt": "first\nsecond\nthird\n",
                WORKFLOW: "name: CI\n",
            },
        )
        commit(source, "0.1.0")
        git(source, "tag", "v0.1.0")
        new = {"words.txt": "first\nsecond word\nthird\n", WORKFLOW: "name: Checks\n"}
        self.write(source, {**new, "CHANGELOG.md": CHANGES, ".github/workflows/new.yml": "on:\n"})
        commit(source, "0.2.0")
        git(source, "tag", "v0.2.0")

    def write(self, folder: Path, files: dict[str, str]) -> None:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    def origin(self, name: str, **edits: str) -> Path:
        """A bare repository with a project of the first version and an edit of its owner."""
        project = self.folder / f"{name}-first"
        copier.run_copy(
            str(self.template),
            project,
            vcs_ref="v0.1.0",
            defaults=True,
            quiet=True,
            settings=SettingsModel(),
        )
        self.write(project, {key.replace("_", "."): text for key, text in edits.items()})
        commit(project, "Start")
        git(self.folder, "clone", "--quiet", "--bare", str(project), f"{name}.git")
        shutil.rmtree(project)
        return self.folder / f"{name}.git"

    def clone(self, origin: Path, name: str) -> Path:
        git(self.folder, "clone", "--quiet", str(origin), name)
        return self.folder / name


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("updates"))


@pytest.fixture(scope="module")
def origin(lab: Lab) -> Path:
    return lab.origin("plain", words_txt="my own\nfirst\nsecond\nthird\n")


def update(project: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    """Run the program of a project as its CI does; exit code and JSON object."""
    done = subprocess.run(
        [sys.executable, UPDATE, "--json", *flags],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


# --- the program ----------------------------------------------------------------------------------


def test_an_update_is_a_branch_with_the_changelog_and_a_second_one_is_none(
    lab: Lab, origin: Path
) -> None:
    project = lab.clone(origin, "updated")
    assert update(project, "--dry-run")[1]["state"] == "available"
    assert git(project, "status", "--porcelain") == ""
    code, outcome = update(project, "--branch")
    branch = "template-update/0.2.0"
    assert (code, outcome["state"], outcome["branch"]) == (0, "updated", branch)
    assert (outcome["before"], outcome["after"]) == ("0.1.0", "0.2.0")
    assert (project / "words.txt").read_text() == "my own\nfirst\nsecond word\nthird\n"
    assert git(project, "status", "--porcelain") == ""
    title, body = git(project, "log", "-1", "--format=%B").split("\n", 1)
    assert title == "Update from the template: 0.1.0 to 0.2.0"
    assert "## 0.2.0\n\n- A new word." in body and "The first." not in body
    assert update(project)[1]["state"] == "current"

    git(project, "push", "--quiet", "origin", branch)
    again = lab.clone(origin, "again")
    assert update(again, "--branch")[1]["state"] == "proposed"
    assert git(again, "branch", "--show-current").strip() == "main"
    git(project, "push", "--quiet", "origin", "--delete", branch)


def test_conflicts_are_named_and_never_committed(lab: Lab) -> None:
    project = lab.clone(lab.origin("both", words_txt="first\nmine\nthird\n"), "both")
    code, outcome = update(project, "--branch")
    assert (code, outcome["state"], outcome["conflicts"]) == (1, "conflicts", ["words.txt"])
    assert git(project, "branch", "--list", "template-update/*") == ""


def test_files_left_out_are_as_they_were_and_named_with_what_would_have_come(
    lab: Lab, origin: Path
) -> None:
    project = lab.clone(origin, "left-out")
    code, outcome = update(project, "--branch", "--leave-out", ".github/workflows")
    assert (code, outcome["left_out"]) == (0, [WORKFLOW, ".github/workflows/new.yml"])
    assert (project / WORKFLOW).read_text() == "name: CI\n"
    changed = git(project, "diff", "--name-only", "HEAD~1").split()
    assert set(changed) == {".copier-answers.yml", "CHANGELOG.md", "words.txt"}
    body = git(project, "log", "-1", "--format=%B")
    assert f"- `{WORKFLOW}`" in body
    patch = body.split("```diff\n")[1].split("```")[0]
    (project.parent / "left-out.patch").write_text(patch)
    git(project, "apply", "../left-out.patch")
    assert (project / WORKFLOW).read_text() == "name: Checks\n"
    assert (project / ".github/workflows/new.yml").exists()


def test_what_needs_trust_changes_nothing_and_what_has_no_history_says_so(lab: Lab) -> None:
    trusting = lab.folder / "trusting"
    shutil.copytree(lab.template, trusting)
    task = "_migrations: [{version: v0.2.0, command: 'touch ran'}]\n"
    lab.write(trusting, {"copier.yml": task + (trusting / "copier.yml").read_text()})
    commit(trusting, "0.2.0")
    git(trusting, "tag", "--force", "v0.2.0")
    project = lab.clone(lab.origin("trusting-project"), "trust")
    answers = (project / ".copier-answers.yml").read_text()
    lab.write(project, {".copier-answers.yml": answers.replace(str(lab.template), str(trusting))})
    commit(project, "Another template")
    code, outcome = update(project)
    assert (code, outcome["state"]) == (4, "needs-trust") and "migrations" in outcome["reason"]
    assert git(project, "status", "--porcelain") == ""
    assert update(project, "--trust")[1]["state"] == "updated" and (project / "ran").exists()

    lab.write(project, {".copier-answers.yml": re.sub("_commit.*", "", answers)})
    code, outcome = update(project)
    assert (code, outcome["state"]) == (2, "failed") and "without git" in outcome["reason"]


# --- the jobs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project for each provider, with the job."""
    folder = tmp_path_factory.mktemp("jobs")
    every = {"task": "tabular", "targets": offered("tensorflow", "tabular")["targets"]}
    answers = {"framework": "tensorflow", **every, "update_pr": True}
    return {ci: render(folder / ci, {**answers, "ci": ci}) for ci in ("github", "gitlab")}


def typed(lines: str, project: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the lines of a job, with stand-ins for what only the provider's machine has."""
    tools = project.parent / f"{project.name}-tools"
    tools.mkdir(exist_ok=True)
    log = tools / "log"
    stand_ins = {
        "uv": f'case "$*" in run*) shift 4; shift; exec {sys.executable} "$@";; esac',
        "gh": f'echo "gh $*" >> {log}',
        "apt-get": ":",
    }
    for name, body in stand_ins.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    more = {"HOME": str(tools), "GIT_CONFIG_GLOBAL": str(tools / "gitconfig"), **more}
    path = f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", lines],
        cwd=project,
        env=environment(PATH=path, **more),
        capture_output=True,
        text=True,
    )


def with_program(lab: Lab, origin: Path, name: str) -> Path:
    """A clone of a project that has the program, as a project of this template would."""
    project = lab.clone(origin, name)
    lab.write(project, {"tools/template_update.py": UPDATE.read_text("utf-8")})
    commit(project, "The program")
    return project


def test_the_workflow_pushes_a_branch_and_opens_one_pull_request(
    lab: Lab, origin: Path, rendered: dict[str, Path]
) -> None:
    text = (rendered["github"] / ".github/workflows/template-update.yml").read_text("utf-8")
    [job] = yaml.safe_load(text)["jobs"].values()
    assert yaml.safe_load(text)["permissions"] == {}
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    steps = [step["run"] for step in job["steps"] if "run" in step]
    project = with_program(lab, origin, "workflow")
    given = {"LEAVE_OUT": ".github/workflows", "TEMPLATE_TOKEN": "", "GITHUB_REF_NAME": "main"}
    for lines in steps:
        done = typed(lines, project, **given)
        assert done.returncode == 0, done.stderr
    branch = "template-update/0.2.0"
    asked = (project.parent / "workflow-tools" / "log").read_text().splitlines()
    assert asked[-1] == f"gh pr create --base main --head {branch} --fill"
    pushed = git(origin, "diff", "--name-only", "main", branch).split()
    assert WORKFLOW not in pushed and "words.txt" in pushed

    git(project, "switch", "--quiet", "main")
    for lines in steps:
        assert typed(lines, project, **given).returncode == 0
    assert (project.parent / "workflow-tools" / "log").read_text().count("gh pr create") == 1
    git(origin, "branch", "--quiet", "-D", branch)


def test_the_job_of_gitlab_pushes_a_branch_that_asks_for_a_merge_request(
    lab: Lab, origin: Path, rendered: dict[str, Path]
) -> None:
    file = rendered["gitlab"] / ".gitlab/template_update.yml"
    [job] = yaml.safe_load(file.read_text("utf-8")).values()
    project = with_program(lab, origin, "pipeline")
    git(project, "switch", "--quiet", "--detach")  # as GitLab checks out
    git(origin, "config", "receive.advertisePushOptions", "true")
    hook = origin / "hooks" / "pre-receive"
    hook.write_text('#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ > "$GIT_DIR/options"\n')
    hook.chmod(0o755)
    given = {"CI_PROJECT_URL": str(origin).removesuffix(".git"), "CI_SERVER_HOST": "example.org"}
    given |= {"CI_DEFAULT_BRANCH": "main", "CI_JOB_TOKEN": "secret"}
    done = typed("\n".join(job["script"]), project, **given)
    assert done.returncode == 0, done.stderr
    assert WORKFLOW in git(origin, "diff", "--name-only", "main", "template-update/0.2.0")
    options = (origin / "options").read_text()
    assert "merge_request.create\n" in options and "merge_request.target=main\n" in options
    hook.unlink()
    git(origin, "branch", "--quiet", "-D", "template-update/0.2.0")


def test_a_scheduled_pipeline_has_no_other_job(rendered: dict[str, Path]) -> None:
    pipeline = yaml.safe_load((rendered["gitlab"] / ".gitlab-ci.yml").read_text("utf-8"))
    assert pipeline["include"] == [{"local": ".gitlab/template_update.yml"}]
    jobs = [job for job in pipeline.values() if isinstance(job, dict) and "script" in job]
    unscheduled = [{"if": '$CI_PIPELINE_SOURCE != "schedule"'}]
    for job in jobs:
        while "rules" not in job:
            job = pipeline[job["extends"]]
        assert job["rules"] == unscheduled


def test_every_pin_has_one_owner(rendered: dict[str, Path]) -> None:
    """What the template pins, Dependabot leaves alone: both moving a line is a conflict."""
    project = rendered["github"]
    entries = yaml.safe_load((project / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    ignored: dict[str, set[str]] = {}
    for entry in entries:
        names = {ignore["dependency-name"] for ignore in entry.get("ignore", [])}
        ignored[entry["package-ecosystem"] + entry["directory"]] = names
    workflows = "".join(p.read_text() for p in (project / ".github").rglob("*.yml"))
    used = set(re.findall(r"uses: ([\w/-]+)@[0-9a-f]{40} # v\d", workflows))
    assert len(used) > 4 and used == set(re.findall(r"uses: ([^@\s.]+)", workflows))
    assert used <= ignored["github-actions/"]
    built = set(offered("tensorflow", "tabular")["targets"]) & catalog()["images"].keys()
    assert built
    for target in built:
        lines = (project / "deploy" / target / "Dockerfile").read_text("utf-8")
        images = set(re.findall(r"^FROM ([^:\s]+):", lines, re.MULTILINE))
        assert images and images <= ignored[f"docker/deploy/{target}"]
    [packages] = [entry for entry in entries if entry["package-ecosystem"] == "uv"]
    assert packages["versioning-strategy"] == "lockfile-only"


def test_renovates_file_follows_its_schema(rendered: dict[str, Path], tmp_path: Path) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    for ci, project in rendered.items():
        page = (project / "docs/template_updates.md").read_text("utf-8")
        file = tmp_path / f"{ci}.json"
        file.write_text(page.split("```json\n")[1].split("```")[0])
        assert "copier" in json.loads(file.read_text())["enabledManagers"]
        subprocess.run([tool, "--builtin-schema", "vendor.renovate", file], check=True)


def test_copier_is_the_one_that_the_tests_have() -> None:
    needed = (ROOT / "requirements-dev.txt").read_text("utf-8")
    assert f"copier=={pins()['copier']}\n" in needed


# --- many repositories ----------------------------------------------------------------------------


def fleet(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, FLEET, *arguments]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Hand Ctrl-C on to programs, though a shell may have told the tests to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_fleet_is_interrupted_and_goes_on(lab: Lab, tmp_path: Path) -> None:
    """One of each kind; the second is stopped in its check, and nothing is done twice.

    The check has started a program that outlives it, and holds its output open.
    """
    origins = {
        "a": lab.origin("fleet-a"),
        "b": lab.origin("fleet-b"),
        "c": lab.origin("fleet-c", words_txt="first\nmine\nthird\n"),
        "d": lab.origin("fleet-d", broken_txt="yes\n"),
    }
    listed = tmp_path / "repositories.txt"
    missing = tmp_path / "missing.git"
    listed.write_text("\n".join([*map(str, origins.values()), "# more", f"{missing} # gone"]))
    work, gate, begun = tmp_path / "work", tmp_path / "gate", tmp_path / "begun"
    outlives = "import subprocess as s; s.Popen(['sleep', '40'], start_new_session=True)"
    check = (
        f'if test -f {gate} && pwd | grep -q fleet-b; then {sys.executable} -c "{outlives}";'
        f" touch {begun}; while test -f {gate}; do sleep 0.1; done; fi; test ! -f broken.txt"
    )
    command = fleet(listed, "--work", work, "--jobs", "1", "--push", "--check", check)
    gate.touch()
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not begun.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    words, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and "stopped with 1 of 5" in words
    gate.unlink()

    finished = subprocess.run(
        [*command, "--json"], env=environment(), capture_output=True, text=True
    )
    assert finished.returncode == 1, finished.stderr
    assert "fleet-a" not in finished.stderr  # it was there already
    rows = json.loads(finished.stdout)["repositories"]
    states = ["updated", "updated", "conflicts", "broken-tests", "failed"]
    assert [row["state"] for row in rows] == states
    assert [row["repository"] for row in rows] == [*map(str, origins.values()), str(missing)]
    assert rows[2]["note"] == "words.txt"
    branch = "template-update/0.2.0"
    pushed = {k for k, o in origins.items() if branch in git(o, "branch", "--list", branch)}
    assert pushed == {"a", "b"}
    kept = {Path(row["clone"]).name[:7] for row in rows if row["clone"]}
    assert kept == {"fleet-c", "fleet-d"}

    table = subprocess.run(
        fleet(listed, "--work", work, "--dry-run"),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (
        table.returncode == 1
        and table.stdout.splitlines()[-1] == "2 available, 1 failed, 2 proposed"
    )


def test_a_fleet_without_a_list_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        fleet(tmp_path / "none.txt"), cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "none.txt" in done.stderr
