"""Serve the artifact with llama.cpp behind OpenAI's API, and a page to chat with it."""

from pathlib import Path

from ...manifest import Manifest
from ...serving.chat.app import serve_chat
from ...settings import ServeSettings
from .. import opened
from .runtime import load


def serve(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve the model in `folder` until Ctrl-C or SIGTERM.

    Raises UserError when the model cannot be loaded or the address cannot be listened on.
    """
    with opened(lambda: load(folder, manifest, manifest.precision)) as model:
        serve_chat(model, manifest, settings)
