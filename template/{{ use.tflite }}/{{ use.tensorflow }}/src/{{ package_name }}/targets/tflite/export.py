"""TensorFlow to TFLite files, one for each precision."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from ... import scaled
from ...capture import capture
from ...export import calibration
from ...inference import load_module, traced
from ...runs import Run
from ...signature import Batch
from .. import Exported
from . import LIMITS
from .artifact import finish


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `float32.tflite` and the others: all precisions together, whichever is asked for."""
    sources = {False: (load_module(run), list(calibration(run)))}
    if any(map(scaled.is_outside, LIMITS)):
        rows = list(scaled.before(sources[False][1], run.card()["facts"]))
        sources[True] = load_module(run, True), rows
    models: dict[str, bytes] = {}
    for name in LIMITS:
        module, rows = sources[scaled.is_outside(name)]
        # With a fixed batch the graph needs no arithmetic with shapes, and every delegate can take
        # it.
        function = traced(module, run.signature(), rows=1).get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        SETTINGS[name](converter, rows)
        with capture():
            models[name] = converter.convert()
    return finish(run, folder, models)


def keep(converter: Any, rows: list[Batch]) -> None:
    """Leave everything in float32."""


def use_float16(converter: Any, rows: list[Batch]) -> None:
    """Store the weights in float16; compute in float32, or in float16 on a GPU."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def use_dynamic_range(converter: Any, rows: list[Batch]) -> None:
    """Store large weights in int8, and find the ranges of what flows between layers on the way."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def use_int8(converter: Any, rows: list[Batch]) -> None:
    """Compute in int8 from input to output, with the ranges that training inputs have.

    Inputs and outputs of other types than float32 stay what they are.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: iter(rows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8


SETTINGS: dict[str, Callable[[Any, list[Batch]], None]] = {
    "float32": keep,
    "float16": use_float16,
    "dynamic_range": use_dynamic_range,
    "int8": use_int8,
}
