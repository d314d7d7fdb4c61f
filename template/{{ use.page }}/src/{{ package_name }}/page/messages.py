"""Messages to a model in JavaScript and back: a line of JSON, then the values of its tensors.

The line says how many rows there are and lists the tensors; their values follow one after the
other, row by row and little-endian. `messages.mjs` is the other side.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UserError
from ..signature import Batch, Signature, Tensor, concatenate, count

TYPES = {"float32": "<f4", "int32": "<i4", "bool": "|u1"}  # of the values in a message
ROWS = 64  # most rows in one message: none takes long to answer


def encode(tensors: Sequence[Tensor], batch: Batch, **head: Any) -> bytes:
    """Make a message of some arrays of a batch; `head` goes into its line.

    Raises UserError for an array of another shape than its tensor's.
    """
    entries, values = [], []
    for tensor in tensors:
        array = batch[tensor.name]
        if not fits(array.shape[1:], tensor.shape):
            wanted, found = list(tensor.shape), list(array.shape[1:])
            raise UserError(f"the model takes {tensor.name} of shape {wanted}, not {found}")
        entries.append({"name": tensor.name, "dtype": tensor.dtype, "length": array.size})
        values.append(np.asarray(array, TYPES[tensor.dtype]).tobytes())
    line = json.dumps({"rows": count(batch), "tensors": entries, **head})
    return b"".join([line.encode(), b"\n", *values])


def fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Tell whether a shape is the wanted one; None in that one stands for any length."""
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(size in (a, None) for a, size in pairs)


def decode(message: bytes, tensors: Sequence[Tensor], rows: int) -> Batch:
    """Read the arrays of a message, each with `rows` rows; raises UserError for others."""
    line, _, content = message.partition(b"\n")
    lengths = {entry["name"]: entry["length"] for entry in json.loads(line)["tensors"]}
    batch, place = {}, 0
    try:
        for tensor in tensors:
            kind = np.dtype(TYPES[tensor.dtype])
            flat = np.frombuffer(content, kind, lengths[tensor.name], place)
            shape = [-1 if size is None else size for size in tensor.shape]
            batch[tensor.name] = flat.reshape(rows, *shape).astype(tensor.dtype)
            place += flat.nbytes
    except (KeyError, ValueError) as error:
        raise UserError(
            "the model does not give the outputs that its manifest describes; export it again"
        ) from error
    return batch


class RemoteModel(ABC):
    """A model that another program computes, as a function from a batch to a batch."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature

    @abstractmethod
    def ask(self, question: bytes) -> bytes:
        """Send a message and return the answer's."""

    def __call__(self, batch: Batch) -> Batch:
        """Compute outputs, a piece at a time."""
        if count(batch) == 0:
            outputs = self.signature.outputs
            return {t.name: np.zeros((0, *(s or 1 for s in t.shape)), t.dtype) for t in outputs}
        return concatenate([self.compute(piece) for piece in self.signature.pieces(batch, ROWS)])

    def compute(self, piece: Batch) -> Batch:
        """Compute outputs for a few rows."""
        answer = self.ask(encode(self.signature.inputs, piece))
        return decode(answer, self.signature.outputs, count(piece))

    @property
    def median_ms(self) -> float:
        """Measure one answer for one row inside the other program, in milliseconds."""
        question = encode(self.signature.inputs, self.signature.zeros(1), measure=True)
        return float(json.loads(self.ask(question).partition(b"\n")[0])["median_ms"])
