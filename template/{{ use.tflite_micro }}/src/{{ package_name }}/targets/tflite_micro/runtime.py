"""The model in TFLite Micro, and beside it in LiteRT's reference kernels: the same bytes."""

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from ...errors import OutOfToleranceError, UserError
from ...manifest import Manifest
from ...capture import capture
from . import ENGINE, arena
from .engine import require_engine
from .quantised import Quantised, describe

Engine = Callable[[np.ndarray], np.ndarray]
"""A model as a function of one input, int8 [1, ...] to int8 [1, ...]."""

REFERENCE = "LiteRT's reference kernels, bit for bit"


def load(folder: Path, manifest: Manifest, precision: str) -> "Answers":
    """Load the artifact in `folder` as a function from inputs to outputs, float32 [n, ...].

    Raises UserError when the file is broken or is not the model that the manifest describes.
    """
    file = folder / manifest.models[precision]
    source, target = hold_to_manifest(file, manifest)
    # A computer has the memory; how little would do is a question for `others` below.
    return Answers(open_micro(file.read_bytes(), arena.LARGEST), source, target)


def others(folder: Path, manifest: Manifest) -> dict[str, Callable[[], "Answers"]]:
    """Give the second engine, which fails unless it and TFLite Micro agree in every bit."""

    def reference() -> Compared:
        file = folder / manifest.models[manifest.precision]
        source, target = hold_to_manifest(file, manifest)
        size = manifest.details.get("arena_smallest_bytes")
        if type(size) is not int or not 0 < size <= arena.LARGEST:
            raise UserError("the manifest states no arena; export the model again")
        if not arena.is_smallest(file, size):
            raise OutOfToleranceError(
                f"an arena of {size} bytes is not the smallest that the model computes in;"
                " export it again"
            )
        model = file.read_bytes()
        return Compared(open_reference(model), open_micro(model, size), source, target)

    return {REFERENCE: reference}


class Answers:
    """The model as a function: float32 [n, ...] to float32 [n, ...], a row at a time.

    It may be called from several threads: they wait for each other.
    """

    def __init__(self, engine: Engine, source: Quantised, target: Quantised) -> None:
        self.engine = engine
        self.source = source
        self.target = target
        self.lock = threading.Lock()

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Answer for every row."""
        outputs = np.empty((len(inputs), *self.target.shape[1:]), np.float32)
        rows = self.source.to_integers(inputs)
        for number in range(len(rows)):
            with self.lock:
                outputs[number] = self.target.to_numbers(self.engine(rows[number, None]))[0]
        return outputs


class Compared(Answers):
    """Answers of one engine, each held against another's bytes; OutOfToleranceError if they differ.

    `median_ms` is the first engine's alone.
    """

    def __init__(
        self, engine: Engine, judged: Engine, source: Quantised, target: Quantised
    ) -> None:
        super().__init__(self.compute, source, target)
        self.first = engine
        self.judged = judged
        self.seconds: list[float] = []

    def compute(self, row: np.ndarray) -> np.ndarray:
        """Compute one input twice."""
        start = time.perf_counter()
        expected = self.first(row)
        self.seconds.append(time.perf_counter() - start)
        found = self.judged(row)
        if found.dtype != expected.dtype or not np.array_equal(found, expected):
            raise OutOfToleranceError(
                f"{ENGINE} and {REFERENCE.split(',')[0]} differ: {found.ravel().tolist()}"
                f" and {expected.ravel().tolist()} for the same input"
            )
        return expected

    @property
    def median_ms(self) -> float:
        """How long one answer took, in milliseconds."""
        return 1000 * statistics.median(self.seconds or [0.0])


def hold_to_manifest(file: Path, manifest: Manifest) -> tuple[Quantised, Quantised]:
    """Return the model's input and output; UserError when the manifest describes others."""
    model = file.read_bytes()
    found = look_inside(model, str(file))
    promised = [manifest.details.get(side) for side in ("input", "output")]
    shapes = [tensors[0].shape[1:] for tensors in (manifest.inputs, manifest.outputs) if tensors]
    if [facts(side) for side in found] != promised or [f.shape[1:] for f in found] != shapes:
        raise UserError(f"{file} is not the model that its manifest describes; export it again")
    return found


def look_inside(model: bytes, name: str) -> tuple[Quantised, Quantised]:
    """Read a model's input and output. Raises UserError unless it is a sound int8 model.

    LiteRT looks at the structure of the file; TFLite Micro would trust it.
    """
    try:
        interpreter = open_litert(model)
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
        return describe(source), describe(target)
    except Exception as error:  # LiteRT's exceptions share no narrower base
        reason = str(error).splitlines()[0]
        raise UserError(f"{name} is not an int8 model that can be computed: {reason}") from error


def facts(side: Quantised) -> dict[str, Any]:
    """Describe an input or output of the chip for the manifest, in JSON's types."""
    return {
        "name": side.name,
        "dtype": "int8",
        "shape": list(side.shape),
        "scale": side.scale,
        "zero_point": side.zero_point,
    }


def open_micro(model: bytes, arena_bytes: int) -> Engine:
    """Open a model in TFLite Micro; UserError with its reason when it cannot compute it."""
    interpreters = require_engine().runtime
    with capture() as said:
        try:
            interpreter = interpreters.Interpreter.from_bytes(model, arena_size=arena_bytes)
        except Exception as error:  # pybind11 raises several kinds
            reason = next(iter(said().strip().splitlines()), str(error))
            raise UserError(f"{ENGINE} cannot compute this model: {reason}") from error

    def compute(row: np.ndarray) -> np.ndarray:
        interpreter.set_input(row, 0)
        interpreter.invoke()
        answer: np.ndarray = interpreter.get_output(0)
        return answer

    return compute


def open_reference(model: bytes) -> Engine:
    """Open a model in LiteRT, with the kernels that are written to be read, not to be fast."""
    interpreter = open_litert(model)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def compute(row: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source, row)
        interpreter.invoke()
        answer: np.ndarray = interpreter.get_tensor(target)
        return answer

    return compute


def open_litert(model: bytes) -> Any:
    """Open a model in LiteRT, which raises ValueError for a file that is none."""
    return Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
