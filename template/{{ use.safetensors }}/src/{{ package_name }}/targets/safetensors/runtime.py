"""Transformers on the CPU: load the merged model, or the adapter beside its base."""

import functools
from collections.abc import Callable
from pathlib import Path

from ... import bases
from ...folders import load_folder
from ...manifest import Manifest
from ...signature import Predict


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the merged model in `folder`; UserError when it does not load."""
    return load_folder(folder / "merged", manifest.facts)


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Predict]]:
    """Compute with the adapter beside its base as well, where one was trained."""
    if not (folder / "adapter").is_dir():
        return {}
    facts = manifest.facts
    base = bases.folder(facts["base"], facts["revision"])
    return {"adapter": functools.partial(load_folder, folder / "adapter", facts, base)}
