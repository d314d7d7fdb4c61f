"""Batches for the training loop: picked on the device where the data fit, streamed where not."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from . import hardware
from .dataset import Split

WORTH_STREAMING = 64 * 2**20  # bytes
Batches = Callable[[np.ndarray], Iterator[dict[str, Tensor]]]
"""Row numbers [steps, batch size] to a batch for each step: tensors by name, on the device."""


def load(split: Split, device: torch.device, share: float) -> Batches:
    """Keep the split on the device if it takes at most `share` of its memory, else stream it.

    Both give the same rows in the same order. Of rows that lie on a disk, only
    a few are kept in the computer's own memory.
    """
    on_host = split.on_disk and device.type == "cpu" and split.nbytes > WORTH_STREAMING
    if on_host or split.nbytes > share * hardware.memory(device):
        return streamed(split, device)
    return resident(split, device)


def resident(split: Split, device: torch.device) -> Batches:
    """Put all rows on the device: picking them there is faster than any loader."""
    whole = to_tensors(split.rows(np.arange(len(split))), device)

    def batches(rows: np.ndarray) -> Iterator[dict[str, Tensor]]:
        for picked in torch.from_numpy(rows).to(device):
            yield {name: tensor.index_select(0, picked) for name, tensor in whole.items()}

    return batches


def streamed(split: Split, device: torch.device) -> Batches:
    """Read each batch while the network still learns from the one before it."""
    reader = ThreadPoolExecutor(1, "loader")

    def read(rows: np.ndarray) -> dict[str, Tensor]:
        return to_tensors(split.rows(rows), device)

    def batches(rows: np.ndarray) -> Iterator[dict[str, Tensor]]:
        following = reader.submit(read, rows[0])
        for place in range(len(rows)):
            batch = following.result()
            if place + 1 < len(rows):
                following = reader.submit(read, rows[place + 1])
            yield batch

    return batches


def to_tensors(arrays: dict[str, np.ndarray], device: torch.device) -> dict[str, Tensor]:
    """Turn arrays into tensors on the device."""
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
