"""TensorFlow to TFLite files, one for each precision."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ...inference import load_network
from ...model import answer_model
from ...runs import Run
from .. import Exported
from ...capture import capture
from . import LIMITS
from .artifact import SOURCE, calibration, finish


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `float32.tflite` and the others: all precisions together, whichever is asked for."""
    function, module = fixed_function(run)
    rows = calibration(run)
    models: dict[str, bytes] = {}
    for name in LIMITS:
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        SETTINGS[name](converter, rows)
        with capture():
            models[name] = converter.convert()
    return finish(run, folder, models)


def fixed_function(run: Run) -> tuple[Any, tf.Module]:
    """Return the trained model as a function of one input, and the module that holds its weights.

    With a fixed batch the graph needs no arithmetic with shapes, and every delegate can take it.
    """
    network = load_network(run)
    answer = answer_model(network)
    one = tf.TensorSpec([1, *run.card()["input_shape"]], tf.float32, name=SOURCE)
    function = tf.function(lambda images: answer(images, training=False), input_signature=[one])
    module = tf.Module()
    # The converter finds variables by TensorFlow's own type only; without them it writes NaN.
    module.weights = [variable.value for variable in network.variables]
    return function.get_concrete_function(), module


def keep(converter: Any, rows: np.ndarray) -> None:
    """Leave everything in float32."""


def use_float16(converter: Any, rows: np.ndarray) -> None:
    """Store the weights in float16; compute in float32, or in float16 on a GPU."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def use_dynamic_range(converter: Any, rows: np.ndarray) -> None:
    """Store large weights in int8, and find the ranges of what flows between layers on the way."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def use_int8(converter: Any, rows: np.ndarray) -> None:
    """Compute in int8 from input to output, with the ranges that training inputs have."""

    def representative() -> Iterator[list[np.ndarray]]:
        for number in range(len(rows)):
            yield [rows[number : number + 1]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8


SETTINGS: dict[str, Callable[[Any, np.ndarray], None]] = {
    "float32": keep,
    "float16": use_float16,
    "dynamic_range": use_dynamic_range,
    "int8": use_int8,
}
