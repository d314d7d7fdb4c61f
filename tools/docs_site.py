"""Build the documentation site from docs/ and the pages at the top of the repository.

    python tools/docs_site.py [FOLDER]     build it there, `site` when left out

CONTRIBUTING.md, CHANGELOG.md and SECURITY.md become pages as they are. Links that lead to files
which are no pages lead to the repository instead. Needs what requirements-docs.txt names.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "zensical.toml"
# Pages by their place in the repository, and what they are called in the site.
TOP = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
LINK = re.compile(r"(\]\()([^)#\s:]+)((?:#[^)\s]*)?\))")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """Every page and picture: its place in the repository, and the one in the site."""
    there = [file for file in (ROOT / "docs").rglob("*") if file.is_file()]
    found = {file.relative_to(ROOT).as_posix(): file for file in sorted(there)}
    return TOP | {
        place: file.relative_to(ROOT / "docs").as_posix() for place, file in found.items()
    }


def leads_to(link: str, place: str, repository: str) -> str:
    """The link of a page at that place, as it has to be in the site."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(place), link))
    known = pages()
    if target in known:
        return posixpath.relpath(known[target], posixpath.dirname(known[place]) or ".")
    if not (ROOT / target).exists():
        raise SystemExit(f"{place}: {link} leads nowhere")
    kind = "tree" if (ROOT / target).is_dir() else "blob"
    return f"{repository}/{kind}/main/{target}"


def page(place: str, repository: str) -> str:
    """A page's text with the links of the site; code stays as it is."""
    parts = FENCE.split((ROOT / place).read_text("utf-8"))
    for index in range(0, len(parts), 2):
        parts[index] = LINK.sub(
            lambda found: found[1] + leads_to(found[2], place, repository) + found[3], parts[index]
        )
    return "".join(parts)


def assemble(folder: Path) -> None:
    """Lay out what the tool reads."""
    repository = tomllib.loads(SETTINGS.read_text("utf-8"))["project"]["extra"]["repository"]
    shutil.copy(SETTINGS, folder)
    for place, name in pages().items():
        file = folder / "docs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            file.write_text(page(place, repository), encoding="utf-8")
        else:
            shutil.copy(ROOT / place, file)


def build(site: Path) -> None:
    """Build the site; SystemExit where a warning, such as a link to nowhere, speaks against it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assemble(folder)
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            said = COLOURS.sub("", done.stdout + done.stderr)
            raise SystemExit(said.split("Traceback (most")[0])
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(folder / "site", site)


def main(arguments: list[str]) -> int:
    """Build the site into the folder that is named."""
    if arguments[:1] == ["--help"] or len(arguments) > 1:
        print(__doc__)
        return 0 if arguments[:1] == ["--help"] else 2
    site = Path(*arguments) if arguments else ROOT / "site"
    build(site)
    print(f"{site}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
