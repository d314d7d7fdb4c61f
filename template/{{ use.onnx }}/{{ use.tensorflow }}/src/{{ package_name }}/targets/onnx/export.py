"""TensorFlow to ONNX, through tf2onnx."""

import logging
from pathlib import Path

import onnx
import tf2onnx

from ...inference import load_module, traced
from ...runs import Run
from .. import Exported
from .precision import models

OPSET = 18


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.onnx` with a free batch size.

    A model of less than float32 gets the float32 one beside it.
    """
    function = traced(load_module(run), run.signature())
    file = folder / "model.onnx"
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, opset=OPSET, output_path=str(file)
    )
    onnx.checker.check_model(onnx.load(file), full_check=True)
    return Exported(models=models(file, precision, run))
