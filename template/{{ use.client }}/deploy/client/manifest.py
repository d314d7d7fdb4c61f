"""What an artifact says of itself, for what its server does not tell."""

import json
from pathlib import Path
from typing import Any


def facts_of(file: Path, model: Any) -> dict[str, Any]:
    """Return what inputs of a server's model are made by; raises OSError for another model's file.

    Another run may have been trained on other data: what its facts make of an input would get wrong
    answers.
    """
    about = read(file)
    given = [(tensor["name"], [*tensor["shape"]]) for tensor in about["signature"]["inputs"]]
    wanted = [(tensor["name"], [*tensor["shape"]]) for tensor in model.inputs]
    if given != wanted or about["run"] != model.run:
        raise OSError(
            f"{file} is of run {about['run']}, and the server has run {model.run}; see --manifest"
        )
    facts: dict[str, Any] = about["facts"]
    return facts


def read(file: Path) -> dict[str, Any]:
    """Read an artifact's manifest.json; raises OSError when there is none."""
    if not file.is_file():
        raise OSError(f"there is no {file}; see --manifest")
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or "signature" not in found:
        raise OSError(f"{file} is no manifest of an export; see --manifest")
    return found
