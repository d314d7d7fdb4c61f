"""Messages of the Open Inference Protocol v2: request bytes to arrays, arrays to response bytes.

The protocol: https://github.com/open-inference/open-inference-protocol (inference_rest.md).
Binary tensors follow the JSON header in the body, as Triton's extension has it:
https://github.com/triton-inference-server/server (docs/protocol/extension_binary_data.md).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

# Pydantic's parser and writer: six times as fast as Python's on arrays, and stricter.
from pydantic_core import from_json, to_json

from ..signature import Batch, Signature, Tensor
from .requests import Refused
from .responses import short

HEADER = b"inference-header-content-length"

Response = tuple[bytes, list[tuple[bytes, bytes]]]  # a body, and the headers that belong to it

# The protocol's names of element types, and what JSON may have for one, by NumPy's names.
DATATYPES = {"float32": "FP32", "int32": "INT32", "bool": "BOOL"}
ALLOWED: dict[str, set[type]] = {"float32": {int, float}, "int32": {int}, "bool": {bool}}

# Beside its tensors' values a request has few others; more commas than that are no request.
OTHER_COMMAS = 10_000


@dataclass(slots=True)
class Inference:
    """A request understood: arrays by input name, and which outputs are wanted, binary or not."""

    id: str | None
    inputs: Batch
    outputs: dict[str, bool]


def decode(body: bytes, header: bytes | None, signature: Signature, max_batch: int) -> Inference:
    """Read the body of an infer request; `header` is the value of HEADER, if it was sent.

    Every array has its input's type, a shape that fits, and finite values within the input's
    bounds. Raises Refused.
    """
    end = len(body) if header is None else _header_size(header, len(body))
    if end > OTHER_COMMAS:
        # Parsing makes objects of up to ten times a text's size: refuse before, not after.
        values = values_per_row(signature.inputs)
        if values and body.count(b",", 0, end) > values * max_batch + OTHER_COMMAS:
            raise Refused(f"more values than {max_batch} rows have", 413)
    request = _object(_parse(body[:end]), "the request")
    identity = request.get("id")
    if identity is not None and not isinstance(identity, str):
        raise Refused("id must be a string")
    binary = None if header is None else memoryview(body)[end:]
    inputs = _inputs(request, binary, signature, max_batch)
    return Inference(identity, inputs, _wanted(request, signature))


def encode(model: str, request: Inference, arrays: Mapping[str, np.ndarray]) -> Response:
    """Write a response: its body, and the headers that say how to read it.

    Raises Refused when the model's answer to these inputs is not finite.
    """
    outputs, blobs = [], []
    for name, binary in request.outputs.items():
        array = arrays[name]
        if not np.isfinite(array).all():
            raise Refused("the inputs are too extreme: the model's answer is not finite")
        entry: dict[str, object] = {
            "name": name,
            "datatype": DATATYPES[array.dtype.name],
            "shape": array.shape,
        }
        if binary:
            blobs.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = array.ravel().tolist()
        outputs.append(entry)
    message: dict[str, object] = {"model_name": model, "model_version": "1", "outputs": outputs}
    if request.id is not None:
        message["id"] = request.id
    text = to_json(message)
    if not blobs:
        return text, [(b"content-type", b"application/json")]
    headers = [(b"content-type", b"application/octet-stream"), (HEADER, b"%d" % len(text))]
    return b"".join([text, *blobs]), headers


def describe(tensor: Tensor) -> dict[str, object]:
    """Return a tensor's metadata; -1 is a length left open, such as that of the batch."""
    shape = [-1, *(-1 if size is None else size for size in tensor.shape)]
    return {"name": tensor.name, "datatype": DATATYPES[tensor.dtype], "shape": shape}


def bounds(tensor: Tensor) -> str:
    """Return the hard bounds of a tensor's values in words, such as `from 0 to 1`; or nothing."""
    if tensor.low is None:
        return "" if tensor.high is None else f"of at most {tensor.high}"
    return (
        f"of at least {tensor.low}"
        if tensor.high is None
        else f"from {tensor.low} to {tensor.high}"
    )


