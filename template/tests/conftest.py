"""What several tests share: a folder to work in, and one run that is trained once."""

import contextlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = next((ROOT / "src").glob("*/cli.py")).parent.name
importlib.import_module(PACKAGE)  # before the framework, which reads what it sets

# Enough for a network that has learnt something, and for several checkpoints on the way.
SHORT = ("--steps", "240", "--log-every", "10", "--checkpoint-every", "20")


@dataclass(frozen=True)
class Workshop:
    """A folder with a config.toml, in which commands run as a user would run them.

    `run` and `start` give a command a process of its own, as a user's shell does; `call` runs it in
    this one, which has the framework in memory already. `run_in_turn` gives one to several. Weights
    of `call` may differ in their last bits: what ran before may have begun with several threads.
    """

    path: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command, in a process of its own, without waiting for it."""
        return subprocess.Popen(
            [sys.executable, "-m", PACKAGE, *arguments],
            cwd=self.path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command to its end and return its JSON object; fail on another exit code."""
        process = self.start(*arguments, "--json")
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"{arguments} ended with {process.returncode}:\n{err}"
        result: dict[str, Any] = json.loads(out.splitlines()[-1]) if code == 0 else {"error": err}
        return result

    def run_in_turn(self, *commands: tuple[str, ...]) -> list[dict[str, Any]]:
        """Run some commands in one process, which imports the framework once."""
        calls = [[*command, "--json"] for command in commands]
        program = f"from {PACKAGE}.cli import main\nfor call in {calls}: assert main(call) == 0"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{commands} ended with {done.returncode}:\n{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def call(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command in this process and return its JSON object; fail on another exit code."""
        main = importlib.import_module(f"{PACKAGE}.cli").main
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.path), redirect_stdout(out), redirect_stderr(err):
            found = main([*arguments, "--json"])
        sys.stderr.write(err.getvalue())
        assert found == code, f"{arguments} ended with {found}:\n{err.getvalue()}"
        if code:
            return {"error": err.getvalue()}
        result: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return result


def make_workshop(path: Path) -> Workshop:
    """Make a folder with the default settings, whatever the project's own config.toml says."""
    config = importlib.import_module(f"{PACKAGE}.config")
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.toml").write_text(config.dump(config.Config()), encoding="utf-8")
    if (ROOT / "examples").is_dir():
        shutil.copytree(ROOT / "examples", path / "examples", dirs_exist_ok=True)
    return Workshop(path)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Give a test a folder of its own."""
    return make_workshop(tmp_path)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workshop, dict[str, Any]]:
    """Train once for all tests; gives the folder and what `train` said."""
    made = make_workshop(tmp_path_factory.mktemp("trained-once"))
    return made, made.run("train", *SHORT)


@pytest.fixture(scope="module")
def trained(
    trained_once: tuple[Workshop, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workshop, dict[str, Any]]:
    """Give every file of tests a copy of the run that is trained once, to export from."""
    made, result = trained_once
    path = tmp_path_factory.mktemp("trained")
    shutil.copytree(made.path, path, dirs_exist_ok=True)
    return Workshop(path), result


def is_written(file: Path) -> bool:
    """Whether a file has something in it; it may have been removed in this moment."""
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size > 0
    return False


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[str], count: int = 1) -> None:
    """Wait until so many files of a pattern are written, as long as the process runs."""
    end = time.monotonic() + 120
    while sum(map(is_written, folder.glob(pattern))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, f"no {pattern} in {folder}"
        time.sleep(0.01)


def better(ours: dict[str, float], theirs: dict[str, float], facts: dict[str, Any]) -> bool:
    """Whether the metric that decides is better in the first of two results."""
    name, direction = importlib.import_module(f"{PACKAGE}.metrics").monitor(facts)
    return ours[name] > theirs[name] if direction == "max" else ours[name] < theirs[name]


def changed(path: Path, offset: int) -> None:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def names(paths: Sequence[Path]) -> list[str]:
    """Return file names, sorted."""
    return sorted(path.name for path in paths)
