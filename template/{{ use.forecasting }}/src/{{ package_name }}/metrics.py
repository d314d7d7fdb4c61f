"""How good forecasts are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from . import baselines as simple
from .config import Config
from .data import signature
from .dataset import Dataset, Split, iterate
from .signature import Batch, Predict
from .windows import WindowSplit

ASKED = 0.8  # share of values that intervals are to hold
FAR = 0.1  # how far the share may be from that before it is said

Figures = dict[str, float]


class Sums:
    """Errors added up over pieces of a split."""

    def __init__(self) -> None:
        self.scaled = self.weight = self.inside = self.values = self.loss = 0.0

    def add(self, quantiles: np.ndarray, batch: Batch) -> None:
        """Add forecasts [n, horizon, 3]; values that are missing do not count."""
        found, truth = quantiles.astype(np.float64), batch["target"].astype(np.float64)
        observed, scale = batch["observed"] > 0, batch["scale"].astype(np.float64)
        counted = observed & (scale > 0)
        divisor = np.where(scale > 0, scale, 1)
        self.scaled += float((np.abs(found[..., 1] - truth) / divisor)[counted].sum())
        self.loss += float((pinball(found, truth) / divisor)[counted].sum())
        self.weight += int(counted.sum())
        inside = (truth >= found[..., 0]) & (truth <= found[..., 2])
        self.inside += int(inside[observed].sum())
        self.values += int(observed.sum())

    def figures(self) -> Figures:
        """Return the means over all values that were there to compare with."""
        weight = max(self.weight, 1)
        return {
            "mase": self.scaled / weight,
            "coverage_80": self.inside / max(self.values, 1),
            "quantile_loss": self.loss / weight,
        }


def pinball(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the mean quantile loss of forecasts [..., 3] (R. Koenker and G. Bassett, 1978)."""
    total = np.zeros(truth.shape)
    for place, share in enumerate((0.1, 0.5, 0.9)):
        error = truth - found[..., place]
        total += np.maximum(share * error, (share - 1) * error)
    return total / 3


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure a model on all windows of a split: a backtest from every origin.

    Returns `mase`, the mean absolute error of the medians, each divided by the error of repeating
    the last season in its series' training part; `coverage_80`, the share of values between low and
    high; and `quantile_loss`, divided like errors.
    """
    sums = Sums()
    for batch in iterate(split, signature(facts)):
        sums.add(model(batch)["quantiles"], batch)
    return sums.figures()


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "mase", "min"


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is: the share by which its error is larger."""
    return (found["mase"] - trained["mase"]) / max(trained["mase"], 1e-9)


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say so where nothing is measured, or intervals hold far more or fewer values than asked."""
    if test.get("mase") == test.get("quantile_loss") == 0:
        return [
            "the series that test never changed while training: mase is 0 whatever is forecast, so"
            " it says nothing; train on series that change"
        ]
    held = test["coverage_80"]
    if abs(held - ASKED) <= FAR:
        return []
    how = "narrow" if held < ASKED else "wide"
    return [
        f"intervals are too {how}: {held:.0%} of the test values are inside, and {ASKED:.0%} should"
        " be; the test part may differ from what came before"
    ]


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Measure forecasts that need no network on the same windows; none without an error's scale."""
    found: dict[str, Figures] = {}
    test = cast("WindowSplit", dataset.test)
    if not test.scales[np.unique(test.members)].any():
        return found
    for name, quantiles, windows in simple.models(dataset):
        sums = Sums()
        sums.add(quantiles, windows.rows(np.arange(len(windows))))
        found[name] = sums.figures()
    return found
