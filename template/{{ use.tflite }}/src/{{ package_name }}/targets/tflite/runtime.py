"""LiteRT: load a file, hold it to its manifest, compute."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ... import scaled
from ...capture import capture
from ...errors import UserError
from ...manifest import Manifest
from ...signature import Batch, Predict, Tensor, count
from . import flatfile

Details = dict[str, Any]  # what LiteRT says about one tensor


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load one precision of the artifact in `folder` as a function, which computes row by row.

    Threads may share it.
    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    path, signature = folder / manifest.file(precision), manifest.signature
    interpreter = open_interpreter(path)
    # By name: the converters put inputs and outputs into an order of their own.
    runner = interpreter.get_signature_runner()
    inputs = match(path, signature.inputs, runner.get_input_details())
    outputs = match(path, signature.outputs, runner.get_output_details())
    described = flatfile.task_metadata()
    if described:
        described.check(path, signature)
    return scaled.around(Model(interpreter, inputs, outputs), manifest, precision)


def open_interpreter(path: Path) -> Any:
    """Open a file with LiteRT's interpreter; UserError when it is not one that LiteRT can load."""
    try:
        if not flatfile.is_tflite(path):
            raise ValueError("it does not begin as one")
        with capture():
            # One thread: the same sums in the same order, so the same answer every time.
            interpreter = Interpreter(str(path), num_threads=1)
            interpreter.allocate_tensors()
            # Not with what happens to be in memory: a code that a table lacks is an error.
            for tensor in interpreter.get_input_details():
                zeros = np.zeros(tensor["shape"], tensor["dtype"])
                interpreter.set_tensor(tensor["index"], zeros)
            interpreter.invoke()  # a broken network may show only here
            interpreter.get_signature_runner()
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"{path} is not a TFLite file that LiteRT can load: {reason[0]}") from error
    return interpreter


def match(path: Path, tensors: Sequence[Tensor], details: dict[str, Details]) -> dict[str, Details]:
    """Put LiteRT's details into the signature's order; UserError when they are of others."""
    promised = {tensor.name: ((1, *tensor.shape), tensor.dtype) for tensor in tensors}
    found = {name: (tuple(each["shape"].tolist()), dtype(each)) for name, each in details.items()}
    if found != promised:
        raise UserError(
            f"{path} has the tensors {found}, but its manifest promises {promised};"
            " export the model again"
        )
    return {name: details[name] for name in promised}


def dtype(tensor: Details) -> str:
    """Name the type of a tensor's elements; whole numbers of a scale stand for float32."""
    scale, _ = tensor["quantization"]
    return "float32" if scale else np.dtype(tensor["dtype"]).name


class Model:
    """An interpreter as a function. It holds one row at a time, so callers wait for each other."""

    def __init__(
        self, interpreter: Any, inputs: dict[str, Details], outputs: dict[str, Details]
    ) -> None:
        self.interpreter = interpreter
        self.inputs, self.outputs = inputs, outputs
        self.lock = threading.Lock()

    def __call__(self, batch: Batch) -> Batch:
        """Compute the outputs of any number of rows, one after the other."""
        rows = count(batch)
        given = {name: quantise(batch[name], tensor) for name, tensor in self.inputs.items()}
        found = {
            name: np.empty((rows, *tensor["shape"][1:]), tensor["dtype"])
            for name, tensor in self.outputs.items()
        }
        for row in range(rows):
            with self.lock:
                for name, tensor in self.inputs.items():
                    self.interpreter.set_tensor(tensor["index"], given[name][row : row + 1])
                self.interpreter.invoke()
                for name, tensor in self.outputs.items():
                    found[name][row] = self.interpreter.get_tensor(tensor["index"])[0]
        return {name: dequantise(found[name], tensor) for name, tensor in self.outputs.items()}


def quantise(values: np.ndarray, tensor: Details) -> np.ndarray:
    """Turn values into what a tensor takes: the same, or whole numbers of its scale."""
    scale, zero = tensor["quantization"]
    if not scale:
        return np.ascontiguousarray(values)
    limits = np.iinfo(tensor["dtype"])
    whole = np.round(values / np.float32(scale)) + zero
    return np.asarray(np.clip(whole, limits.min, limits.max), tensor["dtype"])


def dequantise(values: np.ndarray, tensor: Details) -> np.ndarray:
    """Turn what a tensor gives into values: the same, or float32."""
    scale, zero = tensor["quantization"]
    if not scale:
        return values
    return np.asarray((values.astype(np.float32) - zero) * np.float32(scale))
