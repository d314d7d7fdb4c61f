"""ONNX Runtime on the CPU: load the model's file, hold it to its manifest, compute."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ... import scaled
from ...errors import UserError
from ...manifest import Manifest
from ...signature import Batch, Predict, Signature, concatenate

# ONNX Runtime's names of element types, by NumPy's.
TYPES = {"float32": "tensor(float)", "int32": "tensor(int32)", "bool": "tensor(bool)"}


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the artifact in `folder` as a function; threads may share it.

    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    session = open_session(folder / manifest.file(precision), manifest.signature)
    names = [tensor.name for tensor in manifest.signature.outputs]

    def compute(inputs: Batch) -> Batch:
        fed = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        return dict(zip(names, session.run(names, fed), strict=True))

    def predict(batch: Batch) -> Batch:
        return concatenate([compute(piece) for piece in manifest.signature.pieces(batch)])

    return scaled.around(predict, manifest, precision)


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Predict]]:
    """Compute with the artifact's web page in a browser as well, where both are there."""
    if not (folder / "engine.js").is_file():
        return {}
    browser = importlib.import_module("...page.browser", __package__)
    found: dict[str, Callable[[], Predict]] = browser.others(folder, manifest, ("wasm", "webgpu"))
    return found


def open_session(path: Path, signature: Signature) -> Any:
    """Open a file as an `onnxruntime.InferenceSession`; raises UserError as `load` does."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # One thread for one request: the same sums in the same order, so the same answer every time,
    # and requests that come together share the cores instead of fighting for them.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no narrower base
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"{path} is not a model ONNX Runtime can load: {reason[0]}") from error
    for kind, tensors, nodes in (
        ("inputs", signature.inputs, session.get_inputs()),
        ("outputs", signature.outputs, session.get_outputs()),
    ):
        promised = {t.name: (TYPES[t.dtype], (None, *t.shape)) for t in tensors}
        # A dimension left open has a name, or none, in ONNX.
        found = {
            node.name: (node.type, tuple(d if isinstance(d, int) else None for d in node.shape))
            for node in nodes
        }
        if promised != found:
            raise UserError(
                f"{path} has the {kind} {found}, but its manifest promises {promised};"
                " export the model again"
            )
    return session
