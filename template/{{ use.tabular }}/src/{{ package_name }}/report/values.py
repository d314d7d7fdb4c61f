"""What a report shows of values: predicted against true, and residuals."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter

from .elements import Figure, Theme, figure
from .formatting import number, percent
from .rows import signed

MOST_POINTS = 5000
GROUPS = 10
FEWEST = 10  # rows of a group that says something


def predicted_figure(said: np.ndarray, truth: np.ndarray, log: bool) -> Figure:
    """Draw what was predicted, [n], against the truth, [n]; logarithmic where `log` says so."""
    chosen = some(len(said))
    both = np.concatenate([said, truth])
    ends = [float(both.min()), float(both.max())]

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        points(axes, truth[chosen], said[chosen], theme)
        axes.plot(ends, ends, color=theme.muted, linewidth=1, linestyle="--")
        axes.set(xlabel="true", ylabel="predicted")
        if log:
            axes.set(xscale="log", yscale="log")
            plain_ticks(axes.xaxis, both)
            plain_ticks(axes.yaxis, both)

    off = np.abs(said - truth)
    half, most = (number(float(np.quantile(off, share))) for share in (0.5, 0.9))
    caption = (
        f"{a_point_is(len(chosen), len(said))} On the dashed line a prediction is right. Half "
        f"of them are off by at most {half}, nine of ten by at most {most}."
    )
    alt = f"Predicted from {number(said.min())} to {number(said.max())}, true from "
    alt += f"{number(truth.min())} to {number(truth.max())}."
    return figure("predicted", "Predicted against true", caption, alt, paint, (5.0, 4.75))


def residual_figure(said: np.ndarray, truth: np.ndarray, log: bool) -> Figure:
    """Draw how far predictions [n] are off, and the spread in ten groups of them."""
    chosen, off = some(len(said)), said - truth
    groups = [g for g in np.array_split(np.argsort(said, kind="stable"), GROUPS) if len(g)]
    grouped = min(map(len, groups)) >= FEWEST
    along = [float(np.median(said[group])) for group in groups]
    low, middle, high = (
        [float(np.quantile(off[group], share)) for group in groups] for share in (0.1, 0.5, 0.9)
    )

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        points(axes, said[chosen], off[chosen], theme)
        axes.axhline(0, color=theme.muted, linewidth=1, linestyle="--")
        if grouped:
            axes.fill_between(along, low, high, color=theme.orange, alpha=0.25, linewidth=0)
            axes.plot(along, middle, color=theme.orange)
        axes.set(xlabel="predicted", ylabel="predicted less true")
        if log:
            axes.set(xscale="log")
            plain_ticks(axes.xaxis, said)

    caption = (
        "Above the dashed line a prediction is too high, below it too low; "
        f"{percent((off > 0).mean())} are too high, and the mean is {signed(float(off.mean()))}."
    )
    if grouped:
        caption += (
            " The orange line goes through the medians of ten groups of equal size; the band holds "
            "eight of ten rows of each."
        )
    alt = "; ".join(
        f"near {number(x)}: off by {number(a)} to {number(b)} in eight of ten rows"
        for x, a, b in zip(along, low, high, strict=True)
    )
    alt = alt if grouped else f"Off by {number(off.min())} to {number(off.max())}"
    return figure("residuals", "Residuals", caption, f"{alt}.", paint, (5.0, 4.75))


def some(n: int) -> np.ndarray:
    """Choose the places of MOST_POINTS of n, evenly spread, or of all."""
    return np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int)


def points(axes: Axes, x: np.ndarray, y: np.ndarray, theme: Theme) -> None:
    """Draw points that stay visible one above the other."""
    size, strength = (12, 0.6) if len(x) < 500 else (6, 0.25)
    axes.scatter(x, y, size, color=theme.blue, alpha=strength, linewidths=0)


def plain_ticks(axis: Axis, values: np.ndarray) -> None:
    """Write numbers along a logarithmic axis, not powers of ten."""
    wide = float(values.max()) > 30 * float(values.min())
    axis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    axis.set_major_formatter("{x:,.6g}")
    axis.set_minor_formatter(NullFormatter())


def a_point_is(shown: int, n: int) -> str:
    """Say what a point of a figure is."""
    return "A point is a test row." + (f" {shown:,} of {n:,} are shown." if shown < n else "")
