"""Web pages: an artifact that is a static web site, and the browser that verifies it.

`assemble` puts the site together from

- this folder: `index.html`, `page.js` and `style.css`, which all tasks share, and the task's own
  `task.js` and `task.css`, with whatever files they need besides
- `targets/NAME/page/engine.js`, which loads the model and computes, and the engine itself from npm

`browser.py` computes with the site in a headless browser. It opens `verify.html` and `verify.js`;
`local.py` is the server between the two, `messages.py` and `messages.mjs` are what they send.

A target's `page/__init__.py` says which files of npm packages its engine needs:

- FILES     path below `web/node_modules` -> path in the artifact
- IMPORTS   what the engine's modules import by a package's name -> the path that a browser needs
- REQUIRED  False where the artifact is of use without its page
"""

import importlib
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import project
from ..errors import UserError
from .browser import VERIFICATION

HERE = Path(__file__).parent
INSTALL = f"`npm install --prefix {project.WEB}`"


def assemble(target: str, folder: Path) -> None:
    """Copy what makes an artifact's folder a web site: page, engine and its notices.

    Raises UserError when the engine's npm packages are missing or of another version, unless the
    artifact can do without the page: then one line on stderr says so.
    """
    about = importlib.import_module(f"..targets.{target}.page", __package__)
    try:
        packages = check_packages(about.FILES)
    except UserError as error:
        if getattr(about, "REQUIRED", True):
            raise
        print(f"exported without its web page: {error}", file=sys.stderr)
        return
    for file in site_files():
        shutil.copyfile(file, folder / file.name)
    shutil.copyfile(HERE.parent / "targets" / target / "page" / "engine.js", folder / "engine.js")
    for source, place in about.FILES.items():
        copy_engine_file(modules() / source, folder / place, about.IMPORTS)
    write_notices(packages, folder / "engine" / "NOTICE.txt")


def site_files() -> list[Path]:
    """List the page's own files: all of this folder that a browser reads, but for verification."""
    files = (file for file in HERE.iterdir() if file.suffix in (".html", ".js", ".css"))
    return sorted(file for file in files if file.name not in VERIFICATION)


def modules() -> Path:
    """Return the folder in which npm has installed the packages."""
    return project.WEB / "node_modules"


def check_packages(files: Iterable[str]) -> list[dict[str, Any]]:
    """Read the package.json of every npm package that `files` come from.

    Raises UserError when a package or a file is missing, or when web/package.json asks for another
    version than the one installed.
    """
    try:
        wanted = json.loads((project.WEB / "package.json").read_text("utf-8"))["dependencies"]
        found = [read_package(name) for name in sorted({package_of(file) for file in files})]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"the web page's npm packages are missing; run {INSTALL}") from error
    for package in found:
        name, version = package["name"], package["version"]
        if wanted.get(name, version) != version:
            raise UserError(
                f"{modules()} has {name} {version}, {project.WEB / 'package.json'} asks for"
                f" {wanted[name]}; run {INSTALL}"
            )
    for file in files:
        if not (modules() / file).is_file():
            raise UserError(f"{modules() / file} is missing; run {INSTALL}")
    return found


def read_package(name: str) -> dict[str, Any]:
    """Read what an installed npm package says about itself."""
    package: dict[str, Any] = json.loads((modules() / name / "package.json").read_text("utf-8"))
    return {"name": name, "version": package["version"], "license": package.get("license", "")}


def package_of(file: str) -> str:
    """Return the npm package of a path below node_modules; `@scope/name` is one name."""
    parts = file.split("/")
    return "/".join(parts[: 2 if file.startswith("@") else 1])


def copy_engine_file(source: Path, place: Path, imports: dict[str, str]) -> None:
    """Copy one file of an npm package; a browser knows paths only, not the names of packages."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)
    if imports and place.suffix in (".js", ".mjs"):
        text = source.read_text(encoding="utf-8")
        for name, path in imports.items():
            text = text.replace(f'from "{name}"', f'from "{path}"')
        place.write_text(text, encoding="utf-8")


def write_notices(packages: Iterable[dict[str, Any]], file: Path) -> None:
    """Name the engine's packages and licences, with the licences' own texts where they came."""
    texts = []
    for package in packages:
        texts.append("{name} {version}, licence {license}\n".format(**package))
        for licence in sorted(
            (modules() / package["name"]).glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*")
        ):
            texts.append(licence.read_text(encoding="utf-8", errors="replace"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(texts), encoding="utf-8")
