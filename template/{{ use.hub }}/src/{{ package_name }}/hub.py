"""Models of other people: a folder on this computer, or a name of the Hugging Face Hub."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UserError

NAME = re.compile(r"(?!.*(\.\.|--))\w([\w.-]*\w)?(/\w([\w.-]*\w)?)?", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")


def find(name: str, revision: str, setting: str, files: Sequence[str]) -> Path:
    """Return the folder of a model; one of the Hub is downloaded once, those of its `files` alone.

    `setting` is what the setting is called whose value `name` is. Raises UserError when there is
    no such folder, when a name of the Hub comes without a commit, and when it cannot be had.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not NAME.fullmatch(name):
        raise UserError(f"there is no folder {folder}; `{setting}` takes one, or a name of the Hub")
    if not COMMIT.fullmatch(revision):
        flag = "revision" if setting == "base" else f"{setting}-revision"
        raise UserError(
            f"there is no folder {folder}; where it is a name of the Hub, say which commit with"
            f" --{flag}, the 40 characters of it, so that later runs get the same weights"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(name, revision=revision, allow_patterns=list(files))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"{name} cannot be had from the Hub: {reason}") from error
    return Path(found)


def read_json(file: Path, what: str) -> dict[str, Any]:
    """Read one of the files of `what`; UserError when it is missing or damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{file} is missing: the folder of {what} has one") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise UserError(f"{file} cannot be read: it is no JSON object")
    return found


def licence(folder: Path) -> str:
    """Return the licence that the folder's README.md names at its head."""
    file = folder / "README.md"
    head = file.read_text(encoding="utf-8", errors="replace")[:4000] if file.is_file() else ""
    found = re.search(r"^license:\s*([\w.+-]+)\s*$", head, re.MULTILINE | re.ASCII)
    return found[1] if found else "licence unknown"
