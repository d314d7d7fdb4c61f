"""The programs for phones compile, and make of any input what Python makes of it, bit for bit.

Swift and Kotlin are Debian's, in an image that is made once. What only a phone has is not compiled
here: the engines and the system's pictures (Classifier.*, and the first part of Pixels.swift).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from containers import Engine, NoEngine, find_engine
from harness import catalog, pins, render
from project_lab import one_at_a_time
from stand_ins import base_images

HERE = Path(__file__).parent / "phones"
UV = Path(sys.executable).parent / "uv"
NAMES = {"Pixels", "Rows", "Texts", "Windows"}
JSON = "/usr/share/java/com.android.json.jar"
SUFFIX = {"kotlin": ".kt", "swift": ".swift"}
COMPILE = {
    "kotlin": f"kotlinc *.kt -cp {JSON} -include-runtime -d program.jar",
    "swift": "swiftc -O -warnings-as-errors *.swift -o program",
}
PROGRAM = {"kotlin": f"java -cp program.jar:{JSON} MainKt", "swift": "./program"}
KINDS = {  # the task, and what the program is asked for
    "texts": ("text_classification", "texts"),
    "cells": ("tabular", "rows"),
    "characters": ("tabular", "rows"),
    "windows": ("forecasting", "windows"),
    "logarithms": ("forecasting", "windows"),
    "pixels": ("image_classification", "pixels"),
    "transparent": ("image_classification", "pixels"),
}
TRIED = [(language, kind) for language in SUFFIX for kind in KINDS]
TRIED.remove(("swift", "transparent"))  # the system lays a CGImage over the background


@dataclass(frozen=True)
class Program:
    """The programs for phones in one language, compiled."""

    language: str
    engine: Engine
    image: str
    folder: Path

    def answers(self, function: str, facts: Any, cases: list[Any]) -> list[Any]:
        """Return what a function of the program makes of each case."""
        given = {"manifest.json": {"facts": facts}, "cases.json": cases}
        for name, content in given.items():
            (self.folder / name).write_text(json.dumps(content), "utf-8")
        command = [*shlex.split(PROGRAM[self.language]), function, *given]
        said = self.engine.run_in(self.image, self.folder, *command)
        return [json.loads(line) for line in said.splitlines()]


@pytest.fixture(scope="module")
def engine() -> Engine:
    try:
        return find_engine()
    except NoEngine as error:
        if shutil.which("apt-get"):
            pytest.fail(f"{error}: README.md names Debian's packages")
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def compilers(engine: Engine) -> str:
    """Build the image with the compilers, and leave it there for the next time.

    Not while test_containers.py builds: each removes what builds leave behind.
    """
    dockerfile = HERE / "Dockerfile"
    image = f"localhost/phones:{hashlib.sha256(dockerfile.read_bytes()).hexdigest()[:8]}"
    with one_at_a_time(Path(tempfile.gettempdir(), "pickone-containers.lock")):
        if not engine.has(image):
            with base_images(engine, dockerfile):
                engine.build(HERE, dockerfile, image)
    return image


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Render a project of each task that phones run; its programs lie in deploy/tflite."""
    folder = tmp_path_factory.mktemp("phones")
    answers = {"framework": "pytorch", "targets": ["tflite"], "package_name": "my_model"}
    tasks = {task for task, _ in KINDS.values()}
    return {task: render(folder / task, answers | {"task": task}) for task in sorted(tasks)}


@pytest.fixture(scope="module")
def programs(
    engine: Engine,
    compilers: str,
    projects: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Program]:
    """Compile what the projects have in each language, with a program that asks it."""
    made = {}
    for language, suffix in SUFFIX.items():
        folder = tmp_path_factory.mktemp(language)
        found = [*projects.values(), HERE]
        files = [file for place in found for file in place.rglob(f"*{suffix}")]
        for file in files:
            if file.stem in NAMES or file.parent == HERE:
                shutil.copy(file, folder)
        assert {file.stem for file in folder.iterdir()} > NAMES
        engine.run_in(compilers, folder, "sh", "-c", COMPILE[language])
        made[language] = Program(language, engine, compilers, folder)
    return made


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with what the projects' preparation of inputs imports."""
    folder = tmp_path_factory.mktemp("python")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = [pin for pin in pins()["serving"] if pin.startswith("numpy==")]
    packages += catalog()["tasks"]["image_classification"]["serving"]  # Pillow
    subprocess.run([UV, "venv", "--quiet", folder], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return python


@pytest.mark.parametrize(("language", "kind"), TRIED)
def test_a_program_for_phones_makes_what_python_makes(
    programs: dict[str, Program],
    python: Path,
    projects: dict[str, Path],
    tmp_path: Path,
    language: str,
    kind: str,
) -> None:
    task, function = KINDS[kind]
    subprocess.run(
        [python, HERE / "expected.py", kind, tmp_path],
        cwd=projects[task],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(("src", "."))},
        check=True,
    )
    facts, cases, wanted = (
        json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
        for name in ("facts", "cases", "expected")
    )
    if language == "swift":  # its texts have no halves of surrogate pairs
        kept = [place for place, case in enumerate(cases) if is_whole(case)]
        cases, wanted = ([every[place] for place in kept] for every in (cases, wanted))
    assert len(cases) > 50
    found = programs[language].answers(function, facts, cases)
    assert len(found) == len(cases)
    wrong = [place for place, answer in enumerate(found) if answer != wanted[place]]
    told = [ascii((cases[place], found[place], wanted[place]))[:500] for place in wrong[:3]]
    assert not wrong, f"{len(wrong)} of {len(cases)}: {told}"


def is_whole(case: Any) -> bool:
    try:
        json.dumps(case, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
