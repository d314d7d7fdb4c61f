"""LiteRT.js in a headless browser: the page's own engine file computes, in WebAssembly."""

from collections.abc import Callable
from pathlib import Path

from ...manifest import Manifest
from ...page.browser import Browser, open_browser
from ...page.browser import others as in_browser


def load(folder: Path, manifest: Manifest, precision: str) -> Browser:
    """Load the artifact in `folder` as a function from inputs to outputs, any number at once."""
    return open_browser(folder, manifest, "wasm")


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Browser]]:
    """Compute with WebGPU as well, where the browser has an adapter."""
    return in_browser(folder, manifest, ("webgpu",))