def values_per_row(tensors: Sequence[Tensor]) -> int:
    """Count the values of one row over all tensors; 0 where a length is left open."""
    sizes = [[size or 0 for size in tensor.shape] for tensor in tensors]
    return 0 if any(0 in size for size in sizes) else sum(map(math.prod, sizes))


def _inputs(
    request: Mapping[str, Any], binary: memoryview | None, signature: Signature, max_batch: int
) -> Batch:
    """Read all inputs; `binary` is what follows the JSON, None where no header announced it."""
    inputs: Batch = {}
    end = 0
    for entry in _array(request.get("inputs"), "inputs"):
        tensor = _named(entry, signature.inputs, inputs, "input")
        shape = _shape(entry, tensor, max_batch)
        if entry.get("datatype") != DATATYPES[tensor.dtype]:
            raise _other_datatype(entry, tensor)
        extra = _object(entry.get("parameters", {}), "parameters")
        if "binary_data_size" not in extra:
            inputs[tensor.name] = _from_json(entry, shape, tensor)
        elif "data" in entry:
            raise Refused(f"input {tensor.name} has both data and binary_data_size")
        else:
            start, end = end, end + _binary_size(extra["binary_data_size"], shape, tensor)
            if binary is None or end > len(binary):
                raise Refused(f"the body ends before the binary data of input {tensor.name}")
            inputs[tensor.name] = _from_binary(binary[start:end].tobytes(), shape, tensor)
        _check_values(inputs[tensor.name], tensor)
    if binary is not None and end != len(binary):
        raise Refused(f"{len(binary) - end} bytes follow the last input's data")
    if len(inputs) < len(signature.inputs):
        missing = [t.name for t in signature.inputs if t.name not in inputs]
        raise Refused(f"missing input: {', '.join(missing)}")
    if len(set(map(len, inputs.values()))) > 1:
        raise Refused("all inputs must have the same first dimension")
    return inputs


def _header_size(header: bytes, length: int) -> int:
    name, value = HEADER.decode(), header.decode("latin-1")
    if not (header.isdigit() and len(header) <= 18):
        raise Refused(f"{name} must be a number of bytes, not {short(value)}")
    if int(header) > length:
        raise Refused(f"{name} says {int(header)} bytes, but the body has {length}")
    return int(header)


def _parse(text: bytes) -> object:
    try:
        # It refuses NaN and Infinity, deep nesting, half surrogates, and numbers without end.
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(f"the request is not JSON: {str(error)[:200]}") from None


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"{name} must be an object")
    return value


def _array(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"{name} must be an array")
    return value


def _named(
    entry: object, tensors: Sequence[Tensor], seen: Mapping[str, object], kind: str
) -> Tensor:
    name = _object(entry, f"every {kind}").get("name")
    if not isinstance(name, str):
        raise Refused(f"every {kind} needs a name")
    if name in seen:
        raise Refused(f"{kind} {name} is there twice")
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    known = ", ".join(t.name for t in tensors)
    raise Refused(f"unknown {kind} {short(name)}; the model has {known}")


def _other_datatype(entry: Mapping[str, Any], tensor: Tensor) -> Refused:
    given = short(entry.get("datatype"))
    return Refused(f"input {tensor.name} has datatype {DATATYPES[tensor.dtype]}, not {given}")


def _fits(wanted: Sequence[int | None], given: Sequence[int]) -> bool:
    return len(given) == len(wanted) and all(
        size in (None, found) for size, found in zip(wanted, given, strict=True)
    )


