"""Batches for the training loop: picked on the device where the data fit, streamed where not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from . import hardware
from .dataset import Split

WORTH_STREAMING = 64 * 2**20  # bytes
Tensors = dict[str, tf.Tensor]


class Loader:
    """The rows of a split: on the device if they take at most `share` of its memory, else streamed.

    Both give the same rows in the same order. Of rows that lie on a disk, only
    a few are kept in the computer's own memory.
    """

    def __init__(self, split: Split, device: str, share: float) -> None:
        self.split = split
        self.device = device
        on_host = split.on_disk and "CPU" in device and split.nbytes > WORTH_STREAMING
        self.resident = not on_host and split.nbytes <= share * hardware.memory(device)
        if self.resident:
            self.whole = self.read(np.arange(len(split)))
        else:
            self.reader = ThreadPoolExecutor(1, "loader")

    def pick(self, rows: tf.Tensor) -> Tensors:
        """Pick resident rows by number, int32 [n], inside a tf.function."""
        return {name: tf.gather(tensor, rows) for name, tensor in self.whole.items()}

    def stream(self, rows: np.ndarray) -> Iterator[Tensors]:
        """Give a batch for each of `rows`, int32 [steps, batch size].

        Each is read while the network still learns from the one before it.
        """
        following = self.reader.submit(self.read, rows[0])
        for place in range(len(rows)):
            batch = following.result()
            if place + 1 < len(rows):
                following = self.reader.submit(self.read, rows[place + 1])
            yield batch

    def read(self, rows: np.ndarray) -> Tensors:
        """Read rows and put them on the device."""
        with tf.device(self.device):
            return {name: tf.constant(array) for name, array in self.split.rows(rows).items()}
