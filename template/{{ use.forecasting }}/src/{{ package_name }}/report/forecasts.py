"""Some forecasts beside what came: the last test window of some series."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ..windows import WindowSplit
from .backtest import Backtest, by_series
from .elements import Figure, Theme, figure, short

COLUMNS, ROWS = 3, 2
MOST_PAST = 60  # steps of the history that are drawn


def forecast_figure(found: Backtest, windows: WindowSplit) -> Figure:
    """Draw the last window of some series, from the best forecast to the worst."""
    errors = by_series(found.errors, windows)
    order = sorted(errors, key=lambda member: (np.isnan(errors[member]), errors[member]))
    count = min(len(order), COLUMNS * ROWS)
    chosen = [order[place] for place in np.linspace(0, len(order) - 1, count).astype(int)]
    if len(order) < COLUMNS * ROWS:  # several windows of the few
        every = np.linspace(0, len(windows) - 1, min(len(windows), COLUMNS * ROWS)).astype(int)
    else:
        every = np.array([np.flatnonzero(windows.members == member)[-1] for member in chosen])
    rows = -(-len(every) // COLUMNS)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots(rows, COLUMNS, squeeze=False)
        for place, one in enumerate(axes.flat):
            if place < len(every):
                draw(one, found, windows, int(every[place]), theme)
            else:
                one.set_visible(False)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=4)

    names = ", ".join(short(windows.series[windows.members[place]]) for place in every)
    caption = (
        "The network saw what is left of the origin, 0, and forecast what is right of it: the line "
        "is the median, and eight of ten values should lie in the band. "
    )
    caption += (
        "The series go from the one that it forecasts best to the worst."
        if len(order) >= COLUMNS * ROWS
        else "The windows are spread over the test part."
    )
    alt = f"Forecasts with intervals beside what came, of {names}."
    return figure("forecasts", "Forecasts", caption, alt, paint, (10.0, 0.6 + 2.6 * rows))


def draw(axes: Axes, found: Backtest, windows: WindowSplit, row: int, theme: Theme) -> None:
    """Draw one window."""
    origin, horizon = int(windows.origins[row]), windows.horizon
    past = min(windows.length, MOST_PAST)
    steps = np.arange(1, horizon + 1)
    low, middle, high = found.quantiles[row].T
    seen = windows.values[origin - past : origin]
    axes.axvline(0, color=theme.grid, linewidth=1)
    axes.plot(np.arange(1 - past, 1), seen, color=theme.muted, linewidth=1)
    axes.plot(steps, found.truth[row], color=theme.ink, linewidth=1.2, label="what came")
    band = axes.fill_between(steps, low, high, color=theme.blue, alpha=0.25, linewidth=0)
    band.set_label("80 % interval")
    axes.plot(steps, middle, color=theme.blue, label="forecast")
    label = found.naive_name
    axes.plot(steps, found.naive[row], color=theme.orange, linewidth=1, linestyle="--", label=label)
    axes.set_title(short(windows.series[windows.members[row]], 28), fontsize=10)
    axes.tick_params(labelsize=8)
