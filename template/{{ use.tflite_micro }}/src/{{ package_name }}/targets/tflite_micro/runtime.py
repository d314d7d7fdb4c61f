"""The model in TFLite Micro, and beside it in LiteRT's reference kernels: the same bytes."""

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from ... import scaled
from ...capture import capture
from ...errors import OutOfToleranceError, UserError
from ...manifest import Manifest
from ...signature import Batch, Predict, Signature, count
from . import ENGINE, arena
from .engine import require_engine
from .tensors import ModelTensors, read

Engine = Callable[[Batch], Batch]
"""A model as a function of one row [1, ...], in the types that the model's file has."""

REFERENCE = "LiteRT's reference kernels, bit for bit"


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the artifact in `folder` as a function; threads may share it.

    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    file = folder / manifest.file(precision)
    tensors = hold_to_manifest(file, manifest)
    # A computer has the memory; how little would do is a question for `others` below.
    model = Model(open_micro(file.read_bytes(), tensors, arena.LARGEST), tensors)
    return scaled.around(model, manifest, precision)


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], Predict]]:
    """Give the second engine, which fails unless it and TFLite Micro agree in every bit."""

    def reference() -> Predict:
        file = folder / manifest.file(manifest.precision)
        tensors = hold_to_manifest(file, manifest)
        size = manifest.details.get("arena_smallest_bytes")
        if type(size) is not int or not 0 < size <= arena.LARGEST:
            raise UserError("the manifest states no arena; export the model again")
        if not arena.is_smallest(file, tensors, manifest.signature, size):
            raise OutOfToleranceError(
                f"an arena of {size} bytes is not the smallest that the model computes in;"
                " export it again"
            )
        model = file.read_bytes()
        micro = open_micro(model, tensors, size)
        compared = Compared(open_reference(model, tensors), micro, tensors)
        return scaled.around(compared, manifest, manifest.precision)

    return {REFERENCE: reference}


class Model:
    """The model as a function from inputs to outputs, a row at a time; threads wait their turn."""

    def __init__(self, engine: Engine, tensors: ModelTensors) -> None:
        self.engine = engine
        self.tensors = tensors
        self.lock = threading.Lock()

    def __call__(self, batch: Batch) -> Batch:
        """Compute every row."""
        total = count(batch)
        inputs = {t.name: t.quantize(batch[t.name]) for t in self.tensors.inputs}
        outputs = {t.name: np.empty((total, *t.shape[1:]), t.dtype) for t in self.tensors.outputs}
        for number in range(total):
            with self.lock:
                row = self.engine({name: array[number, None] for name, array in inputs.items()})
            for name, array in outputs.items():
                array[number] = row[name][0]
        return {t.name: t.dequantize(outputs[t.name]) for t in self.tensors.outputs}


class Compared(Model):
    """One engine's outputs, each held against another's; OutOfToleranceError if a bit differs.

    `median_ms` is the first engine's alone.
    """

    def __init__(self, engine: Engine, other: Engine, tensors: ModelTensors) -> None:
        super().__init__(self.compute, tensors)
        self.first = engine
        self.other = other
        self.seconds: list[float] = []

    def compute(self, row: Batch) -> Batch:
        """Compute one row twice."""
        start = time.perf_counter()
        expected = self.first(row)
        self.seconds.append(time.perf_counter() - start)
        found = self.other(row)
        for name, array in expected.items():
            if found[name].dtype != array.dtype or not np.array_equal(found[name], array):
                raise OutOfToleranceError(
                    f"{ENGINE} and {REFERENCE.split(',')[0]} differ in {name}:"
                    f" {found[name].ravel().tolist()} and {array.ravel().tolist()}"
                    " for the same inputs"
                )
        return expected

    @property
    def median_ms(self) -> float:
        """Milliseconds for one row."""
        return 1000 * statistics.median(self.seconds or [0.0])


def hold_to_manifest(file: Path, manifest: Manifest) -> ModelTensors:
    """Return the model's inputs and outputs; UserError when the manifest describes others."""
    tensors = look_inside(file.read_bytes(), str(file), manifest.signature)
    if any(manifest.details.get(side) != found for side, found in tensors.as_json().items()):
        raise UserError(f"{file} is not the model that its manifest describes; export it again")
    return tensors


def look_inside(model: bytes, name: str, signature: Signature) -> ModelTensors:
    """Read a model's inputs and outputs. Raises UserError unless it is a sound int8 model.

    LiteRT looks at the structure of the file; TFLite Micro would trust it.
    """
    try:
        return read(open_litert(model), signature)
    except Exception as error:  # LiteRT's exceptions share no narrower base
        reason = str(error).splitlines()[0]
        raise UserError(f"{name} is not an int8 model that can be computed: {reason}") from error


def open_micro(model: bytes, tensors: ModelTensors, arena_bytes: int) -> Engine:
    """Open a model in TFLite Micro; UserError with its reason when it cannot compute it."""
    interpreters = require_engine().runtime
    with capture() as captured:
        try:
            interpreter = interpreters.Interpreter.from_bytes(model, arena_size=arena_bytes)
        except Exception as error:  # pybind11 raises several kinds
            reason = next(iter(captured().strip().splitlines()), str(error))
            raise UserError(f"{ENGINE} cannot compute this model: {reason}") from error

    def compute(row: Batch) -> Batch:
        for position, tensor in enumerate(tensors.inputs):
            interpreter.set_input(row[tensor.name], position)
        interpreter.invoke()
        return {t.name: interpreter.get_output(at) for at, t in enumerate(tensors.outputs)}

    return compute


def open_reference(model: bytes, tensors: ModelTensors) -> Engine:
    """Open a model in LiteRT, with the kernels that are written to be read, not to be fast."""
    interpreter = open_litert(model)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def compute(row: Batch) -> Batch:
        for details, tensor in zip(inputs, tensors.inputs, strict=True):
            interpreter.set_tensor(details["index"], row[tensor.name])
        interpreter.invoke()
        return {
            tensor.name: interpreter.get_tensor(details["index"])
            for details, tensor in zip(outputs, tensors.outputs, strict=True)
        }

    return compute


def open_litert(model: bytes) -> Any:
    """Open a model in LiteRT, which raises ValueError for a file that is none."""
    return Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
