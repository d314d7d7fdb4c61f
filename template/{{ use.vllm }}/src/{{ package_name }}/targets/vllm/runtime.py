"""The folder for vLLM, computed with by Transformers on the CPU."""

from pathlib import Path

from ...folders import load_folder
from ...manifest import Manifest
from ...signature import Predict


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the model in `folder`; UserError when it does not load."""
    return load_folder(folder / "model", manifest.facts)
