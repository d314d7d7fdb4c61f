"""CONTRIBUTING.md is true: its steps, followed in a copy of the template, make a new choice.

The task that its three steps make is `toy/`: rendered here, and used for real by the suites in
`test_project_pytorch.py` and `test_project_tensorflow.py`.
"""

from __future__ import annotations

import ast
import filecmp
import re
import shutil
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier._settings import SettingsModel
from harness import ROOT, catalog, copy_template
from project_lab import TOY

GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PACKAGE = "src/{{ package_name }}"


def section(title: str) -> str:
    """Return a chapter of the guide."""
    return GUIDE.split(f"## {title}\n")[1].split("\n## ")[0]


def defined(file: Path) -> set[str]:
    """Return the names of functions, classes and constants that a file defines."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def named(cell: str) -> list[str]:
    """Return the names in a cell of the guide's tables, without their arguments."""
    return [name.partition("(")[0] for name in re.findall(r"`([^`]+)`", cell)]


def add_layer(template: Path, *switches: str, **files: str) -> None:
    """Make a folder per layer, with files by their paths."""
    layer = template.joinpath("template", *(f"{{{{ use.{switch} }}}}" for switch in switches))
    for path, text in files.items():
        (layer / path).parent.mkdir(parents=True, exist_ok=True)
        (layer / path).write_text(text, encoding="utf-8")


def render(template: Path, folder: Path, **answers: Any) -> Path:
    """Render with choices that only the copy has, which the harness would refuse."""
    copier.run_copy(
        str(template), folder, data=answers, defaults=True, quiet=True, settings=SettingsModel()
    )
    return folder


def unchanged(template: Path, before: Path) -> bool:
    """Whether all files that were there before are still what they were."""
    files = [path.relative_to(before) for path in before.rglob("*") if path.is_file()]
    same, _, _ = filecmp.cmpfiles(before, template, [str(path) for path in files], shallow=False)
    return len(same) == len(files)


def table(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


def test_a_task_has_what_the_guide_lists() -> None:
    """Every file and every name of the two tables is in the toy task."""
    same, networks = section("A new task").split("**3. ")
    file, listed = "", 0
    for first, names, _ in table(same):
        file = first.strip("`") or file
        has = defined(TOY / "template" / "{{ use.toy }}" / PACKAGE / file)
        assert set(named(names)) <= has, names
        listed += len(named(names))
    for names, _, _ in table(networks):
        for framework in catalog()["frameworks"]:
            layer = TOY / "template" / f"{{{{ use.{framework} }}}}" / "{{ use.toy }}"
            assert set(named(names)) <= defined(layer / PACKAGE / "model.py"), names
        listed += len(named(names))
    assert listed > 20


@pytest.mark.parametrize("framework", catalog()["frameworks"])
def test_a_new_task(tmp_path: Path, framework: str) -> None:
    before = copy_template(tmp_path / "before")
    template = copy_template(tmp_path / "template")
    shutil.copytree(TOY, template, dirs_exist_ok=True)
    assert unchanged(template, before)
    project = render(template, tmp_path / "project", task="toy", framework=framework)
    package = project / "src" / "my_model"
    toy = TOY / "template" / "{{ use.toy }}"
    assert (package / "data.py").read_text() == (toy / PACKAGE / "data.py").read_text()
    assert (project / "config.toml").read_text() == (toy / "config.toml").read_text()
    assert "predict 12.5,3,1,2" in (project / "README.md").read_text()
    assert "scikit-learn" not in (project / "pyproject.toml").read_text()
    # The rest of the project does not know which task it has.
    other = render(template, tmp_path / "images", framework=framework)
    ours, theirs = (
        {file.relative_to(path) for file in path.rglob("*.py")}
        for path in (package, other / "src" / "my_model")
    )
    changed = filecmp.cmpfiles(package, other / "src" / "my_model", ours & theirs, shallow=False)[1]
    assert {str(path) for path in changed} == {
        *("data.py", "metrics.py", "model.py", "predictions.py", "task.py", "report/results.py")
    }


def test_a_new_target(tmp_path: Path) -> None:
    before = copy_template(tmp_path / "before")
    template = copy_template(tmp_path / "template")
    entry = yaml.safe_load((template / "extensions" / "targets" / "onnx.yml").read_text("utf-8"))
    entry |= {"name": "echo", "label": "Echo", "packages": ["echo-runtime>=1,<2"], "order": 500}
    text = yaml.safe_dump(entry, sort_keys=False)
    (template / "extensions" / "targets" / "echo.yml").write_text(text, encoding="utf-8")
    target = f"{PACKAGE}/targets/echo"
    add_layer(template, "echo", **{f"{target}/__init__.py": 'ENGINE = "Echo"\n'})
    add_layer(template, "echo", "pytorch", **{f"{target}/export.py": "# PyTorch\n"})
    add_layer(template, "echo", "tensorflow", **{f"{target}/export.py": "# TensorFlow\n"})
    assert unchanged(template, before)

    project = render(template, tmp_path / "project", targets=["onnx", "echo"])
    folder = project / "src" / "my_model" / "targets"
    assert (folder / "echo" / "export.py").read_text() == "# PyTorch\n"
    assert (folder / "onnx" / "export.py").is_file()
    assert "echo-runtime>=1,<2" in (project / "pyproject.toml").read_text()
    assert "uv run my-model export echo" in (project / "README.md").read_text()
    assert "export echo" in (project / ".github/workflows/ci.yml").read_text()


def test_a_target_that_a_task_lacks_is_not_offered(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    shutil.copytree(TOY, template, dirs_exist_ok=True)
    file = template / "extensions" / "tasks" / "toy.yml"
    file.write_text(file.read_text("utf-8") + "lacks: {onnx: deliveries have no ONNX}\n")
    with pytest.raises(ValueError, match="deliveries have no ONNX"):
        render(template, tmp_path / "project", task="toy", targets=["onnx"])


def test_a_new_ci_provider(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    file = template / "extensions" / "catalog.yml"
    data = yaml.safe_load(file.read_text("utf-8"))
    data["ci"]["forgejo"] = data["ci"]["github"] | {"label": "Forgejo"}
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    add_layer(template, "forgejo", **{".forgejo/workflows/ci.yml": "jobs: {}\n"})
    project = render(template, tmp_path / "project", ci="forgejo")
    assert (project / ".forgejo/workflows/ci.yml").is_file()
    assert not (project / ".github").exists()


def test_it_names_what_is_there() -> None:
    for path in re.findall(r"`((?:tests|tools|extensions|hooks|template)/[\w./]+)`", GUIDE):
        assert "NAME" in path or (ROOT / path).exists(), path
