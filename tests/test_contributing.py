"""CONTRIBUTING.md is true: its steps, followed in a copy of the template, make a new choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import copier
import yaml
from copier._settings import SettingsModel
from harness import ROOT, catalog, copy_template


def add_choice(template: Path, kind: str, name: str, entry: dict[str, Any]) -> None:
    """Step 1: an entry in the catalog."""
    file = template / "extensions" / "catalog.yml"
    data = yaml.safe_load(file.read_text("utf-8"))
    data[kind][name] = entry
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def add_layer(template: Path, *switches: str, **files: str) -> None:
    """Step 2: a folder per layer, with files by their paths."""
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


def test_a_new_target(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    entry = catalog()["targets"]["onnx"] | {"label": "Echo", "packages": ["echo-runtime>=1,<2"]}
    add_choice(template, "targets", "echo", entry)
    target = "src/{{ package_name }}/targets/echo"
    add_layer(template, "echo", **{f"{target}/__init__.py": 'ENGINE = "Echo"\n'})
    add_layer(template, "echo", "pytorch", **{f"{target}/export.py": "# PyTorch\n"})
    add_layer(template, "echo", "tensorflow", **{f"{target}/export.py": "# TensorFlow\n"})

    project = render(template, tmp_path / "project", targets=["onnx", "echo"])
    rooms = project / "src" / "my_model" / "targets"
    assert (rooms / "echo" / "export.py").read_text() == "# PyTorch\n"
    assert (rooms / "onnx" / "export.py").is_file()
    assert "echo-runtime>=1,<2" in (project / "pyproject.toml").read_text()
    assert "uv run my-model export echo" in (project / "README.md").read_text()
    assert "export echo" in (project / ".github/workflows/ci.yml").read_text()


def test_a_new_task(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    add_choice(template, "tasks", "toy", catalog()["tasks"]["image_classification"])
    (template / "extensions" / "readme" / "toy.md.jinja").write_text("All about toys.\n")
    add_layer(template, "toy", **{"config.toml": "# toys\n"})
    add_layer(template, "pytorch", "toy", **{"src/{{ package_name }}/model.py": "# toys\n"})

    project = render(template, tmp_path / "project", task="toy", targets=[])
    assert (project / "config.toml").read_text() == "# toys\n"
    assert (project / "src" / "my_model" / "model.py").read_text() == "# toys\n"
    assert not (project / "src" / "my_model" / "data.py").exists()
    assert "All about toys." in (project / "README.md").read_text()


def test_a_new_ci_provider(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    add_choice(template, "ci", "forgejo", catalog()["ci"]["github"] | {"label": "Forgejo"})
    add_layer(template, "forgejo", **{".forgejo/workflows/ci.yml": "jobs: {}\n"})
    project = render(template, tmp_path / "project", ci="forgejo")
    assert (project / ".forgejo/workflows/ci.yml").is_file()
    assert not (project / ".github").exists()


def test_it_names_what_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for path in ("extensions/readme", "tests/project_judges.py", "hooks/moves.yml", "presets"):
        assert path in text
        assert (ROOT / path).exists()
