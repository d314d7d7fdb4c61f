"""What the installed package says about itself."""

import re
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True)
class Project:
    """Title, description, version and licence, as free text; empty where nothing is known."""

    title: str
    summary: str = ""
    version: str = ""
    licence: str = ""


def project() -> Project:
    """Ask the package's metadata; a package that was never installed has its import name only."""
    package = str(__package__)
    # The console script leads to the distribution, whatever that is called.
    for script in metadata.entry_points(group="console_scripts"):
        if script.dist and script.module.partition(".")[0] == package:
            told = script.dist.metadata.json
            name = str(told["name"])
            licence = told.get("license_expression") or told.get("license") or ""
            title = heading(str(told.get("description", "")), name)
            return Project(title, str(told.get("summary", "")), str(told["version"]), str(licence))
    return Project(package)


def heading(readme: str, name: str) -> str:
    """Return the README's first heading where it is the package's name in prettier letters."""
    first = re.search("^# (.+)$", readme, re.MULTILINE)
    title = first.group(1).strip() if first else name
    return title if re.sub("[^a-z0-9]+", "-", title.lower()).strip("-") == name.lower() else name
