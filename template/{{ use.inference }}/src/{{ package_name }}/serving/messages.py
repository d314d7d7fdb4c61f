"""Messages of the Open Inference Protocol v2: request bytes to arrays, arrays to response bytes.

The protocol: https://github.com/open-inference/open-inference-protocol (inference_rest.md).
Binary tensors follow the JSON header in the body, as Triton's extension has it:
https://github.com/triton-inference-server/server (docs/protocol/extension_binary_data.md).
"""

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json
from starlette.responses import Response

from .. import predictions
from ..manifest import Manifest
from ..signature import Batch, Signature, Tensor
from .requests import Refused, short
from .tensors import check_batch, check_commas, check_shape, to_array

HEADER = "Inference-Header-Content-Length"
# The protocol's names of element types, by NumPy's.
DATATYPES = {"float32": "FP32", "int32": "INT32", "bool": "BOOL"}
# The name of an input of texts, which a task may make its inputs of.
TEXTS: str = getattr(predictions, "TEXTS", "")

Parsed = TypeVar("Parsed", bound=BaseModel)


class Message(BaseModel):
    """A part of a message: null is as good as absent, and nothing is converted."""

    model_config = ConfigDict(strict=True)


class TensorParameters(Message):
    """How values travel; whoever asks for more, such as shared memory, is refused."""

    model_config = ConfigDict(extra="forbid")
    binary_data_size: int | None = None
    binary_data: bool | None = None


class MessageTensor(Message):
    """An input or an output; of an output that is asked for, only the name is needed."""

    name: str
    datatype: str | None = None
    shape: list[int] | None = None
    data: list[Any] | None = None
    parameters: TensorParameters | None = None


class RequestParameters(Message):
    """What holds for a whole request; other extensions are ignored."""

    binary_data_output: bool | None = None


class InferenceRequest(Message):
    """A request to compute outputs for a batch of rows."""

    id: str | None = None
    parameters: RequestParameters | None = None
    inputs: list[MessageTensor]
    outputs: list[MessageTensor] | None = None


class InferenceResponse(Message):
    """The outputs for a batch of rows."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[MessageTensor]


class Instances(Message):
    """Rows: the values of each, or an object with the values of each input by name."""

    instances: list[Any] | None = None


class Predictions(BaseModel):
    """An answer for each row."""

    predictions: list[Any]


def parse(kind: type[Parsed], text: bytes) -> Parsed:
    """Read JSON as a message; raises Refused with the first thing that is wrong."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
        raise Refused(f"the request is not valid: {place}{first['msg'][:200]}") from None


def decode(
    body: bytes,
    header: str | None,
    signature: Signature,
    max_batch: int,
    facts: Mapping[str, Any] | None = None,
) -> tuple[InferenceRequest, Batch]:
    """Read the body of an infer request; `header` is the value of HEADER, if it was sent.

    `facts` are what inputs are made by, where texts are sent instead of them. Every array has its
    input's type, a shape that fits, and finite values within the input's bounds. Raises Refused.
    """
    end = len(body)
    if header is not None:
        end = int(header) if header.isascii() and header.isdigit() and len(header) < 19 else -1
        if not 0 <= end <= len(body):
            raise Refused(f"{HEADER} must be a number, at most the body's {len(body)} bytes")
    check_commas(body[:end], signature, max_batch)
    request = parse(InferenceRequest, body[:end])
    if TEXTS and [entry.name for entry in request.inputs] == [TEXTS]:
        # Only projects whose task makes its inputs of texts have what reads them.
        texts = importlib.import_module(".texts", __package__)
        inputs = texts.decode(request.inputs[0], body[end:], facts or {}, max_batch)
        return request, check_batch(inputs, signature)
    inputs = {}
    for entry in request.inputs:
        tensor = find(entry.name, signature.inputs, inputs)
        if entry.datatype != DATATYPES[tensor.dtype]:
            wanted = DATATYPES[tensor.dtype]
            raise Refused(f"input {tensor.name} has datatype {wanted}, not {short(entry.datatype)}")
        shape = entry.shape or []
        given_size = entry.parameters.binary_data_size if entry.parameters else None
        if (given_size is None) == (entry.data is None):
            raise Refused(f"input {tensor.name} needs either data or binary_data_size")
        if entry.data is not None:
            inputs[tensor.name] = to_array(entry.data, tensor, max_batch, shape)
            continue
        check_shape(shape, tensor, max_batch)
        size = math.prod(shape) * np.dtype(tensor.dtype).itemsize
        if size != given_size or end + size > len(body):
            raise Refused(f"input {tensor.name} must have {size} bytes of binary data")
        inputs[tensor.name] = from_bytes(body[end : end + size], tensor).reshape(shape)
        end += size
    if end != len(body):
        raise Refused(f"{len(body) - end} bytes follow the last input's data")
    return request, check_batch(inputs, signature)


def encode(manifest: Manifest, wanted: dict[str, bool], id: str | None, arrays: Batch) -> Response:
    """Write a response with the outputs that are wanted, and whether each is binary."""
    outputs, blobs = [], []
    for name, binary in wanted.items():
        array = arrays[name]
        datatype, shape = DATATYPES[array.dtype.name], array.shape
        output: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
        if binary:
            blobs.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
            output["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            output["data"] = array.ravel().tolist()
        outputs.append(output)
    message = {"model_name": manifest.model, "model_version": manifest.run, "outputs": outputs}
    text = to_json(message if id is None else message | {"id": id})
    if not blobs:
        return Response(text, media_type="application/json")
    headers = {HEADER: str(len(text))}
    return Response(b"".join([text, *blobs]), 200, headers, "application/octet-stream")


def wanted_outputs(request: InferenceRequest, signature: Signature) -> dict[str, bool]:
    """Give the outputs that the client asked for, in its order, and whether each is binary."""
    default = bool(request.parameters and request.parameters.binary_data_output)
    wanted: dict[str, bool] = {}
    for entry in request.outputs or []:
        binary = entry.parameters.binary_data if entry.parameters else None
        name = find(entry.name, signature.outputs, wanted).name
        wanted[name] = default if binary is None else binary
    return wanted or {tensor.name: default for tensor in signature.outputs}


def find(name: str, tensors: Sequence[Tensor], seen: dict[str, Any]) -> Tensor:
    """Find a tensor by its name; raises Refused when there is none, or it was seen before."""
    if name in seen:
        raise Refused(f"{name} is there twice")
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    known = ", ".join(tensor.name for tensor in tensors)
    raise Refused(f"{short(name)} is unknown; the model has {known}")


def from_bytes(data: bytes, tensor: Tensor) -> np.ndarray:
    """Read little-endian elements; a bool is one byte."""
    if tensor.dtype == "bool":
        return np.array(np.frombuffer(data, np.uint8) != 0)
    dtype = np.dtype(tensor.dtype)
    # Where the machine is little-endian too, nothing is copied here.
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype, copy=False)


def describe(tensor: Tensor) -> dict[str, Any]:
    """Return a tensor's metadata; -1 is a length left open, such as that of the batch."""
    shape = [-1, *(-1 if size is None else size for size in tensor.shape)]
    return {"name": tensor.name, "datatype": DATATYPES[tensor.dtype], "shape": shape}
