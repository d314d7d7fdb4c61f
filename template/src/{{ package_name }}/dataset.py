"""What data are to the rest of the project: three splits that give rows by index, and facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .signature import PIECE_BYTES, Batch, Signature, count
from .storage import sha256_arrays


class Split(Protocol):
    """One part of the data; its rows may lie in memory or on a disk, or be made when asked for."""

    def __len__(self) -> int: ...

    @property
    def nbytes(self) -> int:
        """Bytes of all rows together, as arrays."""
        ...

    def rows(self, indices: np.ndarray) -> Batch:
        """Return inputs and targets of some rows, in the order of `indices`, integers [n]."""
        ...

    def fingerprint(self) -> str:
        """Hash the content, so that a later command notices that the data have changed."""
        ...


@dataclass(frozen=True)
class ArraySplit:
    """A split that lies in memory: arrays by name with an equal first axis."""

    arrays: Batch

    def __len__(self) -> int:
        return count(self.arrays)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows together."""
        return sum(array.nbytes for array in self.arrays.values())

    def rows(self, indices: np.ndarray) -> Batch:
        """Return inputs and targets of some rows."""
        return {name: array[indices] for name, array in self.arrays.items()}

    def fingerprint(self) -> str:
        """Hash names, types, shapes and values."""
        return sha256_arrays(self.arrays)


@dataclass(frozen=True)
class Dataset:
    """Three splits, and what is known about them."""

    name: str
    licence: str
    train: Split
    validation: Split
    test: Split
    facts: dict[str, Any]
    """all that the network and the preparation of inputs need to know; JSON, kept with the run"""
    skipped: tuple[str, ...] = ()
    """what could not be read"""
    notes: tuple[str, ...] = ()
    """what people should know before they train on it; `train` shows it"""


def iterate(split: Split, signature: Signature) -> Iterator[Batch]:
    """Read a split from its first row to its last, a piece of bounded size at a time.

    Inputs are as the model takes them; see `Signature.only_inputs`.
    """
    row = split.nbytes // max(len(split), 1) + sum(t.row_bytes for t in signature.outputs)
    step = max(PIECE_BYTES // max(row, 1), 1)
    for first in range(0, len(split), step):
        batch = split.rows(np.arange(first, min(first + step, len(split))))
        yield batch | signature.only_inputs(batch)


def golden_rows(
    split: Split, signature: Signature, rows: int = 512, size: int = 64 * 2**20
) -> Batch:
    """Choose rows, evenly spread over a split, to compare exported models on; inputs only.

    There are at most `rows` of them, of at most `size` bytes together.
    """
    row = split.nbytes // max(len(split), 1)
    most = max(min(rows, size // max(row, 1)), 3)
    chosen = np.linspace(0, len(split) - 1, min(most, len(split))).astype(int)
    return signature.only_inputs(split.rows(chosen))
