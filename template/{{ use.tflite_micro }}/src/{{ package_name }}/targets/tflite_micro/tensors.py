"""Inputs and outputs of the converted model: float32 becomes int8, all else stays as it is.

An int8 value means scale * (integer - zero_point).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...signature import Signature, Tensor

# The types in the model's file, by those of the signature.
TYPES = {"float32": "int8", "int32": "int32", "bool": "bool"}


@dataclass(frozen=True)
class TensorDetails:
    """An input or output as it is in the model's file; its shape begins with a batch of one.

    `scale` is a float32, in which the chip computes, too. It is 0 where values are not quantised.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0

    def as_json(self) -> dict[str, Any]:
        """Describe the tensor for the manifest, in JSON's types."""
        return asdict(self) | {"shape": list(self.shape)}

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Round float32 [n, ...] to int8, where the tensor is; what is out of range is clipped.

        The firmware does the same in the same order: floor(value / scale + 0.5) + zero_point.
        """
        if self.dtype != "int8":
            return np.ascontiguousarray(values, self.dtype)
        scaled = values.astype(np.float32) / np.float32(self.scale) + np.float32(0.5)
        whole = np.clip(np.floor(scaled) + self.zero_point, -128, 127)
        return np.ascontiguousarray(whole, np.int8)

    def dequantize(self, values: np.ndarray) -> np.ndarray:
        """Turn int8 [n, ...] back into float32."""
        if self.dtype != "int8":
            return values
        steps = values.astype(np.float32) - np.float32(self.zero_point)
        return np.asarray(steps * np.float32(self.scale), np.float32)


@dataclass(frozen=True)
class ModelTensors:
    """All inputs and outputs of a model's file, in the order in which the interpreter has them."""

    inputs: tuple[TensorDetails, ...]
    outputs: tuple[TensorDetails, ...]

    def as_json(self) -> dict[str, Any]:
        """Describe the tensors for the manifest's details."""
        return {side: [t.as_json() for t in getattr(self, side)] for side in ("inputs", "outputs")}


def read(interpreter: Any, signature: Signature) -> ModelTensors:
    """Read the inputs and outputs of a model that LiteRT has opened.

    Raises ValueError when they are not those of the signature, in the types of TYPES.
    """
    named = interpreter.get_signature_runner()
    return ModelTensors(
        ordered(interpreter.get_input_details(), named.get_input_details(), signature.inputs),
        ordered(interpreter.get_output_details(), named.get_output_details(), signature.outputs),
    )


def ordered(
    listed: Sequence[dict[str, Any]], named: dict[str, dict[str, Any]], promised: Sequence[Tensor]
) -> tuple[TensorDetails, ...]:
    """Give LiteRT's tensors the names that they have in the signature; raises ValueError."""
    names = {tensor["index"]: name for name, tensor in named.items()}
    found = tuple(describe(names[tensor["index"]], tensor) for tensor in listed)
    wanted = {t.name: (TYPES[t.dtype], (1, *t.shape)) for t in promised}
    real = {tensor.name: (tensor.dtype, tensor.shape) for tensor in found}
    if real != wanted:
        raise ValueError(f"it has {real}, not {wanted}")
    return found


def describe(name: str, tensor: dict[str, Any]) -> TensorDetails:
    """Read LiteRT's description of a tensor."""
    scale, zero_point = tensor["quantization"]
    shape = tuple(int(size) for size in tensor["shape"])
    return TensorDetails(name, np.dtype(tensor["dtype"]).name, shape, float(scale), int(zero_point))
