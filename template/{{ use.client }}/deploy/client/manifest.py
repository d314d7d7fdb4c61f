"""What an artifact says of itself, for what its server does not tell."""

import json
from pathlib import Path
from typing import Any


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
