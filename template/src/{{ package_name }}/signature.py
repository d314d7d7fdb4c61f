"""What goes into a model and what comes out: named arrays, and the words that describe them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Batch = dict[str, np.ndarray]
"""Arrays by name with an equal first axis, a row per sample; in training with the targets."""

Predict = Callable[[Batch], Batch]
"""A trained model in whatever runtime: inputs by name to outputs by name, any number of rows."""

# Bytes of inputs and outputs that are computed at once. What a network holds between its layers is
# some tens of times as much, so this bounds the memory whatever the size of a row is.
PIECE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Tensor:
    """One input or output of a model."""

    name: str
    dtype: Literal["float32", "int32", "bool"]
    """the type of the elements, as NumPy calls it"""
    shape: tuple[int | None, ...]
    """of one row; None is a length that may differ from batch to batch"""
    content: str
    """what the values mean: image, numbers, categories, tokens, series; classes, values, flags"""
    labels: tuple[str, ...] = ()
    """names along the last axis, such as those of classes or of columns"""
    low: float | None = None
    """hard bounds, such as those of pixels or codes; never the range of the training data"""
    high: float | tuple[float, ...] | None = None
    """one for all values, or one for each place of the last axis"""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row; a length that may differ counts as one."""
        return np.dtype(self.dtype).itemsize * math.prod(size or 1 for size in self.shape)

    def converted(self, array: np.ndarray) -> np.ndarray:
        """Return an array as the model takes it: uint8 of a float32 tensor as 0 to 1."""
        if self.dtype == "float32" and array.dtype == np.uint8:
            return array.astype(np.float32) / 255
        return array


@dataclass(frozen=True)
class Signature:
    """All inputs and outputs of a model, in the order in which they are passed."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    kind: Literal["predict", "generate"] = "predict"

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "Signature":
        """Read what `asdict` and JSON made of a signature; raises KeyError or TypeError."""

        def tensors(entries: Sequence[dict[str, Any]]) -> tuple[Tensor, ...]:
            found: list[dict[str, Any]] = [
                {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}
                for entry in entries
            ]
            return tuple(Tensor(**entry) for entry in found)

        return cls(tensors(table["inputs"]), tensors(table["outputs"]), table["kind"])

    def only_inputs(self, batch: Mapping[str, np.ndarray]) -> Batch:
        """Leave out what is no input, such as targets; inputs come in the signature's order.

        Where a model takes float32, uint8 stands for the numbers from 0 to 1, in steps of 1/255.
        """
        return {tensor.name: tensor.converted(batch[tensor.name]) for tensor in self.inputs}

    def zeros(self, rows: int) -> Batch:
        """Make inputs of zeros: to trace, to compile or to warm up with."""
        return {
            t.name: np.zeros((rows, *(size or 1 for size in t.shape)), t.dtype) for t in self.inputs
        }

    def pieces(self, batch: Mapping[str, np.ndarray], most: int | None = None) -> Iterator[Batch]:
        """Cut the inputs of a batch into pieces of PIECE_BYTES, and of at most `most` rows.

        A batch without rows is one piece without rows, so that outputs keep their shapes.
        """
        inputs, total = self.only_inputs(batch), count(batch)
        row = sum(array[:1].nbytes for array in inputs.values())
        row += sum(tensor.row_bytes for tensor in self.outputs)
        step = max(min(PIECE_BYTES // max(row, 1), most or total), 1)
        for first in range(0, max(total, 1), step):
            yield {name: array[first : first + step] for name, array in inputs.items()}


def count(batch: Mapping[str, np.ndarray]) -> int:
    """Count the rows of a batch."""
    return len(next(iter(batch.values())))


def concatenate(batches: Sequence[Batch]) -> Batch:
    """Put batches with the same names one after the other."""
    first = batches[0]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in first}
