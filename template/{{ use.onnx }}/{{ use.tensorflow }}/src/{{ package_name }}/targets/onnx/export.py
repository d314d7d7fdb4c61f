"""TensorFlow to ONNX, through tf2onnx."""

from pathlib import Path

import onnx
import tf2onnx

from ...capture import capture
from ...inference import load_module, traced
from ...runs import Run
from .. import Exported
from .precision import models

OPSET = 18


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.onnx` with a free batch size.

    A model of less than float32 gets the float32 one beside it.
    """
    models_by_precision = models(
        folder / "model.onnx", precision, run, lambda file, outside: write(run, file, outside)
    )
    return Exported(models=models_by_precision)


def write(run: Run, file: Path, scaled_outside: bool) -> None:
    """Write the float32 model."""
    signature = run.signature()
    # Kept while it is needed: a function holds its variables weakly.
    module = load_module(run, True) if scaled_outside else load_module(run)
    function = traced(module, signature).get_concrete_function()
    # The function's further inputs are what its layers captured: variables and constants.
    inputs = {f.name: t.name for f, t in zip(function.inputs, signature.inputs, strict=False)}
    outputs = {function.structured_outputs[t.name].name: t.name for t in signature.outputs}
    with capture():  # advice about TensorFlow's own parts
        # `convert.from_function` would make inputs of the model of those constants.
        graph = tf2onnx.tf_loader.from_function(function, [*inputs], [*outputs])
        tf2onnx.convert.from_graph_def(
            graph,
            input_names=[*inputs],
            output_names=[*outputs],
            tensors_to_rename=inputs | outputs,
            opset=OPSET,
            output_path=str(file),
        )
    onnx.checker.check_model(onnx.load(file), full_check=True)
