"""What the installed package says about itself."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .errors import UserError

WEB = Path("web")  # where npm puts the packages of web pages


@dataclass(frozen=True)
class Project:
    """Name, title, description, version and licence; empty where nothing is known."""

    name: str
    """the project's short name: its command, and the name of the models it serves"""
    title: str
    summary: str = ""
    version: str = ""
    licence: str = ""


def project() -> Project:
    """Ask the package's metadata; a package that was never installed has its import name only."""
    script = console_script()
    if script is None or script.dist is None:
        return Project(str(__package__), str(__package__))
    told = script.dist.metadata.json
    licence = told.get("license_expression") or told.get("license") or ""
    title = heading(str(told.get("description", "")), script.name)
    summary, version = str(told.get("summary", "")), str(told["version"])
    return Project(script.name, title, summary, version, str(licence))


def command() -> str:
    """Return what a user types to start this project's command, for hints."""
    name = project().name
    return name if shutil.which(name) and "UV" not in os.environ else f"uv run {name}"


def installed_packages() -> dict[str, str]:
    """Return the installed version of every package that the project depends on."""
    script = console_script()
    needs = script.dist.requires or [] if script and script.dist else []
    versions = {}
    for package in (re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue  # it is needed on another system only
    return versions


def version_of(package: str) -> str:
    """Return the installed version of a Python package, or of an npm package as `npm:NAME`."""
    if not package.startswith("npm:"):
        return metadata.version(package)
    file = WEB / "node_modules" / package.removeprefix("npm:") / "package.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{file} is missing; run `npm install --prefix {WEB}` first") from error


def console_script() -> metadata.EntryPoint | None:
    """Find the project's command: it leads to the distribution, whatever that is called."""
    for script in metadata.entry_points(group="console_scripts"):
        if script.module.partition(".")[0] == str(__package__):
            return script
    return None


def heading(readme: str, name: str) -> str:
    """Return the README's first heading: the project's name as people write it."""
    first = re.search("^# (.+)$", readme, re.MULTILINE)
    return first.group(1).strip() if first else name
