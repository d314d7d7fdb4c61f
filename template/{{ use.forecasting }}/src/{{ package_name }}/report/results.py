"""What a report on forecasts shows and says."""

from collections.abc import Mapping
from typing import Any, cast

from ..config import Config
from ..dataset import Split
from ..signature import Predict
from ..windows import WindowSplit
from . import limits as words
from .backtest import backtest
from .elements import Figure, Table
from .forecasts import forecast_figure
from .formatting import percent
from .steps import coverage_figure, series_figure, step_figure, worst_table

TOGETHER: dict[str, str] = {}
NOTES = {"quantile_loss": "Of validation windows, in the unit of the error of repeating a season."}


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test, naive = card["test"], card["baselines"].get("seasonal naive", {}).get("mase")
    beside = f"; repeating the last season: {naive:.3f}" if naive else ""
    return [
        (
            "test MASE",
            f"{test['mase']:.3f}",
            f"mean absolute scaled error, lower is better{beside}",
        ),
        ("80 % interval", percent(test["coverage_80"]), "of the test values lie in it"),
    ]


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show forecasts beside what came, and how errors and intervals do by step and by series."""
    windows = cast("WindowSplit", split)
    found = backtest(model, windows, facts)
    return [
        forecast_figure(found, windows),
        step_figure(found),
        coverage_figure(found),
        series_figure(found),
        worst_table(found, windows),
    ]


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, and how forecasts without a network do."""
    return words.intended_use(card)


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    return words.limits(card, settings)
