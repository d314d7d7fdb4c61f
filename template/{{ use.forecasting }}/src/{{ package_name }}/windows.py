"""Windows of series: a history and what came after it, made when they are asked for."""

from dataclasses import dataclass

import numpy as np

from .histories import fill
from .storage import sha256_arrays


@dataclass(frozen=True)
class WindowSplit:
    """Windows of some series, made when they are asked for.

    All series lie one behind the other in `values`, each with `length` missing values before it.
    """

    values: np.ndarray
    """float32 [places], NaN where one is missing"""
    known: np.ndarray
    """float32 [places, width]"""
    origins: np.ndarray
    """int64 [n]: the place of the first value after each history"""
    members: np.ndarray
    """int64 [n]: which series each window is of"""
    scales: np.ndarray
    """float32 [series]: what an error of 1 is, in the unit of the values; 0 where there is none"""
    starts: np.ndarray
    """int64 [series]: the place of each series' first value"""
    series: tuple[str, ...]
    """their names"""
    length: int
    horizon: int
    on_disk: bool = False

    def __len__(self) -> int:
        return len(self.origins)

    @property
    def nbytes(self) -> int:
        """Bytes of all windows together, as arrays."""
        numbers = self.length + 2 * self.horizon + 1
        width = int(self.known.shape[1])
        return 4 * len(self) * (numbers + (self.length + self.horizon) * width)

    def rows(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Make some windows.

        Returns the inputs, `history` [n, length], filled where values are missing, and, where there
        are further columns, `known` [n, length + horizon, width]; then `target` [n, horizon], 0
        where it is not `observed` [n, horizon], and the series' `scale` [n, 1].
        """
        origins = self.origins[indices]
        whole = origins[:, None] + np.arange(-self.length, self.horizon)
        found = self.values[whole]
        target = found[:, self.length :]
        observed = ~np.isnan(target)
        batch = {"history": fill(found[:, : self.length])}
        if self.known.shape[1]:
            batch["known"] = self.known[whole]
        return batch | {
            "target": np.where(observed, target, 0).astype(np.float32),
            "observed": observed.astype(np.float32),
            "scale": self.scales[self.members[indices]][:, None],
        }

    def fingerprint(self) -> str:
        """Hash the series and where the windows are."""
        names = ("values", "known", "origins", "scales")
        return sha256_arrays({name: getattr(self, name) for name in names})
