"""TensorFlow to ONNX, through tf2onnx."""

import logging
from pathlib import Path

import onnx
import tensorflow as tf
import tf2onnx

from ...inference import load_network
from ...model import answer_model
from ...runs import Run
from .. import Exported
from ..manifest import Tensor
from .precision import models

OPSET = 18


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.onnx` with a free batch size; returns what goes in and what comes out.

    A model of less than float32 gets the float32 one beside it.
    """
    answer = answer_model(load_network(run))
    shape, classes = run.card()["input_shape"], run.card()["classes"]

    @tf.function(input_signature=[tf.TensorSpec([None, *shape], tf.float32, name="images")])
    def probabilities(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": answer(images, training=False)}

    file = folder / "model.onnx"
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    tf2onnx.convert.from_function(
        probabilities,
        input_signature=probabilities.input_signature,
        opset=OPSET,
        output_path=str(file),
    )
    onnx.checker.check_model(onnx.load(file), full_check=True)
    return Exported(
        inputs=(Tensor("images", "float32", (None, *shape)),),
        outputs=(Tensor("probabilities", "float32", (None, len(classes))),),
        models=models(file, precision, run),
    )
