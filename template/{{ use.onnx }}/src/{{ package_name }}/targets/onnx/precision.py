"""An ONNX model in fewer bits: float16, or int8 calibrated on the training data. No framework.

Inputs and outputs keep their types, so servers, pages and clients do not notice. ONNX Runtime's
dynamic quantisation, which finds the ranges while it computes, is not offered: convolutions get
four to twenty times slower with it than in float32, and dense layers hardly faster than in int8.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime import quantization
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from ... import scaled
from ...capture import capture
from ...export import calibration
from ...runs import Run
from ...signature import Batch

Writer = Callable[[Path, bool], None]


def models(file: Path, precision: str, run: Run, write: Writer) -> dict[str, str]:
    """Write the model in a precision to `file`; returns the files' names by precision.

    `write(file, scaled_outside)` writes it in float32. That model stays beside one of less, so that
    `verify` shows what the bits cost.
    """
    write(file, False)
    if precision == "float32":
        return {precision: file.name}
    full = file.rename(file.with_name("float32.onnx"))
    source, rows = full, calibration(run)
    if scaled.is_outside(precision):
        source = file.with_name("scaled.onnx")
        write(source, True)
        rows = scaled.before(rows, run.card()["facts"])
    with capture():  # advice about ONNX Runtime's own tools
        if precision == "float16":
            write_float16(source, file)
        else:
            write_int8(source, file, rows)
    if source != full:
        source.unlink()
    onnx.checker.check_model(onnx.load(file), full_check=True)
    return {precision: file.name, "float32": full.name}


def write_float16(source: Path, file: Path) -> None:
    """Compute in float16; inputs and outputs keep their types."""
    converted = convert_float_to_float16(onnx.load(source), keep_io_types=True)
    # It leaves wrong types at operators that stay in float32; they follow from the rest.
    del converted.graph.value_info[:]
    # The converter appends its casts at the end, where nothing may use them before.
    model = ONNXModel(converted)
    model.topological_sort()
    onnx.save(model.model, file)


def write_int8(source: Path, file: Path, rows: Iterator[Batch]) -> None:
    """Compute in int8, with the ranges that `rows` give rise to in every layer."""
    prepared = file.with_name("prepared.onnx")
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    graph = onnx.load(prepared).graph
    quantization.quantize_static(
        prepared,
        file,
        Calibration(rows),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        # 256 steps are too few for what a softmax gives: most of it would be 0.
        nodes_to_exclude=[node.name for node in graph.node if node.op_type == "Softmax"],
    )
    prepared.unlink()


class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]  # it has no types
    """Rows for ONNX Runtime to look at, one at a time."""

    def __init__(self, rows: Iterator[Batch]) -> None:
        self.rows = rows

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next row by the inputs' names, or None after the last."""
        return next(self.rows, None)
