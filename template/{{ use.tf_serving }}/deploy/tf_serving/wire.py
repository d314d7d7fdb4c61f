"""A client for TensorFlow Serving's REST and gRPC, made from an artifact's manifest."""

import importlib.util
import json
import math
import struct
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import ModuleType
from typing import Any

# TensorFlow's messages without TensorFlow, which would take seconds: an empty module in its place.
if "tensorflow" not in sys.modules:
    spec = importlib.util.find_spec("tensorflow")
    stand_in = ModuleType("tensorflow")
    stand_in.__path__ = list(spec.submodule_search_locations or []) if spec else []
    sys.modules["tensorflow"] = stand_in

import grpc
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

SECONDS = 20  # for one answer

Table = dict[str, Any]
Answer = tuple[int, Any]

# By NumPy's names of types: TensorFlow's, the field of a TensorProto, and how `struct` packs one.
TYPES = {
    "float32": ("DT_FLOAT", "float_val", "f"),
    "float64": ("DT_DOUBLE", "double_val", "d"),
    "int32": ("DT_INT32", "int_val", "i"),
    "bool": ("DT_BOOL", "bool_val", "?"),
}


class Server:
    """A running server, and what its model is by the artifact's manifest.

    `row` has one row of inputs by name, as flat lists; `expected` TensorFlow's own answer for it.
    """

    def __init__(self, url: str, rpc: str, manifest: Table) -> None:
        self.name: str = manifest["model"]
        self.inputs: list[Table] = manifest["signature"]["inputs"]
        self.outputs: list[Table] = manifest["signature"]["outputs"]
        self.row = {tensor["name"]: ramp(tensor) for tensor in self.inputs}
        self.expected: Table = manifest["details"]["probe"]["outputs"]
        self.url = f"http://{url}/v1/models"
        channel = grpc.insecure_channel(rpc)
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(channel)

    def rest(self, path: str, body: object = None) -> Answer:
        """Send a GET, or a POST when there is a body; the answer must be JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                return response.status, read(response.headers["content-type"], response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, read(error.headers["content-type"], error.read())

    def instance(self, row: Mapping[str, list[Any]] | None = None) -> Table:
        """Lay a row out as JSON has it: nested lists by the inputs' names."""
        row = self.row if row is None else row
        return {tensor["name"]: nested(row[tensor["name"]], tensor) for tensor in self.inputs}

    def by_name(self, answer: Any) -> Table:
        """Give outputs by name; a single output comes without its name."""
        return {self.outputs[0]["name"]: answer} if len(self.outputs) == 1 else dict(answer)

    def request(self, name: str = "", inputs: Mapping[str, Any] | None = None) -> Any:
        """Make a PredictRequest for the row, or for other tensors by name."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = name or self.name
        for key, tensor in (self.tensors() if inputs is None else inputs).items():
            request.inputs[key].CopyFrom(tensor)
        return request

    def tensors(self, fields: bool = False) -> Table:
        """Make a TensorProto of every input: of bytes, or with its values in their own field."""
        return {t["name"]: proto(t, self.row[t["name"]], t["dtype"], fields) for t in self.inputs}

    def other_type(self) -> Table:
        """Make the TensorProtos, the first one of float64, which no input is."""
        first = self.inputs[0]
        values = list(map(float, self.row[first["name"]]))
        return self.tensors() | {first["name"]: proto(first, values, "float64")}


def ramp(tensor: Table) -> list[Any]:
    """Make one row of values that rise within the bounds, as the export has done."""
    low, high = tensor["low"], tensor["high"]
    if low is None:
        low = 0.0 if high is None else high - 1
    if high is None:
        high = low + 1
    count = math.prod(sizes(tensor))
    if tensor["dtype"] == "float32":
        return [low + (high - low) * place / max(count - 1, 1) for place in range(count)]
    highs = high if isinstance(high, list) else [high]  # one, or one for each column
    kind = {"int32": int, "bool": bool}[tensor["dtype"]]
    return [kind(low + place % (highs[place % len(highs)] - low + 1)) for place in range(count)]


def sizes(tensor: Table) -> list[int]:
    """Give the shape of one row; a free size is 1 here."""
    return [size or 1 for size in tensor["shape"]]


def nested(values: list[Any], tensor: Table) -> Any:
    """Lay the values of one row out in lists of lists; those of the shape [] are one number."""
    for size in reversed(sizes(tensor)):
        values = [values[place : place + size] for place in range(0, len(values), size)]
    return values[0]


def flat(values: Any) -> list[Any]:
    """Give the values of nested lists, or the one value, in a single list."""
    if not isinstance(values, list):
        return [values]
    return [value for part in values for value in flat(part)]


def proto(tensor: Table, values: list[Any], dtype: str, fields: bool = False) -> Any:
    """Make a TensorProto of one row."""
    name, field, code = TYPES[dtype]
    made = tensor_pb2.TensorProto(dtype=types_pb2.DataType.Value(name))
    for size in [1, *sizes(tensor)]:
        made.tensor_shape.dim.add(size=size)
    if fields:
        getattr(made, field).extend(values)
    else:
        made.tensor_content = struct.pack(f"<{len(values)}{code}", *values)
    return made


def read(kind: str | None, text: bytes) -> Any:
    """Read JSON whose header says that it is JSON."""
    assert str(kind).startswith("application/json"), f"the content type is {kind}"
    return json.loads(text)
