"""A client for TensorFlow Serving's REST and gRPC, made from an artifact's manifest."""

import importlib.util
import json
import math
import struct
import sys
import urllib.error
import urllib.request
from types import ModuleType
from typing import Any

# TensorFlow's messages without TensorFlow, which would take seconds: an empty module in its place.
if "tensorflow" not in sys.modules:
    spec = importlib.util.find_spec("tensorflow")
    stand_in = ModuleType("tensorflow")
    stand_in.__path__ = list(spec.submodule_search_locations or []) if spec else []
    sys.modules["tensorflow"] = stand_in

import grpc
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

SECONDS = 20  # for one answer

Answer = tuple[int, Any]


class Server:
    """A running server, and what its model is by the artifact's manifest."""

    def __init__(self, url: str, rpc: str, manifest: dict[str, Any]) -> None:
        (source,), (target,) = manifest["inputs"], manifest["outputs"]
        self.name, self.classes = manifest["model"], len(manifest["classes"])
        self.input, self.output = source["name"], target["name"]
        self.shape = [1, *source["shape"][1:]]
        self.expected = manifest["details"]["probe"]["output"]
        count = math.prod(self.shape)
        self.ramp = [place / (count - 1) for place in range(count)]
        self.url = f"http://{url}/v1/models"
        channel = grpc.insecure_channel(rpc)
        self.predicting = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self.looking = model_service_pb2_grpc.ModelServiceStub(channel)

    def rest(self, path: str, body: object = None) -> Answer:
        """Ask over HTTP: a GET, or a POST when there is a body; the answer must be JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                status, kind, text = response.status, response.headers["content-type"], response
                return status, self.read(kind, text.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, self.read(error.headers["content-type"], error.read())

    def read(self, kind: str | None, text: bytes) -> Any:
        """Read JSON that says it is JSON."""
        assert str(kind).startswith("application/json"), f"it calls itself {kind}"
        return json.loads(text)

    def request(self, name: str = "", **inputs: Any) -> Any:
        """Make a PredictRequest for the ramp, or for other tensors."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = name or self.name
        for key, tensor in (inputs or {self.input: self.tensor()}).items():
            request.inputs[key].CopyFrom(tensor)
        return request

    def tensor(self, kind: str = "f", fields: bool = False) -> Any:
        """Make a TensorProto of the ramp: as bytes, or as a list of numbers."""
        numbers = {"f": types_pb2.DT_FLOAT, "d": types_pb2.DT_DOUBLE}
        request = predict_pb2.PredictRequest()
        tensor = request.inputs[self.input]
        tensor.dtype = numbers[kind]
        for size in self.shape:
            tensor.tensor_shape.dim.add(size=size)
        if fields:
            tensor.float_val.extend(self.ramp)
        else:
            tensor.tensor_content = struct.pack(f"<{len(self.ramp)}{kind}", *self.ramp)
        return tensor

    def nested(self, values: list[Any] | None = None) -> list[Any]:
        """Lay the ramp out as JSON has it: lists in lists, [1, height, ...]."""
        values = self.ramp if values is None else values
        for size in reversed(self.shape[1:]):
            values = [values[place : place + size] for place in range(0, len(values), size)]
        return values
