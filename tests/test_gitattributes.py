"""Text has LF on every system, here and in projects; pictures and data keep their bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness import ROOT, render
from update_lab import commit, git

AS_THEY_ARE = (".png", ".csv")


def attributes(folder: Path, *names: str) -> dict[str, str]:
    """What git does to the line ends of files: their attribute `text`, by name."""
    lines = git(folder, "check-attr", "text", "--", *names).splitlines()
    return {name: value for name, _, value in (line.rsplit(": ", 2) for line in lines)}


def test_the_template_has_lf_and_leaves_pictures_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / ".gitattributes").is_file() and listed
    for line in listed.splitlines():
        about, name = line.split("\t")
        assert "crlf" not in about and "mixed" not in about, line
        as_it_is = name.strip('"').endswith(AS_THEY_ARE)
        assert ("attr/-text" in about) == as_it_is, line


def test_a_project_has_lf_and_keeps_the_bytes_of_data(tmp_path: Path) -> None:
    project = render(tmp_path / "project")
    git(project, "init", "--quiet")
    bodies = {
        "own.csv": b"a,b\r\n1,2\r\n",
        "own.jsonl": b"{}\r\n",
        "src/my_model/own.py": b"x = 1\r\n",
    }
    for name, body in bodies.items():
        (project / name).write_bytes(body)
    commit(project, "Start")

    def stored(name: str) -> bytes:
        command = ["git", "show", f"HEAD:{name}"]
        return subprocess.run(command, cwd=project, capture_output=True, check=True).stdout

    assert stored("own.csv") == bodies["own.csv"] and stored("own.jsonl") == bodies["own.jsonl"]
    assert stored("src/my_model/own.py") == b"x = 1\n"
    found = attributes(
        project, "examples/seven.png", "m.onnx", "w.safetensors", "t.parquet", "a.py"
    )
    assert list(found.values()) == ["unset", "unset", "unset", "unset", "auto"]
