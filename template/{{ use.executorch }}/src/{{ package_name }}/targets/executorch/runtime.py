"""ExecuTorch's runtime on the CPU: load the model's file, hold it to its manifest, compute."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import UserError
from ...manifest import Manifest
from ...capture import capture

TYPES = {"float32": 6}  # ExecuTorch's numbers of element types, by NumPy's names


def load(folder: Path, manifest: Manifest, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """Load the artifact in `folder` as a function from inputs to outputs.

    The function takes float32 [n, ...] as the manifest's first input says and gives float32
    [n, ...] as its first output says, for any n, `max_batch` rows at a time. Threads may share it.
    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    method = open_method(folder / manifest.models[precision], manifest)
    limit = int(manifest.details["max_batch"])
    nothing = np.zeros([size or 0 for size in manifest.outputs[0].shape], np.float32)
    lock = threading.Lock()  # a method has one set of buffers

    def compute(rows: np.ndarray) -> np.ndarray:
        # In memory of its own: ExecuTorch refuses the strides that some views have.
        tensor = torch.from_numpy(np.array(rows, np.float32, order="C"))
        with lock:
            answer: np.ndarray = method.execute([tensor])[0].numpy()
        return answer

    def predict(inputs: np.ndarray) -> np.ndarray:
        starts = range(0, len(inputs), limit)
        chunks = [compute(inputs[start : start + limit]) for start in starts]
        return np.concatenate([nothing, *chunks])

    return predict


def open_method(path: Path, manifest: Manifest) -> Any:
    """Open a file as an ExecuTorch program's `forward` method; raises UserError as `load` does."""
    with capture():
        from executorch.runtime import Runtime

        try:
            method = Runtime.get().load_program(path).load_method("forward")
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{path} is not a program ExecuTorch can load: {error}") from error
    about, limit = method.metadata, manifest.details.get("max_batch")
    for kind, wanted, count, meta in (
        ("input", manifest.inputs, about.num_inputs(), about.input_tensor_meta),
        ("output", manifest.outputs, about.num_outputs(), about.output_tensor_meta),
    ):
        # The batch is free up to the size that the program states.
        promised = [((limit, *t.shape[1:]), TYPES.get(t.dtype)) for t in wanted]
        real = [(tuple(meta(i).sizes()), meta(i).dtype()) for i in range(count)]
        if promised != real:
            raise UserError(
                f"{path} has the {kind}s {real}, but its manifest promises {promised};"
                " export the model again"
            )
    return method
