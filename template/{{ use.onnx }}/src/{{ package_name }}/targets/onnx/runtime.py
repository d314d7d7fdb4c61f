"""ONNX Runtime on the CPU: load the model's file, hold it to its manifest, compute."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ...errors import UserError
from ..manifest import Manifest, Tensor

CHUNK = 256  # inputs computed at once; bounds the memory of a long array

# ONNX Runtime's names of element types, by NumPy's.
TYPES = {"float32": "tensor(float)", "float64": "tensor(double)"}  # others: tensor(NAME)


def load(folder: Path, manifest: Manifest, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """Load the artifact in `folder` as a function from inputs to outputs.

    The function takes float32 [n, ...] as the manifest's first input says and gives float32
    [n, ...] as its first output says, for any n, a chunk at a time.
    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    session = open_session(folder / manifest.models[precision], manifest)
    name, answer = manifest.inputs[0].name, manifest.outputs[0].name

    def compute(inputs: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = session.run([answer], {name: np.ascontiguousarray(inputs)})[0]
        return outputs

    def predict(inputs: np.ndarray) -> np.ndarray:
        if len(inputs) <= CHUNK:
            return compute(inputs)
        starts = range(0, len(inputs), CHUNK)
        return np.concatenate([compute(inputs[start : start + CHUNK]) for start in starts])

    return predict


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Any]]:
    """Compute with the artifact's web page in a browser as well, where both are there."""
    if not (folder / "engine.js").is_file():
        return {}
    browser = importlib.import_module("...page.browser", __package__)
    found: dict[str, Callable[[], Any]] = browser.others(folder, manifest, ("wasm", "webgpu"))
    return found


def open_session(path: Path, manifest: Manifest) -> Any:
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
    for kind, wanted, found in (
        ("input", manifest.inputs, session.get_inputs()),
        ("output", manifest.outputs, session.get_outputs()),
    ):
        promised, real = _promised(wanted), _real(found)
        if not promised or promised != real:
            raise UserError(
                f"{path} has the {kind}s {real}, but its manifest promises {promised};"
                " export the model again"
            )
    return session


def _promised(tensors: Sequence[Tensor]) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    return {t.name: (TYPES.get(t.dtype, f"tensor({t.dtype})"), tuple(t.shape)) for t in tensors}


def _real(nodes: Sequence[Any]) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    # A dimension left open has a name, or none, in ONNX.
    return {
        node.name: (node.type, tuple(d if isinstance(d, int) else None for d in node.shape))
        for node in nodes
    }
