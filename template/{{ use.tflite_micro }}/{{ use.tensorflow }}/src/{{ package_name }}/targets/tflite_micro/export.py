"""TensorFlow to TFLite Micro: 8-bit integers throughout, one input at a time."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ... import data
from ...errors import UserError
from ...inference import load_network
from ...model import answer_model
from ...runs import Run
from .. import Exported
from ...manifest import Tensor
from ...capture import capture
from . import firmware, runtime
from .arena import LARGEST
from .engine import require_engine
from .measure import kib, measure

FILE = "model.tflite"


def export(
    run: Run, folder: Path, precision: str, flash: int | None = None, ram: int | None = None
) -> Exported:
    """Write `model.tflite` and its C files; `flash` and `ram` are budgets in KiB.

    Raises UserError when the model does not convert, does not run in TFLite Micro, or is too large.
    """
    require_engine()
    file = folder / FILE
    model = convert(run)
    file.write_bytes(model)
    source, target = runtime.look_inside(model, FILE)
    compute = runtime.open_micro(model, LARGEST)
    details = measure(file, source, target, flash, ram)

    card = run.card()
    image = source.to_integers(run.test_split().inputs[:1])
    firmware.write_files(folder, model, (image, compute(image)), card["classes"], details)
    flash_kib, ram_kib = kib(details["flash_bytes"]), kib(details["ram_bytes"])
    print(f"the model needs {flash_kib} KiB of flash and {ram_kib} KiB of RAM", file=sys.stderr)
    return Exported(
        inputs=(Tensor("images", "float32", (None, *card["input_shape"])),),
        outputs=(Tensor("probabilities", "float32", (None, len(card["classes"]))),),
        models={precision: FILE},
        details=details,
    )


class DenseAsConvolution(keras.layers.Dense):  # type: ignore[misc]  # Keras has no types
    """A dense layer, computed as a convolution of one pixel: the same sums, in another kernel.

    LiteRT's reference kernel for dense layers rounds with floats (google-ai-edge/LiteRT#8567),
    TFLite Micro's with integers, so that now and then they are one step apart. Their convolutions
    agree in every bit, and the firmware has one kernel less to carry.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Compute [n, ..., units] from [n, ..., values]."""
        (values, units), between = self.kernel.shape, inputs.shape[1:-1]
        pixels = tf.reshape(inputs, [-1, 1, math.prod(between), values])
        kernel = tf.reshape(self.kernel, [1, 1, values, units])
        outputs = tf.reshape(tf.nn.conv2d(pixels, kernel, 1, "VALID"), [-1, *between, units])
        return self.activation(outputs + self.bias if self.use_bias else outputs)


def with_convolutions(network: keras.Model) -> keras.Model:
    """Copy a network, with its weights, so that its dense layers compute as convolutions."""

    def copy(layer: keras.Layer) -> keras.Layer:
        kind = DenseAsConvolution if type(layer) is keras.layers.Dense else type(layer)
        return kind.from_config(layer.get_config())

    copied = keras.models.clone_model(network, clone_function=copy)
    copied.set_weights(network.get_weights())
    return copied


def convert(run: Run) -> bytes:
    """Convert the trained network; the training images show the ranges of all values."""
    answer = answer_model(with_convolutions(load_network(run)))
    images = keras.Input(batch_shape=(1, *run.card()["input_shape"]), name="images")
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(images, answer(images)))
    training = data.load(run.config.data).train.inputs

    def rows() -> Iterator[list[np.ndarray]]:
        for number in range(len(training)):
            yield [training[number, None]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = rows
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with capture():
        try:
            model: bytes = converter.convert()
        except Exception as error:  # the converter's exceptions share no narrower base
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise UserError(f"TensorFlow cannot convert this network to int8: {reason}") from error
    return model
