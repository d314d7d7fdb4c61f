"""The messages of TensorFlow and TensorFlow Serving, imported without TensorFlow itself."""

import contextlib
import importlib.util
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ...errors import UserError


def tensorflow_folder() -> Path:
    """Find the installed package without importing it; UserError when there is none."""
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("the package tensorflow is not installed here; run `uv sync`")
    return Path(next(iter(spec.submodule_search_locations)))


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Import modules of `tensorflow.core`, which are messages only, without the slow rest.

    An empty module stands in for the package meanwhile. It leaves with all that came through it,
    so that a later `import tensorflow` finds nothing in its way.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    stand_in = ModuleType("tensorflow")
    stand_in.__path__ = [str(tensorflow_folder())]
    sys.modules["tensorflow"] = stand_in
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]:
            del sys.modules[name]


with without_tensorflow():
    from tensorflow.core.framework import tensor_pb2, types_pb2
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        predict_pb2,
        prediction_log_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2

__all__ = [
    "config_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "meta_graph_pb2",
    "model_server_config_pb2",
    "predict_pb2",
    "prediction_log_pb2",
    "tensor_pb2",
    "types_pb2",
]

# TensorFlow's numbers of element types by NumPy's names, and where a message keeps their values.
NUMBERS = {
    "float32": (types_pb2.DT_FLOAT, "float_val"),
    "float64": (types_pb2.DT_DOUBLE, "double_val"),
    "int8": (types_pb2.DT_INT8, "int_val"),
    "int16": (types_pb2.DT_INT16, "int_val"),
    "int32": (types_pb2.DT_INT32, "int_val"),
    "int64": (types_pb2.DT_INT64, "int64_val"),
    "uint8": (types_pb2.DT_UINT8, "int_val"),
    "bool": (types_pb2.DT_BOOL, "bool_val"),
}
# And strings: bytes, in arrays of objects.
TYPES = NUMBERS | {"object": (types_pb2.DT_STRING, "string_val")}
NAMES = {number: name for name, (number, _) in TYPES.items()}


def to_array(tensor: Any) -> np.ndarray:
    """Read a TensorProto; ValueError when its values do not fill its shape.

    As in TensorFlow, the last of too few values fills the rest.
    """
    name = NAMES.get(tensor.dtype)
    if name is None:
        raise ValueError(f"type {tensor.dtype} is not supported")
    shape = shape_of(tensor)
    count = math.prod(shape)
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise ValueError("its shape is not known")
    dtype = np.dtype(name)
    if tensor.tensor_content:
        if name == "object":
            raise ValueError("strings come in string_val")
        if len(tensor.tensor_content) != count * dtype.itemsize:
            raise ValueError(f"{len(tensor.tensor_content)} bytes do not fill the shape {shape}")
        if name == "bool":  # any byte but 0 is true
            return np.array(np.frombuffer(tensor.tensor_content, np.uint8) != 0).reshape(shape)
        values = np.frombuffer(tensor.tensor_content, dtype.newbyteorder("<"))
        return values.astype(dtype, copy=False).reshape(shape)
    given = np.array(getattr(tensor, TYPES[name][1]), dtype)
    if len(given) == count:
        return given.reshape(shape)
    if not 0 < len(given) < count:
        raise ValueError(f"{len(given)} values do not fill the shape {shape}")
    return np.concatenate([given, np.full(count - len(given), given[-1], dtype)]).reshape(shape)


def shape_of(tensor: Any) -> list[int]:
    """Give the shape of a TensorProto as it says, whatever its values are."""
    return [dimension.size for dimension in tensor.tensor_shape.dim]


def to_proto(array: np.ndarray) -> Any:
    """Write a TensorProto, the values in their own field as TensorFlow Serving does."""
    number, field = TYPES[array.dtype.name]
    tensor = tensor_pb2.TensorProto(dtype=number)
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    getattr(tensor, field).extend(array.ravel().tolist())
    return tensor
