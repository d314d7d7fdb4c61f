"""How often a model is right about short and about long texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from .. import reading
from ..dataset import Split
from .classes import Answers
from .elements import Figure, Theme, figure
from .formatting import percent, wilson

GROUPS = 6  # at most, of about equal size
PIECE = 4096  # texts that are read at once


def length_figure(answers: Answers, split: Split, facts: Mapping[str, Any]) -> Figure:
    """Draw the accuracy by how much is read of a text, in bytes or in an encoder's tokens."""
    sizes, right = measure(split, reading.filling(facts)), answers.said == answers.labels
    unit = reading.unit(facts)
    groups = divide(sizes)
    names = [name(sizes[group]) for group in groups]
    hits = [int(right[group].sum()) for group in groups]
    shares = [hit / len(group) for hit, group in zip(hits, groups, strict=True)]
    bounds = [wilson(hit, len(group)) for hit, group in zip(hits, groups, strict=True)]
    low, high = np.array(bounds).T
    bars = np.maximum([shares - low, high - shares], 0)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.bar(range(len(names)), shares, 0.7, color=theme.blue)
        axes.errorbar(range(len(names)), shares, bars, color=theme.ink, fmt="none", elinewidth=1)
        for place, group in enumerate(groups):
            foot = (place, 0.02)
            axes.annotate(f"{len(group):,}", foot, ha="center", fontsize=7, color=theme.paper)
        axes.set(ylim=(0, 1.04), xlabel=f"{unit} of the text", ylabel="share that is right")
        axes.set_xticks(range(len(names)), names)
        axes.grid(visible=False, axis="x")

    caption = (
        "Test texts in groups of about the same size, from the shortest to the longest; of a text, "
        f"{facts['length']:,} {unit} are read. The lines are 95 % intervals, the numbers at the "
        "foot count."
    )
    alt = "; ".join(
        f"{words} {unit}: {percent(share)} right"
        for words, share in zip(names, shares, strict=True)
    )
    return figure("lengths", "Accuracy by length", caption, f"{alt}.", paint, (5.0, 4.75))


def measure(split: Split, filling: int) -> np.ndarray:
    """Count the codes of each text that are not filling, int64 [n]."""
    parts = []
    for first in range(0, len(split), PIECE):
        rows = np.arange(first, min(first + PIECE, len(split)))
        parts.append(np.count_nonzero(split.rows(rows)["tokens"] != filling, axis=1))
    return np.concatenate(parts)


def divide(sizes: np.ndarray) -> list[np.ndarray]:
    """Put texts into groups of about the same number; equal sizes, [n], stay together."""
    ends = np.unique(np.quantile(sizes, np.linspace(0, 1, GROUPS + 1)[1:], method="lower"))
    group = np.searchsorted(ends, sizes)
    return [members for place in range(len(ends)) if len(members := np.flatnonzero(group == place))]


def name(sizes: np.ndarray) -> str:
    """Name a group by its shortest and its longest text."""
    low, high = int(sizes.min()), int(sizes.max())
    return f"{low}" if low == high else f"{low}–{high}"
