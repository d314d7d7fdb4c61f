"""Forecasts from every origin of the test split, beside those that need no network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import baselines
from ..data import signature
from ..dataset import iterate
from ..signature import Predict
from ..windows import WindowSplit


@dataclass(frozen=True)
class Backtest:
    """What the model and the simplest forecast say for each window, and how far they are off."""

    quantiles: np.ndarray
    """float32 [n, horizon, 3]"""
    naive: np.ndarray
    """float32 [n, horizon]"""
    naive_name: str
    truth: np.ndarray
    """float32 [n, horizon]; NaN where it is missing"""
    errors: np.ndarray
    """float64 [n, horizon]: absolute, in the scale of the series; NaN where there is none"""
    naive_errors: np.ndarray
    inside: np.ndarray
    """float64 [n, horizon]: 1 where the interval holds the truth, 0, NaN"""


def backtest(model: Predict, windows: WindowSplit, facts: Mapping[str, Any]) -> Backtest:
    """Let the model and the simplest forecast answer for all windows."""
    quantiles, truths = [], []
    for batch in iterate(windows, signature(facts)):
        quantiles.append(model(batch)["quantiles"])
        truths.append(np.where(batch["observed"] > 0, batch["target"], np.nan))
    found, truth = np.concatenate(quantiles), np.concatenate(truths)
    if 1 < facts["season"] <= facts["length"]:
        name, naive = "seasonal naive", baselines.last_season(windows, facts["season"])
    else:
        name, naive = "naive", baselines.last_value(windows)
    scales = windows.scales[windows.members].astype(np.float64)[:, None]
    scales = np.where(scales > 0, scales, np.nan)
    inside = (truth >= found[..., 0]) & (truth <= found[..., 2])
    return Backtest(
        found,
        naive,
        name,
        truth,
        np.abs(found[..., 1] - truth) / scales,
        np.abs(naive - truth) / scales,
        np.where(np.isnan(truth), np.nan, inside),
    )


def mean(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return means without what is missing; NaN where nothing is left."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def by_series(values: np.ndarray, windows: WindowSplit) -> dict[int, float]:
    """Return the mean of each series, by its number."""
    return {
        int(member): float(mean(values[windows.members == member]))
        for member in np.unique(windows.members)
    }
