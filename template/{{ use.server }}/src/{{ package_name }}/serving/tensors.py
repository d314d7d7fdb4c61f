"""Values of JSON as arrays, held against what the model's signature says of them."""

import math
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from ..printing import counted
from ..signature import Batch, Signature, Tensor, count
from .requests import Refused

# What JSON may have for one element, by NumPy's names of types.
ALLOWED: dict[str, set[type]] = {"float32": {int, float}, "int32": {int}, "bool": {bool}}
# Beside its tensors' values a request has few others; more commas than that are no request.
OTHER_COMMAS = 10_000
# A text of JSON; one that does not end takes all that is left, so that no search begins anew in it.
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def check_commas(text: bytes, signature: Signature, max_batch: int) -> None:
    """Refuse a text with more values than a batch may have, before it is parsed.

    Parsing makes objects of up to ten times a text's size.
    """
    most = values_per_row(signature.inputs) * max_batch + OTHER_COMMAS
    if most > OTHER_COMMAS and has_more_commas(text, most):
        raise Refused(f"more values than {counted(max_batch, 'row has', 'rows have')}", 413)


def has_more_commas(text: bytes, most: int) -> bool:
    """Say whether JSON has more commas than `most`; those within its texts part no values."""
    return text.count(b",") > most and STRING.sub(b"", text).count(b",") > most


def values_per_row(tensors: Sequence[Tensor]) -> int:
    """Count the values of one row over all tensors; 0 where a length is left open."""
    sizes = [[size or 0 for size in tensor.shape] for tensor in tensors]
    return 0 if any(0 in size for size in sizes) else sum(map(math.prod, sizes))


def to_array(
    data: list[Any], tensor: Tensor, max_batch: int, shape: list[int] | None = None
) -> np.ndarray:
    """Turn values into a batch of a tensor: nested, or flat with their `shape`."""
    name = tensor.name
    nested, values = flatten(data, name)
    if shape is None:
        shape = nested
    elif len(nested) > 1 and nested != shape:
        raise Refused(f"the nested data of input {name} do not have its shape")
    check_shape(shape, tensor, max_batch)
    if len(values) != math.prod(shape):
        found, needed = counted(len(values), "value"), math.prod(shape)
        raise Refused(f"input {name} has {found}; its shape needs {needed}")
    wrong = set(map(type, values)) - ALLOWED[tensor.dtype]
    if wrong:
        found = min(kind.__name__ for kind in wrong)
        raise Refused(f"data of input {name} must be {tensor.dtype} values, not {found}")
    try:
        with np.errstate(over="ignore"):  # what is finite in JSON may be infinite here
            return np.array(values, tensor.dtype).reshape(shape)
    except OverflowError:
        raise Refused(f"a value of input {name} is too large for {tensor.dtype}") from None


def flatten(data: list[Any], name: str) -> tuple[list[int], list[Any]]:
    """Take lists in lists apart; returns the shape that they have, and all values in a row."""
    shape, values = [len(data)], data
    while values and isinstance(values[0], list):
        shape.append(len(values[0]))
        if {len(v) if isinstance(v, list) else None for v in values} != {shape[-1]}:
            raise Refused(f"the nested data of input {name} have rows of different lengths")
        values = list(chain.from_iterable(values))
    return shape, values


def check_shape(shape: Sequence[int], tensor: Tensor, max_batch: int) -> None:
    """Hold the shape of a batch against the tensor's, and its rows against their limit."""
    wanted = [size or found for size, found in zip(tensor.shape, shape[1:], strict=False)]
    if list(shape[1:]) != wanted or len(shape) != len(tensor.shape) + 1:
        row = "".join(f", {'any' if size is None else size}" for size in tensor.shape)
        raise Refused(f"input {tensor.name} must have the shape [n{row}]")
    if min(shape) < 1 or max(shape) >= 2**31:
        raise Refused(f"input {tensor.name} is empty, or has an impossible shape")
    if shape[0] > max_batch:
        raise Refused(f"at most {counted(max_batch, 'row')} in one request", 413)


def check_batch(batch: Batch, signature: Signature) -> Batch:
    """Return the inputs in the signature's order; they must be complete, finite and in bounds."""
    missing = [tensor.name for tensor in signature.inputs if tensor.name not in batch]
    if missing:
        raise Refused(f"missing input: {', '.join(missing)}")
    for tensor in signature.inputs:
        array = batch[tensor.name]
        low = -math.inf if tensor.low is None else tensor.low
        high = math.inf if tensor.high is None else tensor.high  # one, or one for each column
        if len(array) != count(batch):
            raise Refused("all inputs must have the same first dimension")
        if not np.isfinite(array).all():
            raise Refused(f"input {tensor.name} has values beyond the finite {tensor.dtype}")
        if (array < low).any() or (array > np.asarray(high)).any():
            raise Refused(f"input {tensor.name} must have values from {low} to {high}")
    return signature.only_inputs(batch)
