"""What reports on classes share: confusion, calibration, and a table of figures per class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ..dataset import Split, iterate
from ..signature import Predict, Signature
from .elements import Figure, Table, Theme, figure, short
from .formatting import interval, percent, wilson

MOST_COUNTS = 20  # with more classes than this, counts no longer fit into their cells
MOST_NAMES = 60  # and with more than this, names no longer fit along the axes


@dataclass(frozen=True)
class Answers:
    """What a model answers for n samples; each array is [n]."""

    labels: np.ndarray
    """numbers of the true classes"""
    said: np.ndarray
    """numbers of the classes that got the highest probability"""
    stated: np.ndarray
    """the probabilities of the answers"""
    true: np.ndarray
    """the probabilities of the true classes"""


def collect(model: Predict, split: Split, about: Signature, target: str) -> Answers:
    """Let the model answer for a split; of each sample four numbers are kept.

    `target` is the name of the array with the numbers of the true classes.
    """
    parts = []
    for batch in iterate(split, about):
        probabilities, labels = model(batch)["probabilities"], batch[target]
        true = probabilities[np.arange(len(labels)), labels]
        parts.append((labels, probabilities.argmax(1), probabilities.max(1), true))
    return Answers(*map(np.concatenate, zip(*parts, strict=True)))


def confusion(answers: Answers, classes: int) -> np.ndarray:
    """Count answers: int64 [true class, answered class]."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (answers.labels, answers.said), 1)
    return table


def class_table(counts: np.ndarray, classes: Sequence[str]) -> Table:
    """Tell how each class fares: counts are [true class, answered class]."""
    rows = []
    for k, name in enumerate(classes):
        n, hits, said = int(counts[k].sum()), int(counts[k, k]), int(counts[:, k].sum())
        others = counts[k].copy()
        others[k] = 0
        rival = int(others.argmax())
        rows.append(
            (
                name,
                f"{hits:,} of {n:,}",
                percent(hits / n) if n else "–",
                interval(hits, n),
                percent(hits / said) if said else "–",
                f"{classes[rival]} ({others[rival]:,}×)" if others[rival] else "–",
            )
        )
    head = ("class", "right", "recall", "95 % interval", "precision", "mostly taken for")
    note = (
        "Recall: how much of this class was recognised, with Wilson's interval (1927). "
        "Precision: how many of the answers with this name were right."
    )
    return Table("Accuracy per class", head, rows, note)


def confusion_figure(counts: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw counts [true class, answered class]: right answers blue, mistakes orange."""
    right = np.eye(len(classes), dtype=bool)
    caption = (
        "One row per true class, one column per answer. Blue cells are right answers, orange cells "
        "mistakes; the stronger the colour, the larger the share of the row."
    )
    pairs = sorted(np.argwhere((counts > 0) & ~right).tolist(), key=lambda p: -counts[p[0], p[1]])
    common = [f"{classes[t]} taken for {classes[a]}: {counts[t, a]}" for t, a in pairs[:3]]
    alt = "Most frequent mistakes: " + "; ".join(common) if common else "No mistakes"
    side = 5.0 if len(classes) <= MOST_COUNTS else 6.4

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.set(xlabel="answer", ylabel="true class", xticks=[], yticks=[])
        paint_cells(axes, counts, theme)
        if len(classes) <= MOST_NAMES:
            paint_names(axes, classes)

    return figure("confusion", "Confusion matrix", caption, alt + ".", paint, (side, side * 0.95))


def paint_cells(axes: Axes, counts: np.ndarray, theme: Theme) -> None:
    """Paint a cell for each count; its strength is the share of the row."""
    k = len(counts)
    right, empty = np.eye(k, dtype=bool), counts == 0
    # Shares of a row, so that rare classes show; a class without test samples has an empty row.
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    strength = np.where(right, shares, shares / max(float(shares[~right].max()), 1e-9))
    blue = theme.ramp(theme.blue)(0.1 + 0.8 * strength)
    orange = theme.ramp(theme.orange)(0.15 + 0.75 * strength)
    cells = np.where(right[..., None], blue, orange)
    cells[empty] = theme.ramp(theme.paper)(0.0)
    axes.imshow(cells)
    axes.grid(visible=False)
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=theme.grid, linewidth=0.4)
    axes.tick_params(which="both", length=0)
    if k > MOST_COUNTS:
        return
    size = max(min(9.0, 90 / k), 5.0)
    for row, column in np.argwhere(~empty):
        ink = theme.paper if strength[row, column] > 0.55 else theme.ink
        text = f"{counts[row, column]}"
        axes.text(column, row, text, fontsize=size, color=ink, ha="center", va="center")


def paint_names(axes: Axes, classes: Sequence[str]) -> None:
    """Write the classes along both axes, as large as there is room for."""
    k, names = len(classes), [short(name) for name in classes]
    size = max(min(9.0, 220 / k), 4.0)
    upright = k > 12 or max(map(len, names)) > 3
    axes.set_xticks(range(k), names, rotation=90 if upright else 0, fontsize=size)
    axes.set_yticks(range(k), names, fontsize=size)


def calibration_figure(answers: Answers, samples: str) -> Figure:
    """Compare stated probabilities with how often they hold, in ten bins of equal width.

    On the diagonal, answers given with 80 % are right in 80 % of the cases. `samples` is what the
    rows of the data are called. Source: C. Guo et al. (2017), On Calibration of Modern Neural
    Networks, arXiv:1706.04599.
    """
    stated = answers.stated.astype(np.float64)
    right = answers.said == answers.labels
    bins = np.minimum((stated * 10).astype(int), 9)
    members = [(b, bins == b) for b in range(10) if (bins == b).any()]
    sizes = [int(member.sum()) for _, member in members]
    means = [float(stated[member].mean()) for _, member in members]
    hits = [int(right[member].sum()) for _, member in members]
    shares = [hit / size for hit, size in zip(hits, sizes, strict=True)]
    bounds = np.array([wilson(hit, size) for hit, size in zip(hits, sizes, strict=True)]).T
    bars = np.maximum([shares - bounds[0], bounds[1] - shares], 0)

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.plot([0, 1], [0, 1], color=theme.muted, linewidth=1, linestyle="--")
        axes.errorbar(means, shares, bars, color=theme.blue, fmt="o-", elinewidth=1, capsize=3)
        for (b, _), size in zip(members, sizes, strict=True):
            place = (b / 10 + 0.05, 0.01)  # at the foot of the bin, where no point hides it
            axes.annotate(f"{size:,}", place, ha="center", fontsize=7, color=theme.muted)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.04), xlabel="probability of the answer")
        axes.set_ylabel("share that is right")

    caption = (
        f"An answer comes with {percent(stated.mean())} on average, and {percent(right.mean())} "
        "of the answers are right. Above the dashed line the model is better than it claims, below "
        f"it worse. Bars are 95 % intervals; the numbers at the foot count test {samples}."
    )
    alt = "; ".join(
        f"stated {percent(mean)}, right {percent(share)} of {size}"
        for mean, share, size in zip(means, shares, sizes, strict=True)
    )
    return figure("calibration", "Calibration", caption, alt + ".", paint, (5.0, 4.75))
