"""Weights as TensorFlow.js reads them: bytes one after the other, and a line about each array.

The kernels may be kept in fewer bits; TensorFlow.js makes float32 of them when it loads them, so
a smaller file is all there is to gain. Biases stay as they are: they weigh next to nothing, and
an error in one would be in every output.
"""

from typing import Any

import numpy as np

from ...errors import UserError

# What TensorFlow.js calls the types that it has. It has no int64: its integers have 32 bits.
TYPES = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}

Spec = dict[str, Any]


def encode(name: str, array: np.ndarray, precision: str) -> tuple[Spec, bytes]:
    """Write one array down; returns its entry in the list of weights, and its bytes.

    Raises UserError for a type, or an integer, that TensorFlow.js does not have.
    """
    spec: Spec = {"name": name, "shape": list(array.shape), "dtype": array.dtype.name}
    if array.dtype == np.float32 and array.ndim > 1 and precision != "float32":
        quantization, small = shrink(array, precision)
        return spec | {"quantization": quantization}, small.tobytes()
    if array.dtype == np.int64 and np.array_equal(array, array.astype(np.int32)):
        spec["dtype"] = "int32"
    if spec["dtype"] not in TYPES:
        raise UserError(
            f"the network holds {name}, of type {array.dtype}, which TensorFlow.js does not have;"
            " change it in model.py"
        )
    return spec, array.astype(TYPES[spec["dtype"]]).tobytes()


def shrink(array: np.ndarray, precision: str) -> tuple[dict[str, Any], np.ndarray]:
    """Return an array in fewer bits, and how TensorFlow.js gets back at it.

    float16 is rounded. uint8 counts steps: weight = number * scale + min, with 0 among the
    weights that come back exactly, as padding and relu make it the commonest value.
    """
    if precision == "float16":
        return {"dtype": "float16", "original_dtype": "float32"}, array.astype("<f2")
    low, high = float(array.min(initial=0)), float(array.max(initial=0))
    scale = (high - low) / 255 or 1.0
    zero = round(-low / scale)
    numbers = np.clip(np.round(array.astype(np.float64) / scale) + zero, 0, 255).astype(np.uint8)
    how = {"dtype": "uint8", "scale": scale, "min": -zero * scale, "original_dtype": "float32"}
    return how, numbers
