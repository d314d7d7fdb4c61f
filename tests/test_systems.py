"""Windows and macOS, as far as they can be held to something here, where neither of them is.

Packages: uv resolves for other systems. Types: mypy knows which names of Python each system lacks.
Files: names, lengths and encodings that Windows would refuse or read otherwise. No command of a
project has run on either system.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, ask, catalog, offered, pins, presets, render
from packaging.requirements import Requirement

BIN = Path(sys.executable).parent
STACKS = [(name, task) for name in catalog()["frameworks"] for task in offered(name)["tasks"]]
LANGUAGE = ("pytorch", "language_model")
RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
# Where a project lies on a Windows of an ordinary length, which allows paths of 259 characters.
DEEP = "\\".join(("C:", "Users", "some.one", "source", "repos", "my-model", ""))
OTHER_OPENS = (  # what opens something else than a text file
    *("os.open", "Image.open", "opener.open", "self.opener.open", "self.open"),
    *("tarfile.open", "entry.open", "build_opener(SafeRedirects).open"),
)
PYTHON_ONLY = {"antlr4-python3-runtime"}  # no wheel, and nothing to compile: built anywhere


def systems_of(target: str, framework: str) -> list[str]:
    """The systems on which a target is exported and verified."""
    entry = catalog()["targets"][target]
    found: list[str] = entry.get("systems", {}).get(framework, list(catalog()["systems"]))
    return found


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """A project of each framework and task with every target, in packages of different names."""
    folder = tmp_path_factory.mktemp("systems")
    return {
        (framework, task): render(
            folder / f"{framework}-{task}",
            {
                "framework": framework,
                "task": task,
                "targets": offered(framework, task)["targets"],
                "package_name": f"{framework}_{task}"[:20].rstrip("_"),
                "tracker": ("tensorboard", "mlflow", "wandb")[number % 3],
            },
        )
        for number, (framework, task) in enumerate(STACKS)
    }


# --- packages ------------------------------------------------------------------------------


def installed(project: Path, platform: str, folder: Path) -> tuple[int, str]:
    """What `uv sync` would do on another system, with the project's lock: code and words."""
    command = (
        f"{BIN / 'uv'} sync --dry-run --frozen --no-install-project --python-platform {platform}"
    )
    done = subprocess.run(
        shlex.split(command),
        cwd=project,
        # PyTorch's wheels ask for macOS 14, which is older than what GitHub's runners have.
        env=os.environ
        | {"MACOSX_DEPLOYMENT_TARGET": "14.0", "UV_PROJECT_ENVIRONMENT": str(folder / "none")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(("framework", "first"), [STACKS[0], LANGUAGE, STACKS[-1]])
def test_uv_installs_projects_on_every_system_with_what_their_targets_need(
    projects: dict[tuple[str, str], Path], tmp_path: Path, framework: str, first: str
) -> None:
    """`uv lock`, then what `uv sync` would install on each system.

    The packages of all tasks are asked for at once; those of language models exclude others'.
    """
    stacks = [stack for stack in STACKS if stack[0] == framework and stack != LANGUAGE]
    stacks = [LANGUAGE] if first == LANGUAGE[1] else stacks
    project = shutil.copytree(projects[framework, first], tmp_path / "p")
    tables = [about(projects[stack]) for stack in stacks]
    wanted = {text for table in tables for text in table["project"]["dependencies"]}
    for table in tables:
        wanted |= set(table["dependency-groups"].get("examples", []))
    lines = "".join(f"  {json.dumps(text)},\n" for text in sorted(wanted))
    text = (project / "pyproject.toml").read_text("utf-8")
    assert "\ndependencies = [\n" in text
    text = text.replace("\ndependencies = [\n", f"\ndependencies = [\n{lines}")
    (project / "pyproject.toml").write_text(text, "utf-8")
    subprocess.run([BIN / "uv", "lock", "--quiet"], cwd=project, check=True)
    locked = tomllib.loads((project / "uv.lock").read_text("utf-8"))["package"]
    wheels = {entry["name"] for entry in locked if "wheels" in entry}
    sources = {entry["name"] for entry in locked} - wheels
    assert sources - {about(project)["project"]["name"]} <= PYTHON_ONLY
    targets = {target for stack in stacks for target in offered(*stack)["targets"]}
    for system, entry in catalog()["systems"].items():
        code, said = installed(project, entry["platform"], tmp_path)
        assert code == 0, f"{system}: {said}"
        names = set(re.findall(r"^ \+ ([\w-]+)==", said, re.MULTILINE))
        for target in targets:
            listed = catalog()["targets"][target]
            needed = listed["packages"] + listed["framework_packages"][framework]
            lacking = {Requirement(text).name for text in needed} - names
            assert not lacking or system not in systems_of(target, framework), (target, lacking)
    # An older Mac and a Windows on ARM are not among them.
    assert installed(project, "x86_64-apple-darwin", tmp_path)[0] == 2
    assert installed(project, "aarch64-pc-windows-msvc", tmp_path)[0] == 2


def about(project: Path) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    return table


def test_targets_name_systems_that_exist_and_why() -> None:
    for name, entry in catalog()["targets"].items():
        for framework, systems in entry.get("systems", {}).items():
            assert framework in entry["frameworks"], name
            assert set(systems) < set(catalog()["systems"]) and "linux" in systems, name


def test_the_question_and_the_readme_say_where_a_target_is_not_made(
    projects: dict[tuple[str, str], Path],
) -> None:
    limited = 0
    for framework, task in STACKS:
        readme = (projects[framework, task] / "README.md").read_text("utf-8")
        choices = ask("choices", "targets")(catalog(), framework, task)
        for target in offered(framework, task)["targets"]:
            systems = systems_of(target, framework)
            part = readme.split(f"export {target}\n")[1].split("</details>")[0]
            words = "Both need one of these systems: " + ", ".join(
                catalog()["systems"][system]["label"] for system in systems
            )
            (label,) = re.findall(rf'"([^"]*)": {{"value": "{target}"', choices)
            if len(systems) < len(catalog()["systems"]):
                limited += 1
                assert f"{words}. Elsewhere they say so" in part, target
                assert re.search("not on Windows|Linux x86-64", label), label
            else:
                assert "Both need one of these systems" not in part, target
                assert "not on Windows" not in label, label
    assert limited > 5


# --- types ---------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_no_name_of_python_is_used_that_a_system_lacks(
    projects: dict[tuple[str, str], Path], tmp_path: Path, platform: str
) -> None:
    """Only the standard library is known here; FrameworkSuite has the strict check with all."""
    files: dict[str, Path] = {}
    for project in projects.values():
        for path in project.rglob("*.py"):
            files.setdefault(path.read_text("utf-8").replace(package(project), "package"), path)
    assert len(files) > 400
    assert foreign_names(files, platform, tmp_path) == []


def package(project: Path) -> str:
    return next((project / "src").iterdir()).name


def foreign_names(files: dict[str, Path], platform: str, tmp_path: Path) -> list[str]:
    """Names of Python's own modules that a system lacks, in texts of some origin, by mypy.

    Each text is by itself: all else that it imports is unknown.
    """
    folder = tmp_path / "a" / "b" / "c" / "d"  # so deep that every relative import stays inside
    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder, *folder.parents[:3]):
        (parent / "__init__.py").touch()
    for number, text in enumerate(files):
        (folder / f"m{number}.py").write_text(text, encoding="utf-8")
    command = f"{BIN / 'mypy'} --config-file= --platform {platform} --no-error-summary"
    command += f" --no-site-packages --ignore-missing-imports --cache-dir {os.devnull}"
    command += " --follow-imports=silent --check-untyped-defs a"
    done = subprocess.run(shlex.split(command), cwd=tmp_path, capture_output=True, text=True)
    assert not done.stderr
    origins = list(files.values())
    return [
        re.sub(r"a/b/c/d/m(\d+)\.py", lambda found: str(origins[int(found[1])]), line)
        for line in done.stdout.splitlines()
        if "Module has no attribute" in line
    ]


