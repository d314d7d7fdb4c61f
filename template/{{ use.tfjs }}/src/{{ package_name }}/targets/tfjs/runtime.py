"""TensorFlow.js in Node, or else in a browser without a window."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

from ...errors import UserError
from ...manifest import Manifest
from ...page import browser
from ...signature import Predict
from .node import Node, find_node


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the artifact in `folder` as a function from inputs to outputs, in WebAssembly.

    Its `close` ends the process behind it. Raises UserError when neither Node nor a browser is
    installed, or the model does not load.
    """
    if find_node():
        return Node(folder, manifest, "wasm")
    try:
        browser.find_browser()
    except UserError as error:
        raise UserError(
            "TensorFlow.js needs Node (https://nodejs.org) or a browser (Chromium, Chrome, Edge)"
            " to compute in; install one of them"
        ) from error
    return browser.open_browser(folder, manifest, "wasm")


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Predict]]:
    """Give loaders for the other engines that are installed, by name: plain code, and browsers."""
    found: dict[str, Callable[[], Predict]] = {}
    if find_node():
        found["cpu in Node"] = functools.partial(Node, folder, manifest, "cpu")
    else:
        print("not tried: Node, as it is not installed", file=sys.stderr)
    return found | browser.others(folder, manifest, ("wasm", "webgl"))
