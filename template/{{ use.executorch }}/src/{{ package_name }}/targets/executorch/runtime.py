"""ExecuTorch's runtime on the CPU: load the model's file, hold it to its manifest, compute."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...capture import capture
from ...errors import UserError
from ...manifest import Manifest
from ...signature import Batch, Predict, concatenate, count

# ExecuTorch's numbers of element types, by NumPy's names.
TYPES = {"float32": 6, "int32": 3, "bool": 11}


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the artifact in `folder` as a function, which computes `max_batch` rows at a time.

    Threads may share it.
    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    program = open_program(folder / manifest.file(precision), manifest)
    signature, limit = manifest.signature, int(manifest.details["max_batch"])
    lock = threading.Lock()  # a method has one set of buffers

    def compute(inputs: Batch) -> Batch:
        if count(inputs) == 0:  # fewer than ExecuTorch takes
            return {name: array[:0] for name, array in compute(signature.zeros(1)).items()}
        # In memory of their own: ExecuTorch refuses the strides that some views have.
        tensors = [torch.from_numpy(np.array(array, order="C")) for array in inputs.values()]
        with lock:
            method = program.load_method("forward")  # the one that the program has loaded before
            outputs = [tensor.numpy() for tensor in method.execute(tensors)]
        names = (tensor.name for tensor in signature.outputs)
        return dict(zip(names, outputs, strict=True))

    def predict(batch: Batch) -> Batch:
        return concatenate([compute(piece) for piece in signature.pieces(batch, most=limit)])

    return predict


def open_program(path: Path, manifest: Manifest) -> Any:
    """Open a file as an ExecuTorch program, which owns its methods.

    It reads from memory: on Windows, a file that is mapped can be neither moved nor replaced.
    Raises UserError as `load` does.
    """
    with capture():
        from executorch.runtime import Runtime

        try:
            program = Runtime.get().load_program(path.read_bytes())
            method = program.load_method("forward")
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{path} is not a program ExecuTorch can load: {error}") from error
    about, limit = method.metadata, manifest.details.get("max_batch")
    for kind, tensors, number, meta in (
        ("input", manifest.signature.inputs, about.num_inputs(), about.input_tensor_meta),
        ("output", manifest.signature.outputs, about.num_outputs(), about.output_tensor_meta),
    ):
        # The batch is free up to the size that the program states.
        promised = [((limit, *tensor.shape), TYPES.get(tensor.dtype)) for tensor in tensors]
        found = [(tuple(meta(i).sizes()), meta(i).dtype()) for i in range(number)]
        if promised != found:
            raise UserError(
                f"{path} has the {kind}s {found}, but its manifest promises {promised};"
                " export the model again"
            )
    return program