@pytest.mark.parametrize(
    ("line", "platform"),
    [
        ("os.killpg(1, 9)", "win32"),
        ("os.fork()", "win32"),
        ("signal.SIGHUP", "win32"),
        ("signal.SIGKILL", "win32"),
        ("os.getuid()", "win32"),
        ("fcntl.flock(1, 2)", "win32"),
        ("resource.getrlimit(1)", "win32"),
        ("pwd.getpwuid(1)", "win32"),
        ("os.sched_getaffinity(0)", "darwin"),
        ("os.memfd_create('x')", "darwin"),
    ],
)
def test_such_a_name_would_be_found(tmp_path: Path, line: str, platform: str) -> None:
    plain = f"import fcntl, os, pwd, resource, signal\n{line}\n"
    guarded = (
        "import os, signal, sys\nif sys.platform == 'linux':\n"
        f"    import fcntl, pwd, resource\n    {line}\n"
    )
    files = {plain: tmp_path / "plain.py", guarded: tmp_path / "guarded.py"}
    (said,) = foreign_names(files, platform, tmp_path)
    assert said.startswith(f"{tmp_path / 'plain.py'}:2: error: Module")


# --- files ---------------------------------------------------------------------------------


def python_files() -> Iterator[Path]:
    """What runs in projects, but for their tests, and what updates them."""
    for part in ("template", "tools", "hooks"):
        for path in sorted((ROOT / part).rglob("*.py")):
            if "tests" not in path.relative_to(ROOT).parts:
                yield path


