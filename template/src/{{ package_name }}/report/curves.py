"""What metrics.jsonl says, as curves over the training steps."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter

from .elements import Figure, Theme, figure
from .formatting import number

Record = Mapping[str, Any]
Points = list[tuple[int, float]]

NO_CURVE = {"step", "epoch", "split", "learning_rate", "samples_per_second", "seconds"}
SPLITS = ("train", "validation")


def draw_curves(
    records: Sequence[Record], together: Mapping[str, str], notes: Mapping[str, str]
) -> list[Figure]:
    """Draw one figure per metric that metrics.jsonl follows.

    `together` names metrics that go into another one's figure, `notes` has sentences for captions.
    """
    lines = [
        {together.get(name, name): value for name, value in record.items()}
        for record in records
        if record.get("split") in SPLITS
    ]
    names = dict.fromkeys(name for line in lines for name in line if name not in NO_CURVE)
    drawn = (curve(name, lines, notes.get(name, "")) for name in names)
    return [figure for figure in drawn if figure]


def curve(name: str, lines: Sequence[Record], note: str) -> Figure | None:
    """Draw one metric over the steps, training and validation; None when it has no numbers."""
    told: dict[str, dict[int, Any]] = {split: {} for split in SPLITS}
    for line in lines:
        if name in line:
            told[line["split"]][line["step"]] = line[name]
    finite = {split: numbers(values) for split, values in told.items()}
    series = {split: points for split, points in finite.items() if points}
    if not series:
        return None
    title = name.replace("_", " ").capitalize()

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.set(xlabel="step", ylabel=title.lower())
        plot(axes, series, theme)

    last = [f"{split} {number(p[-1][1])} at step {p[-1][0]:,}" for split, p in series.items()]
    gaps = sum(len(told[split]) - len(finite[split]) for split in SPLITS)
    lost = f"Values that were not finite and are left out: {gaps}. " if gaps else ""
    caption = f"Last values: {', '.join(last)}. {lost}{note}".strip()
    alt = f"{title} over the steps: {', '.join(last)}."
    return figure(f"curve_{re.sub('[^a-z0-9_]', '_', name.lower())}", title, caption, alt, paint)


def numbers(values: Mapping[int, Any]) -> Points:
    """Order values by their step, without those that cannot be drawn."""
    drawn = (s for s, v in values.items() if isinstance(v, int | float) and math.isfinite(v))
    return [(step, values[step]) for step in sorted(drawn)]


def plot(axes: Axes, series: Mapping[str, Points], theme: Theme) -> None:
    """Plot a line for each split; logarithmic where the values differ by more than thirty times."""
    looks = {"train": (theme.blue, "-"), "validation": (theme.orange, "--")}
    for split, points in series.items():
        colour, dash = looks[split]
        mark = "o" if split == "validation" or len(points) < 3 else ""
        x, y = zip(*points, strict=True)
        axes.plot(x, y, dash, color=colour, marker=mark, markersize=3, label=split)
    heights = [height for points in series.values() for _, height in points]
    if min(heights) > 0 and max(heights) > 30 * min(heights):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")  # 0.1 and not a power of ten
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend()
