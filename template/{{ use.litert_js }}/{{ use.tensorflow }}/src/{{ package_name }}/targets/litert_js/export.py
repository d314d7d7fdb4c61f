"""TensorFlow to `model.tflite`, float32, with a batch of one as LiteRT.js needs it."""

from pathlib import Path

import tensorflow as tf

from ...inference import load_network
from ...model import answer_model
from ...runs import Run
from .. import Exported
from ..manifest import Tensor

FILE = "model.tflite"


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.tflite`; its one signature takes `images` and gives `probabilities`."""
    network = load_network(run)
    answer = answer_model(network)
    shape, classes = run.card()["input_shape"], run.card()["classes"]

    @tf.function(input_signature=[tf.TensorSpec([1, *shape], tf.float32, name="images")])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": answer(images, training=False)}

    module = tf.Module()
    # The converter finds variables by TensorFlow's own type only; without them it writes NaN.
    module.weights = [variable.value for variable in network.variables]
    concrete = serve.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    (folder / FILE).write_bytes(converter.convert())
    return Exported(
        inputs=(Tensor("images", "float32", (1, *shape)),),
        outputs=(Tensor("probabilities", "float32", (1, len(classes))),),
        models={precision: FILE},
    )