def test_every_text_file_is_opened_with_an_encoding() -> None:
    files = list(python_files())
    assert len(files) > 200
    found = {path: list(without_encoding(path.read_text("utf-8"))) for path in files}
    assert {path.name: lines for path, lines in found.items() if lines} == {}


def without_encoding(source: str) -> Iterator[int]:
    """Lines that open a text file in the system's own encoding, which is another on Windows."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or {"encoding", None} & {k.arg for k in node.keywords}:
            continue
        called, given = node.func, node.args
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in ("read_text", "write_text"):
            if len(given) == (name == "write_text"):
                yield node.lineno
        elif name == "open" and ast.unparse(called) not in OTHER_OPENS:
            named = [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
            mode = [*given[isinstance(called, ast.Name) :], *named][:1]
            if "b" not in (ast.unparse(mode[0]) if mode else "r"):
                yield node.lineno
        elif name in ("run", "Popen", "check_output"):
            words = {ast.unparse(keyword) for keyword in node.keywords}
            if "shell=True" in words or any(word.startswith("preexec_fn=") for word in words):
                yield node.lineno


def test_a_text_file_without_an_encoding_would_be_found() -> None:
    wrong = "open(x)\npath.open()\npath.open('w')\nopen(x, mode='a')\npath.read_text()\n"
    wrong += "path.write_text(text)\nsubprocess.run(text, shell=True)\n"
    assert list(without_encoding(wrong)) == [1, 2, 3, 4, 5, 6, 7]
    right = "open(x, 'rb')\npath.open('wb')\npath.open(encoding='utf-8')\npath.read_text('utf-8')\n"
    assert list(without_encoding(right + "path.write_text(text, encoding='utf-8')\n")) == []


def test_no_program_names_a_folder_of_unix_unless_asked_which_system_it_is() -> None:
    known = {"process.py": "TorchServe, which is not started on Windows", "container.py": "in it"}
    for path in python_files():
        text = path.read_text("utf-8")
        for word in ("/tmp", "/dev/", "/bin/sh", "/proc/"):
            if f'"{word}' in text or f"'{word}" in text or f"={word}" in text:
                assert path.name in known, f"{path.relative_to(ROOT)}: {word}"


def test_nothing_asks_windows_clock_for_times_that_it_has_not() -> None:
    """Of times before 1970 and after 3000 it knows nothing; nor has it all forms of strftime."""
    for path in python_files():
        found = re.findall(
            r"fromtimestamp\(|time\.(?:gm|local|mk)time\(|%-[dmHMSjI]", path.read_text("utf-8")
        )
        assert not found, f"{path.relative_to(ROOT)}: {found}"


def test_rendered_files_have_names_that_every_system_takes(
    projects: dict[tuple[str, str], Path],
) -> None:
    for project in projects.values():
        paths = [path.relative_to(project) for path in project.rglob("*") if path.is_file()]
        for path in paths:
            if path.name == "uv.lock":
                continue
            for part in path.parts:
                assert not re.search(r'[<>:"|?*\\\x00-\x1f]', part), path
                assert part == part.rstrip(". ") and part.split(".")[0].lower() not in RESERVED
            assert len(DEEP) + len(str(path)) < 260 - 40, f"{path}: a longer package name"
        lowered = [str(path).casefold() for path in paths]
        assert len(lowered) == len(set(lowered))


def test_git_gives_every_system_the_same_bytes(projects: dict[tuple[str, str], Path]) -> None:
    for project in projects.values():
        assert "* text=auto eol=lf" in (project / ".gitattributes").read_text("utf-8")


FORBIDDEN = """
import mmap, os, shutil, sys
from pathlib import Path

place = Path(sys.argv[1])
file, other, folder = place / "file", place / "other", place / "folder"
file.write_text("1")
other.write_text("2")
folder.mkdir()
(folder / "mapped").write_bytes(b"3" * 5000)


def refused(call, *arguments):
    try:
        call(*arguments)
    except PermissionError:
        return True
    return False


