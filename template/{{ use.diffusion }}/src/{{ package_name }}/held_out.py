"""Images that are held out, with the judge of generated ones, who has learnt from the others."""

from dataclasses import dataclass

import numpy as np

from .dataset import Split
from .judge import Judge
from .signature import Batch


@dataclass(frozen=True)
class HeldOut:
    """A split for validation or test, beside what generated images are judged by."""

    split: Split
    judge: Judge
    share: float = 1.0
    """of the images that are drawn for the metrics; validation, which comes often, has fewer"""

    @property
    def on_disk(self) -> bool:
        """Whether the rows lie on a disk."""
        return self.split.on_disk

    def __len__(self) -> int:
        return len(self.split)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows together."""
        return self.split.nbytes

    def rows(self, indices: np.ndarray) -> Batch:
        """Return images and labels of some rows."""
        return self.split.rows(indices)

    def fingerprint(self) -> str:
        """Hash the images and the labels."""
        return self.split.fingerprint()
