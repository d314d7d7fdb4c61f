"""Serve the interpreter with the Open Inference Protocol v2: a chip's answers, on a computer."""

from pathlib import Path

from ...manifest import Manifest
from ...serving.app import serve_predict
from ...settings import ServeSettings
from .runtime import load


def serve(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve the model in `folder` until Ctrl-C or SIGTERM.

    Raises UserError when the model cannot be loaded or the address cannot be listened on.
    """
    serve_predict(load(folder, manifest, manifest.precision), manifest, settings)
