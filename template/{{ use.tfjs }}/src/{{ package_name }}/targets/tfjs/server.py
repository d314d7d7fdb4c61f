"""Serve the page: the artifact is a static web site, and every browser computes by itself."""

from pathlib import Path

from ...config import ServeSettings
from ...serving.site import serve_site
from ..manifest import Manifest


def serve(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve the page in `folder` until Ctrl-C or SIGTERM.

    Raises UserError when the address cannot be listened on.
    """
    serve_site(folder, manifest, settings)
