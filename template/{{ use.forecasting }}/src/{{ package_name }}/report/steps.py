"""How errors and intervals do by step and by series."""

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from ..windows import WindowSplit
from .backtest import Backtest, by_series, mean
from .elements import Figure, Table, Theme, figure, short
from .formatting import percent

MOST_ROWS = 12


def step_figure(found: Backtest) -> Figure:
    """Draw the error by how many steps ahead the forecast is."""
    own, naive = (mean(errors, axis=0) for errors in (found.errors, found.naive_errors))
    steps = np.arange(1, len(own) + 1)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.plot(steps, own, color=theme.blue, marker="o", markersize=3, label="this model")
        axes.plot(steps, naive, color=theme.orange, linestyle="--", label=found.naive_name)
        axes.set(xlabel="steps ahead", ylabel="MASE")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()

    caption = (
        f"The first step is off by {own[0]:.2f}, the last by {own[-1]:.2f} of the error that "
        "repeating the last season had in the training part."
    )
    alt = f"MASE from {own[0]:.2f} at the first step to {own[-1]:.2f} at the last; "
    alt += f"{found.naive_name} from {naive[0]:.2f} to {naive[-1]:.2f}."
    return figure("mase_by_step", "Error by step", caption, alt, paint)


def coverage_figure(found: Backtest) -> Figure:
    """Draw the share of values inside the intervals by step."""
    held = mean(found.inside, axis=0)
    steps = np.arange(1, len(held) + 1)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.axhline(0.8, color=theme.muted, linewidth=1, linestyle="--")
        axes.plot(steps, held, color=theme.blue, marker="o", markersize=3)
        axes.set(xlabel="steps ahead", ylabel="share inside", ylim=(0, 1.02))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    caption = (
        f"{percent(float(mean(found.inside)))} of all test values are inside; on the dashed line "
        "it would be the 80 % that are meant."
    )
    alt = f"Between {percent(float(np.nanmin(held)))} and {percent(float(np.nanmax(held)))}."
    return figure("coverage_by_step", "What the intervals hold", caption, alt, paint)


def series_figure(found: Backtest) -> Figure:
    """Draw each window's error beside that of the simplest forecast."""
    own, naive = (mean(errors, axis=1) for errors in (found.errors, found.naive_errors))
    there = ~np.isnan(own) & ~np.isnan(naive)
    own, naive = own[there], naive[there]
    if not len(own):  # no series that tests has ever changed
        own = naive = np.zeros(1)
    most = float(np.quantile(np.concatenate([own, naive]), 0.99))
    better = float((own < naive).mean())

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.hist(
            [np.minimum(own, most), np.minimum(naive, most)],
            bins=30,
            color=[theme.blue, theme.orange],
            label=["this model", found.naive_name],
        )
        axes.set(xlabel="MASE of a window", ylabel="windows")
        axes.legend()

    caption = (
        f"In {percent(better)} of the {len(own):,} test windows the network is closer than "
        f"{found.naive_name}. Windows beyond {most:.2f} stand at the right end."
    )
    alt = f"Median {np.median(own):.2f}; {found.naive_name} {np.median(naive):.2f}."
    return figure("mase_by_window", "Error by window", caption, alt, paint)


def worst_table(found: Backtest, windows: WindowSplit) -> Table:
    """List the series with the largest errors."""
    own, naive = (by_series(errors, windows) for errors in (found.errors, found.naive_errors))
    held = by_series(found.inside, windows)
    order = sorted((m for m in own if not np.isnan(own[m])), key=lambda m: -own[m])[:MOST_ROWS]
    rows = [
        (
            short(windows.series[member], 40),
            f"{own[member]:.3f}",
            f"{naive[member]:.3f}",
            percent(held[member]),
            f"{int((windows.members == member).sum()):,}",
        )
        for member in order
    ]
    head = ("series", "MASE", f"{found.naive_name} MASE", "inside the interval", "windows")
    note = f"Those of {len(own):,} series that are forecast worst, worst first."
    return Table("Series with the largest errors", head, rows, note)
