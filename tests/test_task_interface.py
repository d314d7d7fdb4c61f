"""What a task is to the rest of a project: the same names in every task, told by CONTRIBUTING.md.

The toy task has nothing but this interface; a further task may have more.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from harness import ROOT, catalog

TOY = ROOT / "tests" / "toy" / "template"
# What only some tasks have; others are used without it.
OPTIONAL = {"TEXTS", "from_texts", "further_signatures", "ScaledModule"}
OPTIONAL |= {"compute", "divide", "FORMS", "sketch", "REFERENCES", "judged_by"}
FILES = sorted(
    file
    for file in (path.relative_to(TOY).as_posix() for path in TOY.rglob("*.py"))
    if "/tests/" not in file
)


def interface(path: Path) -> dict[str, list[str]]:
    """The public functions, classes and values of a file; what functions and modules take."""
    found: dict[str, list[str]] = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = parameters(node)
        elif isinstance(node, ast.ClassDef):
            makers = [n for n in node.body if getattr(n, "name", "") == "__init__"]
            found[node.name] = [
                p for n in makers if isinstance(n, ast.FunctionDef) for p in parameters(n)
            ]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id: [] for t in targets if isinstance(t, ast.Name)}
    return {name: given for name, given in found.items() if not name.startswith("_")}


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args if argument.arg != "self"]


def told() -> dict[str, list[str]]:
    """Every name that CONTRIBUTING.md has in its tables on a new task, with what it takes."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## A new task\n")[1].split("\n## ")[0]
    names: list[tuple[str, str]] = []
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        column = next(i for i, title in enumerate(rows[0]) if "name" in title)
        names += re.findall(r"`(\w+)(?:\(([\w, ]*)\))?`", " ".join(row[column] for row in rows))
    return {name: [p for p in given.split(", ") if p] for name, given in names}


def test_there_are_files_to_compare() -> None:
    assert len(FILES) >= 7
    assert sum(file.endswith("/model.py") for file in FILES) == len(catalog()["frameworks"])


def needed(file: str) -> dict[str, list[str]]:
    """What CONTRIBUTING.md asks of a file: the toy's interface less what only the toy needs."""
    return {name: given for name, given in interface(TOY / file).items() if name in told()}


@pytest.mark.parametrize("task", catalog()["tasks"])
@pytest.mark.parametrize("file", FILES)
def test_every_task_has_the_same_interface(file: str, task: str) -> None:
    others = set(catalog()["frameworks"]) - set(catalog()["tasks"][task]["frameworks"])
    if any(f"use.{framework} " in file for framework in others):
        return
    own = interface(ROOT / "template" / file.replace("use.toy", f"use.{task}"))
    assert needed(file).items() <= own.items(), file


def test_contributing_tells_the_whole_interface_and_nothing_else() -> None:
    both = dict[str, list[str]]()
    for file in FILES:
        both |= needed(file)
    assert both == told()


def used() -> set[str]:
    """Every name that files of no task take from a task's modules."""
    modules = {Path(file).stem for file in FILES}
    found: set[str] = set()
    for path in (ROOT / "template").rglob("*.py"):
        if any(f"{{{{ use.{task} }}}}" in path.parts for task in catalog()["tasks"]):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        here: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                if (node.module or "").split(".")[-1] in modules:
                    found |= {alias.name for alias in node.names}
                else:
                    here |= {a.asname or a.name: a.name for a in node.names if a.name in modules}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found |= {node.attr} if node.value.id in here else set()
    return found


def test_nothing_else_of_a_task_is_used() -> None:
    assert used() - OPTIONAL == set(told())


def test_what_a_task_may_have_is_told_as_well() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    files = [path.read_text("utf-8") for path in (ROOT / "template").rglob("*.py")]
    for name in OPTIONAL:
        assert re.search(rf"`{name}\b", text), name
        assert any(re.search(rf"^(def|class)? ?{name}\b", file, re.MULTILINE) for file in files)