def _shape(entry: Mapping[str, Any], tensor: Tensor, max_batch: int) -> list[int]:
    shape = _array(entry.get("shape"), f"shape of input {tensor.name}")
    # True and 1.0 equal 1, but are no dimensions.
    if set(map(type, shape)) != {int} or min(shape) < 0 or max(shape) >= 2**31:
        raise Refused(f"shape of input {tensor.name} must be of whole numbers from 0 to 2^31 - 1")
    if not _fits((None, *tensor.shape), shape):
        sizes = ("n", *("any" if size is None else str(size) for size in tensor.shape))
        raise Refused(f"input {tensor.name} must have the shape [{', '.join(sizes)}]")
    if shape[0] > max_batch:
        raise Refused(f"at most {max_batch} rows in one request", 413)
    if 0 in shape:
        raise Refused(f"input {tensor.name} is empty")
    return shape


def _binary_size(size: object, shape: Sequence[int], tensor: Tensor) -> int:
    expected = math.prod(shape) * np.dtype(tensor.dtype).itemsize
    if type(size) is not int or size != expected:
        raise Refused(f"binary_data_size of input {tensor.name} must be {expected} for its shape")
    return expected


def _from_binary(data: bytes, shape: Sequence[int], tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "bool":  # one byte each
        return np.array(np.frombuffer(data, np.uint8) != 0).reshape(shape)
    dtype = np.dtype(tensor.dtype)
    # The protocol is little-endian; where the machine is too, nothing is copied here.
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(shape)


def _check_values(array: np.ndarray, tensor: Tensor) -> None:
    if not np.isfinite(array).all():
        raise Refused(f"input {tensor.name} has values beyond the finite {tensor.dtype} numbers")
    low, high = tensor.low, tensor.high
    if (low is not None and array.min() < low) or (high is not None and array.max() > high):
        raise Refused(f"input {tensor.name} must have values {bounds(tensor)}")


def _from_json(entry: Mapping[str, Any], shape: Sequence[int], tensor: Tensor) -> np.ndarray:
    values = _array(entry.get("data"), f"data of input {tensor.name}")
    if values and isinstance(values[0], list):
        values = _flatten(values, shape, tensor)
    count = math.prod(shape)
    if len(values) != count:
        raise Refused(f"input {tensor.name} has {len(values)} values; its shape needs {count}")
    wrong = set(map(type, values)) - ALLOWED[tensor.dtype]
    if wrong:
        found = min(kind.__name__ for kind in wrong)
        raise Refused(f"data of input {tensor.name} must be {tensor.dtype} values, not {found}")
    try:
        with np.errstate(over="ignore"):  # what is finite in JSON may be infinite here
            return np.array(values, tensor.dtype).reshape(shape)
    except OverflowError:
        raise Refused(f"a value of input {tensor.name} is too large for {tensor.dtype}") from None


def _flatten(rows: list[Any], shape: Sequence[int], tensor: Tensor) -> list[Any]:
    """Take nested data apart, row by row; every level must have the length its shape says."""
    for depth, size in enumerate(shape):
        if depth:
            if set(map(type, rows)) != {list} or set(map(len, rows)) != {size}:
                raise Refused(f"nested data of input {tensor.name} does not have its shape")
            rows = list(chain.from_iterable(rows))
        elif len(rows) != size:
            raise Refused(f"nested data of input {tensor.name} does not have its shape")
    return rows


def _wanted(request: Mapping[str, Any], signature: Signature) -> dict[str, bool]:
    """Give the outputs that the client asked for, in its order, and whether each is binary."""
    parameters = _object(request.get("parameters", {}), "parameters")
    default = parameters.get("binary_data_output", False)
    wanted: dict[str, bool] = {}
    for entry in _array(request.get("outputs", []), "outputs"):
        tensor = _named(entry, signature.outputs, wanted, "output")
        extra = _object(entry.get("parameters", {}), f"parameters of output {tensor.name}")
        for name in ("classification", "shared_memory_region"):
            if name in extra:
                raise Refused(f"this server has no {name} extension")
        wanted[tensor.name] = extra.get("binary_data", default)
    for binary in (default, *wanted.values()):
        if not isinstance(binary, bool):
            raise Refused("binary_data and binary_data_output must be true or false")
    return wanted or {tensor.name: default for tensor in signature.outputs}