with file.open():
    print(refused(file.rename, place / "new"), refused(file.unlink), refused(other.replace, file))
print(refused(file.rename, other), *(refused(Path.touch, place / name) for name in NAMES))
with (folder / "mapped").open("rb") as stream:
    mapped = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)
print(refused(folder.rename, place / "new"), refused(shutil.rmtree, folder))
mapped.close()
other.replace(file)
file.rename(place / "new")
shutil.rmtree(folder)
print(sorted(os.listdir(place)) == ["new"])
"""
NAMES = ["a:b", "nul", "AUX.txt", "dot.", "space ", "what?", "x" * 201]


def test_what_windows_forbids_is_refused_here(tmp_path: Path) -> None:
    """The rules under which the suites run a project's commands."""
    place = tmp_path / "place"
    place.mkdir()
    program = tmp_path / "program.py"
    program.write_text(f"NAMES = {NAMES}\n{FORBIDDEN}", "utf-8")
    done = subprocess.run(
        [sys.executable, program, place],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests/windows"), "WINDOWS_RULES": str(place)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True"] * (3 + 1 + len(NAMES) + 2 + 1)


# --- workflows -----------------------------------------------------------------------------


def load(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # in which `on` is a text


def check_workflow(workflow: dict[str, Any]) -> None:
    """Neither system is paid for on each push, and no job has rights, or runs for hours."""
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"} and int(job["timeout-minutes"]) <= 60
        for step in job["steps"]:
            assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"])


@pytest.mark.parametrize(("framework", "task"), STACKS)
def test_a_project_exports_there_what_can_be_exported(
    projects: dict[tuple[str, str], Path], framework: str, task: str
) -> None:
    workflow = load(projects[framework, task] / ".github/workflows/systems.yml")
    check_workflow(workflow)
    (job,) = workflow["jobs"].values()
    rows = {row["system"].lower(): row for row in job["strategy"]["matrix"]["include"]}
    assert set(rows) == {"windows", "macos"}
    for system, row in rows.items():
        every = offered(framework, task)["targets"]
        able = [target for target in every if system in systems_of(target, framework)]
        assert row["targets"].split() == able
        assert row["runner"].startswith(system)
    runs = " ".join(step.get("run", "") for step in job["steps"])
    for word in ("uv sync", "uv run pytest", " train ", " export ", " verify "):
        assert word in runs


def test_the_template_tries_its_projects_there() -> None:
    workflow = load(ROOT / ".github/workflows/systems.yml")
    check_workflow(workflow)
    (job,) = workflow["jobs"].values()
    rows = job["strategy"]["matrix"]["include"]
    assert len(rows) == 2 * len(catalog()["frameworks"])
    for row in rows:
        system, framework = row["runner"].split("-")[0], row["framework"]
        every = presets()[f"{framework}_every_target"]["targets"]
        able = [target for target in every if system in systems_of(target, framework)]
        assert row["targets"].split() == able
    runs = " ".join(step.get("run", "") for step in job["steps"])
    assert f"copier@{pins()['copier']} copy" in runs


@pytest.mark.parametrize(
    ("answers", "systems"),
    [
        ({}, ["Windows", "macOS"]),
        ({"ci_systems": ["macos"]}, ["macOS"]),
        ({"ci_systems": []}, []),
        ({"ci": "gitlab"}, []),
        ({"ci": "none"}, []),
    ],
)
def test_systems_can_be_declined(
    tmp_path: Path, answers: dict[str, Any], systems: list[str]
) -> None:
    project = render(tmp_path / "p", answers)
    file = project / ".github/workflows/systems.yml"
    assert file.exists() == bool(systems)
    readme = (project / "README.md").read_text("utf-8")
    assert (f" on {' and '.join(systems)} as well" in readme) == bool(systems)
    if systems:
        rows = load(file)["jobs"]["project"]["strategy"]["matrix"]["include"]
        assert [row["system"] for row in rows] == systems
    assert ("no runners for Windows" in readme) == (answers.get("ci") == "gitlab")


def test_a_company_with_runners_of_its_own_names_them_or_has_no_such_job() -> None:
    settings, systems = ask("company", "settings"), ask("company", "systems")
    for runners, expected in (
        ({}, ["windows", "macos"]),
        ({"github": "self-hosted"}, []),
        ({"github": "self-hosted", "windows": ["self-hosted", "win"]}, ["windows"]),
    ):
        found = json.loads(settings({"runners": runners}))
        assert json.loads(systems(found)) == expected
