"""Forecasts that need no network: the last value, the last season, exponential smoothing."""

import dataclasses
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from .dataset import Dataset
from .histories import fill
from .scaling import MOST
from .windows import WindowSplit

MOST_SERIES = 20  # that exponential smoothing is fitted to: a few seconds for monthly series
FEWEST = 12  # values that it needs
LONGEST = 5000  # values of a series that it is fitted to
LONGEST_SEASON = 60  # steps; its states take too long for longer ones

Points = Callable[[WindowSplit], np.ndarray]
"""Forecasts of the middle for all windows of a split, [n, horizon]."""


def models(dataset: Dataset) -> Iterator[tuple[str, np.ndarray, WindowSplit]]:
    """Give each baseline: its name, its quantiles [n, horizon, 3], and the windows they are for.

    Intervals are those that hold eight of ten errors of the validation windows, step by step.
    """
    facts = dataset.facts
    validation, test = (cast("WindowSplit", s) for s in (dataset.validation, dataset.test))
    season = facts["season"]
    yield "naive", with_intervals(last_value, validation, test), test
    if 1 < season <= facts["length"]:

        def repeat(split: WindowSplit) -> np.ndarray:
            return last_season(split, season)

        yield "seasonal naive", with_intervals(repeat, validation, test), test
    members = np.unique(test.members)
    chosen = members[np.linspace(0, len(members) - 1, min(len(members), MOST_SERIES)).astype(int)]
    if season > LONGEST_SEASON:
        return
    some = len(chosen) < len(members)
    name = f"ETS ({len(chosen)} of {len(members)} series)" if some else "ETS"
    parts = [only(split, chosen) for split in (validation, test)]
    if len(parts[0]):
        floor = facts["scale"]["floor"] if facts["log"] else None
        smoothed = Smoothing(parts[0], parts[1], season, floor)
        if smoothed.stopped:
            share = f"{smoothed.stopped} of {len(chosen)} series"
            print(f"note: exponential smoothing did not converge for {share}", file=sys.stderr)
        yield name, with_intervals(smoothed, *parts), parts[1]


def with_intervals(points: Points, validation: WindowSplit, test: WindowSplit) -> np.ndarray:
    """Put intervals around forecasts of the middle, as wide as their errors in validation were."""
    every = np.arange(len(validation))
    batch = validation.rows(every)
    errors = np.where(batch["observed"] > 0, batch["target"] - points(validation), np.nan)
    scales = [
        np.maximum(split.scales[split.members], 1e-9)[:, None] for split in (validation, test)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # steps for which validation has no value
        low, high = np.nanquantile(errors / scales[0], [0.1, 0.9], axis=0)
    middle = points(test)
    ends = [middle + np.nan_to_num(end) * scales[1] for end in (low, high)]
    return np.stack([ends[0], middle, ends[1]], axis=-1)


def last_value(split: WindowSplit) -> np.ndarray:
    """Repeat the last value of each history."""
    history = split.rows(np.arange(len(split)))["history"]
    return np.repeat(history[:, -1:], split.horizon, axis=1)


def last_season(split: WindowSplit, season: int) -> np.ndarray:
    """Repeat the last season of each history."""
    history = split.rows(np.arange(len(split)))["history"]
    places = np.arange(split.horizon) % season - season
    return np.asarray(history[:, places])


def only(split: WindowSplit, members: np.ndarray) -> WindowSplit:
    """Keep the windows of some series."""
    chosen = np.isin(split.members, members)
    return dataclasses.replace(split, origins=split.origins[chosen], members=split.members[chosen])


class Smoothing:
    """Exponential smoothing with a damped trend and a season, by statsmodels.

    Its four parameters are fitted to what comes before the test windows, and then carried on to
    every origin (R. Hyndman and others, 2008, Forecasting with Exponential Smoothing).
    """

    def __init__(
        self, validation: WindowSplit, test: WindowSplit, season: int, floor: float | None
    ) -> None:
        # Imported before warnings are caught: it puts its own in front of all filters.
        import statsmodels.tsa.exponential_smoothing.ets  # noqa: F401

        self.season, self.floor = season, floor
        self.stopped = 0
        """series whose parameters are those where the search for them ended too early"""
        self.origins = np.concatenate([validation.origins, test.origins])
        members = np.concatenate([validation.members, test.members])
        self.found: dict[int, np.ndarray] = {}
        for member in np.unique(test.members):
            first = int(test.origins[test.members == member].min())
            self.forecast(test, self.origins[members == member], first)

    def __call__(self, split: WindowSplit) -> np.ndarray:
        """Return the forecasts for windows that were among those named at first."""
        return np.stack([self.found[origin] for origin in split.origins.tolist()])

    def forecast(self, split: WindowSplit, origins: np.ndarray, fitted: int) -> None:
        """Fit one series up to the place `fitted`, and forecast from each of its origins."""
        end = int(origins.max())
        values = split.values[max(self.start(split, end), end - LONGEST) : end].astype(np.float64)
        values = fill(values[None])[0]
        if self.floor is not None:
            values = np.log(np.maximum(values, self.floor))
        offset = end - len(values)
        known = values[: fitted - offset]
        if len(known) < FEWEST:  # the last value is what is left then
            last = values[origins - offset - 1]
            self.keep(origins, np.repeat(last[:, None], split.horizon, axis=1))
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is still a baseline, and counted
            parameters, seasonal = self.fit(known)
            states = self.model(values, seasonal).smooth(parameters)
        steps = np.arange(split.horizon)
        damped = np.cumsum(states.damping_trend ** np.arange(split.horizon))
        last = origins - offset - 1
        middle = states.level[last][:, None] + damped * states.slope[last][:, None]
        if seasonal:
            middle = middle + states.season[last[:, None] - self.season + 1 + steps % self.season]
        self.keep(origins, middle)

    def keep(self, origins: np.ndarray, middle: np.ndarray) -> None:
        """Keep forecasts [n, horizon], of logarithms where these are forecast, by their origins."""
        values = middle if self.floor is None else np.exp(np.minimum(middle, MOST))
        self.found |= dict(zip(origins.tolist(), values, strict=True))

    def start(self, split: WindowSplit, end: int) -> int:
        """Return the place of a series' first value; `end` is one of its places."""
        return int(split.starts[np.searchsorted(split.starts, end, side="right") - 1])

    def fit(self, values: np.ndarray) -> tuple[Any, bool]:
        """Find the parameters; returns them, and whether they have a season."""
        seasonal = self.season > 1 and len(values) >= max(3 * self.season, 10 + self.season)
        found = self.model(values, seasonal).fit(disp=False, maxiter=100)
        self.stopped += not found.mle_retvals["converged"]
        return found.params, seasonal

    def model(self, values: np.ndarray, seasonal: bool) -> Any:
        """Make the model of some values."""
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        return ETSModel(
            values,
            error="add",
            trend="add",
            damped_trend=True,
            seasonal="add" if seasonal else None,
            seasonal_periods=self.season if seasonal else None,
            initialization_method="heuristic",
        )
