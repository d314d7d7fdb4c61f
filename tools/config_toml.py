"""Write each task's config.toml from its settings classes, which are the one home of the defaults.

    python tools/config_toml.py           write template/{{ use.TASK }}/config.toml
    python tools/config_toml.py --check   say which are out of date; exit 1 when any is

Needs Copier, but none of the frameworks.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import copier
import yaml
from copier._settings import SettingsModel

ROOT = Path(__file__).resolve().parent.parent
TOY = ROOT / "tests" / "toy"  # a task that the tests lay over a copy of the template
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
    with tempfile.TemporaryDirectory() as folder:
        template = copy_with_toy(Path(folder))
        for home in (ROOT, TOY):
            for entry in sorted((home / "extensions" / "tasks").glob("*.yml")):
                task = yaml.safe_load(entry.read_text("utf-8"))
                file = home / "template" / f"{{{{ use.{task['name']} }}}}" / "config.toml"
                text = config_toml(template, task["name"], task["frameworks"][0])
                if options.check:
                    stale += [] if file.is_file() and file.read_text("utf-8") == text else [file]
                else:
                    file.write_text(text, encoding="utf-8")
    for file in stale:
        print(f"{file.relative_to(ROOT)} is out of date; run tools/config_toml.py", file=sys.stderr)
    return 1 if stale else 0


def copy_with_toy(folder: Path) -> Path:
    """Copy what Copier reads of the template, and lay the toy task over it."""
    shutil.copy(ROOT / "copier.yml", folder)
    for part in ("questions", "extensions", "hooks", "template"):
        shutil.copytree(ROOT / part, folder / part)
    # Defaults are upstream's, whatever a fork allows.
    (folder / "extensions" / "company.yml").write_text("_company: {}\n", encoding="utf-8")
    return Path(shutil.copytree(TOY, folder, dirs_exist_ok=True))


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
            settings=SettingsModel(),
        )
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(
            command, cwd=Path(folder, "src"), capture_output=True, text=True, check=True
        )
    return HEAD + done.stdout.rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main())
