"""TensorFlow to `model.tflite`, float32, with a batch of one as LiteRT.js needs it."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from ...inference import load_module, traced
from ...model import ServingModule
from ...runs import Run
from ...signature import Signature, Tensor
from .. import Exported

FILE = "model.tflite"


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.tflite`, whose one signature has the names of the model's."""
    module = WithoutBool(load_module(run), run.signature())
    function = traced(module, module.signature, rows=1).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    (folder / FILE).write_bytes(converter.convert())
    return Exported({precision: FILE})


class WithoutBool(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The served module with int32 for bool, of which LiteRT.js has no tensors.

    With them it says "Element type BOOL is not supported". `page/engine.js` turns the int32 back,
    so the model's own signature stays what it is.
    """

    def __init__(self, module: ServingModule, signature: Signature) -> None:
        super().__init__()
        self.module = module
        self.types = {tensor.name: tensor.dtype for tensor in signature.inputs}
        inputs = tuple(as_int32(tensor) for tensor in signature.inputs)
        self.signature = dataclasses.replace(signature, inputs=inputs)

    def __call__(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Map inputs by name to outputs by name."""
        own = {name: tf.cast(tensor, self.types[name]) for name, tensor in inputs.items()}
        outputs = self.module(own)
        return {n: tf.cast(o, tf.int32) if o.dtype == tf.bool else o for n, o in outputs.items()}


def as_int32(tensor: Tensor) -> Tensor:
    """Describe a tensor of bool as one of int32, any other as it is."""
    return dataclasses.replace(tensor, dtype="int32") if tensor.dtype == "bool" else tensor
