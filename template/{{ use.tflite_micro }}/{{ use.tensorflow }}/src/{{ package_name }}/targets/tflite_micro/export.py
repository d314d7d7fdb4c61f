"""TensorFlow to TFLite Micro: 8-bit integers throughout, one row at a time."""

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import tensorflow as tf

from ... import scaled
from ...capture import capture
from ...errors import UserError
from ...export import calibration
from ...inference import load_network, serve, traced
from ...model import ServingModule
from ...runs import Run
from ...signature import Batch, Signature
from .. import Exported
from . import firmware, runtime
from .arena import LARGEST
from .engine import require_engine
from .measure import kib, measure
from .tensors import ModelTensors

FILE = "model.tflite"
INT8 = "int8"


def export(
    run: Run, folder: Path, precision: str, flash: int | None = None, ram: int | None = None
) -> Exported:
    """Write `model.tflite` and its C files; `flash` and `ram` are budgets in KiB.

    Raises UserError when the model does not convert, does not run in TFLite Micro, or is too large.
    """
    require_engine()
    signature, file = run.signature(), folder / FILE
    check_shapes(signature)
    network = with_convolutions(load_network(run))
    outside, facts = scaled.is_outside(precision), run.card()["facts"]
    module = serve(network, facts, outside)

    def rows() -> Iterator[Batch]:
        return scaled.before(calibration(run), facts) if outside else calibration(run)

    model = convert(module, signature, rows)
    file.write_bytes(model)
    tensors = runtime.look_inside(model, FILE, signature)
    example = compute_example(run, model, tensors)
    details = measure(file, tensors, signature, flash, ram)
    firmware.write_files(folder, model, signature, tensors, example, details)
    flash_kib, ram_kib = kib(details["flash_bytes"]), kib(details["ram_bytes"])
    print(f"the model needs {flash_kib} KiB of flash and {ram_kib} KiB of RAM", file=sys.stderr)
    return Exported(models={precision: FILE}, details=details)


def check_shapes(signature: Signature) -> None:
    """Raise UserError for lengths left open, which no chip has memory for."""
    for tensor in (*signature.inputs, *signature.outputs):
        if None in tensor.shape:
            raise UserError(
                f"{tensor.name} has a length that may differ, but TFLite Micro's shapes are fixed;"
                " fix it in `signature` in data.py and train again"
            )


def compute_example(run: Run, model: bytes, tensors: ModelTensors) -> firmware.Example:
    """Compute one test row in TFLite Micro, for a firmware to check itself with."""
    inputs, _ = run.golden()
    if scaled.is_outside(INT8):
        (inputs,) = scaled.before([inputs], run.card()["facts"])
    row = {tensor.name: tensor.quantize(inputs[tensor.name][:1]) for tensor in tensors.inputs}
    return firmware.Example(row, runtime.open_micro(model, tensors, LARGEST)(row))


class DenseAsConvolution(keras.layers.Dense):  # type: ignore[misc]  # Keras has no types
    """A dense layer, computed as a 1x1 convolution: the same sums, in another kernel.

    LiteRT's reference kernel for dense layers rounds with floats (google-ai-edge/LiteRT#8567),
    TFLite Micro's with integers, so that now and then they are one step apart. Their convolutions
    agree in every bit, and the firmware has one kernel less to carry.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Compute [n, ..., units] from [n, ..., values]."""
        (values, units), between = self.kernel.shape, inputs.shape[1:-1]
        points = tf.reshape(inputs, [-1, 1, math.prod(between), values])
        kernel = tf.reshape(self.kernel, [1, 1, values, units])
        outputs = tf.reshape(tf.nn.conv2d(points, kernel, 1, "VALID"), [-1, *between, units])
        return self.activation(outputs + self.bias if self.use_bias else outputs)


def with_convolutions(network: keras.Model) -> keras.Model:
    """Copy a network, with its weights, so that its dense layers compute as convolutions."""

    def copy(layer: keras.Layer) -> keras.Layer:
        kind = DenseAsConvolution if type(layer) is keras.layers.Dense else type(layer)
        return kind.from_config(layer.get_config())

    copied = keras.models.clone_model(network, clone_function=copy)
    copied.set_weights(network.get_weights())
    return copied


def convert(
    module: ServingModule, signature: Signature, rows: Callable[[], Iterator[Batch]]
) -> bytes:
    """Convert the module that is served; `rows`, of one row each, show the ranges of all values."""
    function = traced(module, signature, rows=1).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = rows
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # Of inputs and outputs that are float32; others keep their types.
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with capture():
        try:
            model: bytes = converter.convert()
        except Exception as error:  # the converter's exceptions share no narrower base
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise UserError(f"TensorFlow cannot convert this network to int8: {reason}") from error
    return model
