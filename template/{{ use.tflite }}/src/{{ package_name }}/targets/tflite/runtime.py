"""LiteRT: load a file, hold it to its manifest, compute."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ...errors import UserError
from ...manifest import Manifest
from ...capture import capture
from . import flatfile, metadata


def load(folder: Path, manifest: Manifest, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """Load one precision of the artifact in `folder` as a function from inputs to outputs.

    The function takes float32 [n, ...] and gives float32 [n, ...], as the manifest says, for any
    n, one row after the other; it may be called from several threads.
    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    path = folder / manifest.models[precision]
    model = Model(open_interpreter(path))
    wanted = (1, *manifest.inputs[0].shape[1:]), (1, *manifest.outputs[0].shape[1:])
    if model.shapes != wanted:
        raise UserError(
            f"{path} has the shapes {model.shapes}, but its manifest promises {wanted};"
            " export the model again"
        )
    try:
        labels = metadata.read(path.read_bytes()).labels
    except Exception as error:  # a FlatBuffer that is none breaks in many ways
        raise UserError(f"{path} has no metadata with labels; export the model again") from error
    if labels != metadata.lines(manifest.classes):
        raise UserError(f"{path} has other labels than its manifest; export the model again")
    return model


def open_interpreter(path: Path) -> Any:
    """Open a file with LiteRT's interpreter; UserError when it is not one that LiteRT can load."""
    try:
        if not flatfile.is_tflite(path):
            raise ValueError("it does not begin as one")
        with capture():
            # One thread: the same sums in the same order, so the same answer every time.
            interpreter = Interpreter(str(path), num_threads=1)
            interpreter.allocate_tensors()
            interpreter.invoke()  # a broken network may show only here
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"{path} is not a TFLite file that LiteRT can load: {reason[0]}") from error
    return interpreter


class Model:
    """An interpreter as a function. It holds one row at a time, so callers wait for each other."""

    def __init__(self, interpreter: Any) -> None:
        self.interpreter = interpreter
        self.lock = threading.Lock()
        (self.source,), (self.answer,) = (
            interpreter.get_input_details(),
            interpreter.get_output_details(),
        )
        self.shapes = tuple(
            tuple(int(size) for size in side["shape"]) for side in (self.source, self.answer)
        )

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Map inputs [n, ...] to outputs [n, ...], float32 on both sides."""
        rows = quantise(inputs, self.source)
        outputs = np.empty((len(rows), *self.shapes[1][1:]), self.answer["dtype"])
        for number in range(len(rows)):
            with self.lock:
                self.interpreter.set_tensor(self.source["index"], rows[number : number + 1])
                self.interpreter.invoke()
                outputs[number] = self.interpreter.get_tensor(self.answer["index"])[0]
        return dequantise(outputs, self.answer)


def quantise(values: np.ndarray, tensor: dict[str, Any]) -> np.ndarray:
    """Turn float32 into what a tensor takes: the same, or whole numbers of its scale."""
    if tensor["dtype"] == np.float32:
        return np.ascontiguousarray(values, np.float32)
    scale, zero = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    whole = np.round(values / np.float32(scale)) + zero
    return np.asarray(np.clip(whole, limits.min, limits.max), tensor["dtype"])


def dequantise(values: np.ndarray, tensor: dict[str, Any]) -> np.ndarray:
    """Turn what a tensor gives into float32."""
    if tensor["dtype"] == np.float32:
        return values
    scale, zero = tensor["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * np.float32(scale))
