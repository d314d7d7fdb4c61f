"""What data are to the rest of the project: three splits that give rows by index, and facts."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .plain_text import visible
from .signature import PIECE_BYTES, Batch, Signature, count
from .storage import sha256_arrays, write_atomic


class Split(Protocol):
    """One part of the data; its rows may lie in memory or on a disk, or be made when asked for."""

    @property
    def on_disk(self) -> bool:
        """Whether the rows lie on a disk, and are read when they are asked for."""
        ...

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
    on_disk: bool = False

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
    chosen: dict[str, object] = field(default_factory=dict)
    """settings of [data] that were open, and what the data have made of them"""
    draw: Callable[[Batch], bytes] | None = None
    """draws rows of a split as a PNG, where they can be looked at"""
    source: str = ""
    """the address or the .dvc file that they came from"""
    source_hash: str = ""
    """of what that brought"""


def show_dataset(dataset: Dataset, rows: np.ndarray, folder: Path) -> None:
    """Show people what they train on: the notes, and the first batch as a picture in `folder`."""
    for note in dataset.notes:
        print(visible(note), file=sys.stderr)
    file = folder / "first_batch.png"
    if dataset.draw and not file.is_file():
        write_atomic(file, dataset.draw(dataset.train.rows(rows)))
        print(f"the first batch, as the network gets it: {file.as_posix()}", file=sys.stderr)


def iterate(split: Split, signature: Signature) -> Iterator[Batch]:
    """Read a split from its first row to its last, a piece of bounded size at a time.

    Inputs come as a model takes them, targets as they are.
    """
    row = split.nbytes // max(len(split), 1)
    row += sum(tensor.row_bytes for tensor in signature.inputs + signature.outputs)
    step = max(PIECE_BYTES // row, 1)
    for first in range(0, len(split), step):
        batch = split.rows(np.arange(first, min(first + step, len(split))))
        yield batch | signature.only_inputs(batch)


def golden_rows(
    split: Split, signature: Signature, rows: int = 512, size: int = 32 * 2**20
) -> Batch:
    """Choose rows, evenly spread over a split, to compare exported models on; inputs only.

    There are at most `rows` of them, of at most `size` bytes together.
    """
    row = sum(tensor.row_bytes for tensor in signature.inputs)
    most = max(min(rows, size // row), 3)
    chosen = np.linspace(0, len(split) - 1, min(most, len(split))).astype(int)
    return signature.only_inputs(split.rows(chosen))
