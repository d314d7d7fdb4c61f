"""An input of texts in place of the model's own: the protocol's BYTES."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from .. import predictions
from ..errors import UserError
from ..printing import counted
from ..signature import Batch
from .messages import MessageTensor
from .requests import Refused

DATATYPE = "BYTES"
NAME = predictions.TEXTS


def decode(entry: MessageTensor, data: bytes, facts: Mapping[str, Any], max_batch: int) -> Batch:
    """Read texts, in JSON or in the bytes after it, and make the model's inputs of them.

    Raises Refused.
    """
    size = entry.parameters.binary_data_size if entry.parameters else None
    if (size is None) == (entry.data is None):
        raise Refused(f"input {NAME} needs either data or binary_data_size")
    if len(data) != (size or 0):
        raise Refused(f"input {NAME} must have {size or 0} bytes of binary data")
    shape = entry.shape or []
    check(entry.datatype, shape, max_batch)
    texts = from_bytes(data, shape) if entry.data is None else from_json(entry.data, shape)
    try:
        return predictions.from_texts(texts, facts)
    except UserError as error:
        raise Refused(str(error)) from None


def check(datatype: str | None, shape: Sequence[int], max_batch: int) -> None:
    """Hold what a request says of its texts against what they can be."""
    if datatype != DATATYPE:
        raise Refused(f"input {NAME} has datatype {DATATYPE}")
    if len(shape) not in (1, 2) or min(shape) < 1 or list(shape[1:]) not in ([], [1]):
        raise Refused(f"input {NAME} must have the shape [n] or [n, 1], not {list(shape)[:8]}")
    if shape[0] > max_batch:
        raise Refused(f"at most {counted(max_batch, 'row')} in one request", 413)


def from_json(data: Sequence[Any], shape: Sequence[int]) -> list[str]:
    """Take texts out of JSON, flat or a list for each."""
    texts = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in data]
    if not all(isinstance(text, str) for text in texts):
        raise Refused(f"data of input {NAME} must be texts")
    return check_count(texts, shape)


def from_bytes(data: bytes, shape: Sequence[int]) -> list[str]:
    """Take texts out of bytes: each is UTF-8 after its length, 4 bytes with the lowest first."""
    texts: list[str] = []
    place = 0
    while place < len(data) and len(texts) <= math.prod(shape):
        if place + 4 > len(data):
            raise Refused(f"the binary data of input {NAME} end within a length")
        (size,) = struct.unpack_from("<I", data, place)
        place += 4 + size
        if place > len(data):
            raise Refused(f"the binary data of input {NAME} end within a text")
        try:
            texts.append(data[place - size : place].decode("utf-8"))
        except UnicodeDecodeError:
            raise Refused(f"text {len(texts) + 1} of input {NAME} is not UTF-8") from None
    return check_count(texts, shape)


def check_count(texts: list[str], shape: Sequence[int]) -> list[str]:
    """Hold the number of texts against the shape."""
    if len(texts) != math.prod(shape):
        raise Refused(f"input {NAME} does not have the {math.prod(shape)} texts of its shape")
    return texts
