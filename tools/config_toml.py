"""Write each task's config.toml from its settings classes, which are the one home of the defaults.

    .venv/bin/python tools/config_toml.py           write template/{{ use.TASK }}/config.toml
    .venv/bin/python tools/config_toml.py --check   say which are out of date; exit code 1 if any
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import copier
import yaml
from copier._settings import SettingsModel

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Every setting is also a flag: `train --epochs 20 --learning-rate 0.003`.
# A run keeps a copy of what it used in runs/<name>/config.toml.

"""
PROGRAM = "from my_model import config; print(config.dump(config.Config()), end='')"


def main(argv: list[str] | None = None) -> int:
    """Write or check the files of all tasks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args(argv)
    stale = []
    for entry in sorted((ROOT / "extensions" / "tasks").glob("*.yml")):
        task = yaml.safe_load(entry.read_text("utf-8"))
        file = ROOT / "template" / f"{{{{ use.{task['name']} }}}}" / "config.toml"
        text = config_toml(ROOT, task["name"], task["frameworks"][0])
        if options.check:
            stale += [] if file.is_file() and file.read_text("utf-8") == text else [file]
        else:
            file.write_text(text, encoding="utf-8")
    for file in stale:
        print(f"{file.relative_to(ROOT)} is out of date; run tools/config_toml.py", file=sys.stderr)
    return 1 if stale else 0


def config_toml(template: Path, task: str, framework: str) -> str:
    """Render a project of a task and let its own classes write all of their defaults."""
    answers = {"task": task, "framework": framework, "targets": [], "package_name": "my_model"}
    with tempfile.TemporaryDirectory() as folder:
        copier.run_copy(
            str(template),
            folder,
            data=answers,
            defaults=True,
            quiet=True,
            vcs_ref="HEAD",
            settings=SettingsModel(),
        )
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(
            command, cwd=Path(folder, "src"), capture_output=True, text=True, check=True
        )
    return HEAD + done.stdout.rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main())
