"""What metrics.jsonl says, as curves over the training steps."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter

from .exhibits import Figure, Theme, figure

NO_CURVE = {"step", "epoch", "split", "learning_rate", "samples_per_second", "seconds"}
SAME = {"log_loss": "loss"}  # the log loss is the training's loss without label smoothing
NOTES = {
    "loss": "Training counts augmented images and label smoothing in, where they are on; "
    "validation does not, so its curve may lie below.",
}


def curves(records: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Draw one figure per number that metrics.jsonl follows, such as loss and accuracy."""
    lines: list[dict[str, Any]] = [
        {SAME.get(key, key): value for key, value in record.items()}
        for record in records
        if record.get("split") in ("train", "validation")
    ]
    names = dict.fromkeys(key for line in lines for key in line if key not in NO_CURVE)
    return [drawn for name in names if (drawn := curve(name, lines))]


def curve(name: str, lines: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Draw one number over the steps, training and validation; None when there is no number."""
    series: dict[str, list[tuple[int, float]]] = {}
    gaps = 0
    for split in ("train", "validation"):
        own = [line for line in lines if line["split"] == split and name in line]
        told = [(line["step"], line[name]) for line in own]
        numbers = [(s, v) for s, v in told if isinstance(v, int | float) and math.isfinite(v)]
        gaps += len(told) - len(numbers)
        if numbers:
            series[split] = sorted(dict(numbers).items())
    if not series:
        return None
    heights = [height for points in series.values() for _, height in points]
    logarithmic = min(heights) > 0 and max(heights) > 30 * min(heights)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        looks = {"train": (theme.blue, "-"), "validation": (theme.orange, "--")}
        for split, points in series.items():
            colour, dash = looks[split]
            mark = "o" if split == "validation" or len(points) < 3 else ""
            x, y = zip(*points, strict=True)
            axes.plot(x, y, dash, color=colour, marker=mark, markersize=3, label=split)
        axes.set(xlabel="step", ylabel=title.lower())
        if logarithmic:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")  # 0.1 and not a power of ten
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.legend()

    title = name.replace("_", " ").capitalize()
    last = [f"{split} {p[-1][1]:.4g} at step {p[-1][0]:,}" for split, p in series.items()]
    lost = f"Values that were not finite and are left out: {gaps}. " if gaps else ""
    caption = f"Last values: {', '.join(last)}. {lost}{NOTES.get(name, '')}".strip()
    alt = f"{title} over the steps: {', '.join(last)}."
    return figure(f"curve_{re.sub('[^a-z0-9_]', '_', name.lower())}", title, caption, alt, paint)
