"""The README's own commands, typed into a terminal, and judged by what they leave behind."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from harness import ROOT, presets, render
from judges import how_to_judge
from project_lab import environment
from readme import commands
from suites import plan

README = ROOT / "README.md"
FROM_CHECKOUT = (
    'pip install uv && uvx copier copy "$PWD" ../my-model'
    " && cd ../my-model && uv run my-model train"
)
FROM_ADDRESS = "uvx copier copy https://github.com/OWNER/pickone.git my-model"
WITH_PRESET = 'uvx copier copy --defaults --data-file presets/tensorflow.yml "$PWD" ../my-model-tf'
CHECK = "uv run tools/check_answers.py presets/tensorflow.yml"
TEST = (
    "python3 -m venv .venv && .venv/bin/pip install -q -r requirements-dev.txt && .venv/bin/pytest"
)
# Shown by the rendered project's README as well, and run there (suites.py, test_update).
IN_A_PROJECT = (
    "uvx copier check-update",
    "uvx copier update --defaults",
    "uvx copier update --defaults --vcs-ref :current: --data 'targets=[onnx]'",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Clone what is here, uncommitted changes too, as a newcomer would have it."""
    folder = tmp_path / "pickone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    command = "git init -q . && git add -A && git commit -q -m Checkout"
    subprocess.run(command, shell=True, cwd=folder, env=environment(), check=True)
    return folder


def typed(command: str, folder: Path, enters: int) -> str:
    """Run a command in a terminal of its own and press Enter whenever it waits, so often at most.

    Returns all that the terminal showed; fails when the command does.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", command], environment() | {"TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    shown, end = b"", time.monotonic() + 600
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1.5)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # the other side is closed: the command is over
                break
            if not part:
                break
            shown += part
        elif enters and b"What is your project called?" in shown:
            os.write(terminal, b"\r")
            enters -= 1
    else:
        os.kill(process, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    text = shown.decode(errors="replace")
    assert code == 0, text[-3000:]
    assert enters == 0, f"{enters} questions less than the README says:\n{text[-3000:]}"
    return text


def test_every_command_is_one_that_is_run() -> None:
    known = [FROM_CHECKOUT, FROM_ADDRESS, TEST, WITH_PRESET, CHECK, *IN_A_PROJECT]
    assert commands(README) == known
    rendered = "\n".join(commands(ROOT / "template" / "README.md.jinja"))
    shown = re.sub(r"targets=\[\{\{.*\}\}\]", "targets=[onnx]", rendered)  # its own there
    assert set(IN_A_PROJECT) <= set(shown.split("\n"))


def test_ci_runs_the_test_command() -> None:
    found = re.search(r"grep -m1 -E '(.*)' README\.md", (ROOT / ".ci" / "run").read_text())
    assert found
    assert re.search(found.group(1), TEST)


def test_the_table_of_the_decision_is_current() -> None:
    program = [sys.executable, "tools/decision_table.py", "--order"]
    table = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert table.strip() in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("preset", presets())
def test_the_tree_of_a_project_is_the_one_that_its_readme_draws(
    tmp_path: Path, preset: str
) -> None:
    project = render(tmp_path / "project", presets()[preset])
    where = (project / "README.md").read_text("utf-8").split("## What is where")[1]
    tree = where.split("```text\n")[1].split("```")[0]
    drawn = [line.split()[0] for line in tree.splitlines() if line[0] not in "├└"]
    inside = [line.split()[1] for line in tree.splitlines() if line[0] in "├└"]
    [package] = (project / "src").iterdir()

    def listed(folder: Path) -> list[str]:
        return sorted(p.name + "/" * p.is_dir() for p in folder.iterdir())

    silent = {"__init__.py", "__main__.py"}
    assert sorted(inside) == [name for name in listed(package) if name not in silent]
    assert inside[-1] in tree.splitlines()[-1] and tree.splitlines()[-1][0] == "└"
    made = {"runs/", "artifacts/", f"src/{package.name}/"}
    folders = {name for name in listed(project) if name[0] != "." and name.endswith("/")}
    of_the_task = {"examples/"}
    assert set(drawn) - made == folders - {"src/"} - of_the_task | {"config.toml"}


def links(page: Path) -> list[str]:
    """The files that a page leads to, pictures too, as it names them."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    return [link for link in found if "://" not in link]


@pytest.mark.parametrize("preset", sorted(presets().keys() - {"awkward"}))  # its title is a link
def test_every_link_in_a_project_leads_somewhere(tmp_path: Path, preset: str) -> None:
    project = render(tmp_path / "project", presets()[preset])
    assert links(project / "README.md")
    for page in [*project.glob("*.md"), *(project / "docs").rglob("*.md")]:
        for link in links(page):
            assert (page.parent / link).exists(), f"{page.relative_to(project)}: {link}"


def test_every_link_in_the_template_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"]:
        for link in links(page):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"


def test_from_a_checkout_to_a_trained_network(checkout: Path) -> None:
    text = typed(FROM_CHECKOUT, checkout, enters=8)
    assert "★ recommended" in text
    project = checkout.parent / "my-model"
    (card,) = (json.loads(p.read_text()) for p in project.glob("runs/*/model/model.json"))
    assert card["framework"] == "PyTorch"
    assert card["test"]["accuracy"] >= 0.985
    assert "samples/s" in text, "a terminal shows a progress bar"


def test_from_an_address(checkout: Path, tmp_path: Path) -> None:
    address = f"git+file://{checkout}"
    text = typed(
        FROM_ADDRESS.replace("https://github.com/OWNER/pickone.git", address), tmp_path, enters=8
    )
    assert "uv run my-model train" in text
    answers = (tmp_path / "my-model" / ".copier-answers.yml").read_text()
    assert f"_src_path: {address}" in answers


def test_with_a_preset(checkout: Path) -> None:
    assert "presets/tensorflow.yml: fine" in typed(CHECK, checkout, enters=0)
    typed(WITH_PRESET, checkout, enters=0)
    answers = (checkout.parent / "my-model-tf" / ".copier-answers.yml").read_text()
    assert f"framework: {presets()['tensorflow'].get('framework', 'tensorflow')}" in answers


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_a_training_run_can_be_read_in_an_hour(tmp_path: Path, framework: str) -> None:
    """The README's reading list: at most 15 files and 1,250 lines, and all of them are there."""
    project = render(tmp_path / "project", {"framework": framework})
    text = (project / "README.md").read_text("utf-8")
    listed = text.split("To follow one training run")[1].split("What can be set")[0]
    files = [project / "src" / "my_model" / name for name in re.findall(r"`(\w+\.py)`", listed)]
    first, *others = files
    assert first.name == "cli.py"
    (function,) = [
        node
        for node in ast.parse(first.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "train"
    ]
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    lines += sum(len(file.read_text("utf-8").splitlines()) for file in others)
    print(f"{framework}: {len(files)} files, {lines} lines")
    assert len(files) <= 15
    assert lines <= 1250


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_every_command_that_a_project_shows_has_a_judge(tmp_path: Path, framework: str) -> None:
    """The suites that run them take minutes; that one was forgotten shows here at once."""
    project = render(tmp_path / "project", presets()[f"{framework}_every_target"])
    pages = [project / "README.md", *sorted((project / "docs").rglob("*.md"))]
    planned = plan([commands(page) for page in pages])
    assert len(planned) > 30
    for command in planned:
        how_to_judge("image_classification", command)
