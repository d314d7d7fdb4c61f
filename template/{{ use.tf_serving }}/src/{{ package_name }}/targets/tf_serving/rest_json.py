"""JSON of TensorFlow Serving's REST API: request bytes to arrays, arrays to response bytes.

The format: https://www.tensorflow.org/tfx/serving/api_rest. As there, NaN and Infinity are numbers.
"""

import base64
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from ...printing import counted
from ...serving.tensors import OTHER_COMMAS, has_more_commas, values_per_row
from ...signature import Batch, Tensor
from . import SIGNATURE
from .servable import StatusError, shorten

# JSON's names of types, by Python's.
KINDS = {
    bool: "Bool",
    dict: "Object",
    float: "Number",
    int: "Number",
    list: "Array",
    str: "String",
    type(None): "Null",
}
BASE64 = "b64"  # the key of bytes that are no text
EXACT = {"float32": 2**24, "float64": 2**53}  # below, a float has every whole number


def decode(
    body: bytes,
    tensors: Sequence[Tensor],
    max_batch: int,
    further: Mapping[str, Sequence[Tensor]] | None = None,
) -> tuple[str, Batch, bool]:
    """Read a predict request: its signature's name, its inputs, and whether they came by row.

    `tensors` are the inputs of the default signature, `further` those of others by their names.
    Raises StatusError.
    """
    # Parsing makes objects of up to ten times a text's size: refuse before, not after.
    values = values_per_row(tensors)
    if values and has_more_commas(body, values * max_batch + OTHER_COMMAS):
        raise StatusError(f"more values than {counted(max_batch, 'row has', 'rows have')}", 413)
    if not body:
        raise StatusError("JSON Parse error: The document is empty")
    try:
        request = from_json(body)
    except ValueError as error:
        raise StatusError(f"JSON Parse error: {str(error)[:200]}") from None
    if not isinstance(request, dict):
        raise StatusError(f"JSON Value: {quote(request)} Is not object")
    signature = request.get("signature_name", "")
    if not isinstance(signature, str):
        raise StatusError("'signature_name' key must be a string value.")
    if signature not in ("", SIGNATURE, *(further or ())):
        name = shorten(signature)
        raise StatusError(f'Serving signature name: "{name}" not found in signature def')
    tensors = (further or {}).get(signature, tensors)
    if "instances" in request and "inputs" in request:
        raise StatusError("expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" in request:
        return signature, by_row(request["instances"], tensors), True
    if "inputs" in request:
        return signature, by_column(request["inputs"], tensors), False
    raise StatusError("Missing 'inputs' or 'instances' key")


def by_row(instances: object, tensors: Sequence[Tensor]) -> Batch:
    """Read a list with one item for each row: its value, or an object with a value per input."""
    if not isinstance(instances, list):
        raise StatusError("Expecting 'instances' to be a list/array")
    if not instances:
        raise StatusError("No values in 'instances' array")
    if not isinstance(instances[0], dict) or instances[0].keys() == {BASE64}:
        if len(tensors) > 1:
            raise StatusError("instances is a plain list, but expecting list of objects")
        return {tensors[0].name: dense(instances, tensors[0])}
    names = {tensor.name for tensor in tensors}
    for place, item in enumerate(instances):
        if not isinstance(item, dict):
            raise StatusError(f"Expecting object but got list at item {place} of input list")
        if item.keys() != names:
            keys = ",".join(sorted(names))
            raise StatusError(
                f"Failed to process element: {place} of 'instances' list."
                f" JSON object: keys must be equal to: {keys}"
            )
    return {t.name: dense([item[t.name] for item in instances], t) for t in tensors}


def by_column(inputs: object, tensors: Sequence[Tensor]) -> Batch:
    """Read whole tensors: one per input in an object, or the only one by itself."""
    if not isinstance(inputs, dict):
        if len(tensors) > 1:
            raise StatusError("inputs is a plain value/list, but expecting an object")
        return {tensors[0].name: dense(inputs, tensors[0])}
    for tensor in tensors:
        if tensor.name not in inputs:
            raise StatusError(f"Missing named input: {tensor.name} in 'inputs' object.")
    return {tensor.name: dense(inputs[tensor.name], tensor) for tensor in tensors}


def dense(values: object, tensor: Tensor) -> np.ndarray:
    """Turn nested lists into an array of the tensor's type; its shape is checked elsewhere."""
    shape: list[int] = []
    level = values
    while isinstance(level, list) and len(shape) <= len(tensor.shape) + 1:
        shape.append(len(level))
        level = level[0] if level else None
    flat: list[Any] = [values]
    for depth, size in enumerate(shape):
        for item in flat:
            if not isinstance(item, list):
                raise StatusError(
                    f"JSON Value: {quote(item)} found at incorrect level: {depth + 1}"
                    f" in the JSON DOM. Expected at level: {len(shape)}"
                )
            if len(item) != size:
                raise StatusError(
                    f"Encountered list at unexpected size: {len(item)}"
                    f" at level: {depth} expected size: {size}"
                )
        flat = list(chain.from_iterable(flat))
    return numbers(flat, tensor).reshape(shape)


def numbers(flat: list[Any], tensor: Tensor) -> np.ndarray:
    """Turn JSON's values into an array [n], or say which one is not of the tensor's type."""
    dtype = np.dtype(tensor.dtype)
    if dtype.kind == "O":
        return strings(flat)
    kinds: dict[str, set[type]] = {"f": {int, float}, "b": {bool}}
    allowed = kinds.get(dtype.kind, {int})
    if not set(map(type, flat)) <= allowed:
        wrong = next(value for value in flat if type(value) not in allowed)
        raise StatusError(
            f"JSON Value: {quote(wrong)} Type: {KINDS[type(wrong)]}"
            f" is not of expected type: {tensor.dtype}"
        )
    try:
        if dtype.kind != "f":
            return np.array(flat, dtype)
        exact = np.array(flat, np.float64)
        with np.errstate(over="ignore"):
            array = exact.astype(dtype)
        lossy = np.isinf(array) & np.isfinite(exact)
    except OverflowError:
        raise StatusError(f"a JSON value is too large for {tensor.dtype}") from None
    for place in np.flatnonzero(lossy | (np.abs(exact) >= EXACT[dtype.name])):
        if lossy[place] or isinstance(flat[place], int):
            raise StatusError(
                f"Cannot convert JSON value: {quote(flat[place])} to {tensor.dtype}"
                " without loss of precision."
            )
    return array


def strings(flat: list[Any]) -> np.ndarray:
    """Turn texts, and bytes as `{"b64": "..."}`, into an array of bytes [n]."""
    found = np.empty(len(flat), object)
    for place, value in enumerate(flat):
        if isinstance(value, str):
            found[place] = value.encode()
        elif isinstance(value, dict) and value.keys() == {BASE64}:
            try:
                found[place] = base64.b64decode(value[BASE64], validate=True)
            except (ValueError, TypeError):
                raise StatusError(f"Unable to base64 decode: {quote(value[BASE64])}") from None
        else:
            raise StatusError(
                f"JSON Value: {quote(value)} Type: {KINDS[type(value)]}"
                " is not of expected type: string"
            )
    return found


def encode(outputs: Mapping[str, np.ndarray], row: bool) -> bytes:
    """Write a response the way that the request came; a single output goes without its name."""
    columns = {name: array.tolist() for name, array in outputs.items()}
    if not row:
        return dump({"outputs": columns if len(columns) > 1 else next(iter(columns.values()))})
    if len(columns) == 1:
        return dump({"predictions": next(iter(columns.values()))})
    rows = zip(*columns.values(), strict=True)
    return dump({"predictions": [dict(zip(columns, row, strict=True)) for row in rows]})


def dump(message: object) -> bytes:
    """Write JSON, and NaN and Infinity as such."""
    return to_json(message, inf_nan_mode="constants")


def quote(value: object) -> str:
    """Repeat what a client sent, at most 60 characters of it."""
    if isinstance(value, list | dict):
        return f"{KINDS[type(value)]} of {len(value)}"
    text = dump(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}..."
