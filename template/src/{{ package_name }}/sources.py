"""Where data lie: in files of your own, at an address of the web, or under the care of DVC.

What an address has is brought here once, when `fetch` is asked to, and never by itself. A run keeps
the hash of what it learnt from, so that it never goes on with something else.
"""

import dataclasses
from typing import Any

from . import addresses, data, dvc_files
from .dataset import Dataset
from .errors import UserError
from .storage import files_below
from .task import DataSettings


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name, wherever they come from; all commands do it here.

    Raises UserError where data are not here yet, or are others than `source_hash` says.
    """
    source, wanted = named(settings)
    if not comes_from_elsewhere(source):
        if wanted:
            raise UserError("source_hash is for an https address or a .dvc file; leave it empty")
        return data.load(settings)
    found = addresses.find(source) if addresses.is_address(source) else dvc_files.find(source)
    refuse_others(found, wanted)
    here: dict[str, Any] = {"source": str(found.path)}
    loaded = data.load(dataclasses.replace(settings, **here))
    return dataclasses.replace(
        loaded,
        licence="see where they come from",
        source=found.name,
        source_hash=found.hash,
        chosen=loaded.chosen | {"source_hash": found.hash},
    )


def fetch(settings: DataSettings, again: bool) -> dict[str, Any]:
    """Bring the data here that the settings name; returns what `fetch --json` prints.

    Those that are here already stay as they are, unless they are asked for `again`.
    """
    source, wanted = named(settings)
    if addresses.is_address(source):
        found = addresses.fetch(source, wanted, again)
    elif dvc_files.is_dvc_file(source):
        found = dvc_files.fetch(source, again)
    else:
        what = f"{source!r} is neither" if source else "this project has no `source`"
        raise UserError(f"{what}; `fetch` brings what an https address or a .dvc file names")
    refuse_others(found, wanted)
    files = files_below(found.path)
    return {
        "source": source,
        "source_hash": found.hash,
        "path": found.path.as_posix(),
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
        "holds": sorted(file.name for file in found.path.parent.glob(f"{found.path.name}/*"))[:20],
    }


def named(settings: DataSettings) -> tuple[str, str]:
    """Return `source` and `source_hash`; empty in a task whose data are made by itself."""
    return getattr(settings, "source", ""), getattr(settings, "source_hash", "")


def comes_from_elsewhere(source: str) -> bool:
    """Whether something else than a path or the name of built-in data is meant."""
    return addresses.is_address(source) or dvc_files.is_dvc_file(source)


def refuse_others(found: addresses.Found, wanted: str) -> None:
    """Raise UserError where data have another hash than is wanted."""
    if wanted and wanted.lower() not in (found.hash, found.hash.partition(":")[2]):
        raise UserError(
            f"{found.name} has brought {found.hash}, but source_hash asks for {wanted}:"
            " the data have changed; train a new run with the other hash, or bring the old data"
        )
