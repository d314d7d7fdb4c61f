"""The pictures in a report on image classification: mistakes, confusion, calibration."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from PIL import Image

from ..dataset import Split
from .elements import Figure, Theme, Tile, bare, figure, short
from .formatting import percent, wilson

MOST_MISTAKES = 12
MOST_COUNTS = 20  # with more classes than this, counts no longer fit into their cells
MOST_NAMES = 60  # and with more than this, names no longer fit along the axes


@dataclass(frozen=True)
class Answers:
    """What a model answers for n images; each array is [n]."""

    labels: np.ndarray
    """numbers of the true classes"""
    said: np.ndarray
    """numbers of the classes that got the highest probability"""
    stated: np.ndarray
    """the probabilities of the answers"""
    true: np.ndarray
    """the probabilities of the true classes"""


def mistakes_figure(answers: Answers, split: Split, classes: Sequence[str]) -> Figure:
    """Show the worst mistakes: images whose true class got the lowest probability.

    Where there are no mistakes, show the right answers that came closest to one.
    """
    n, wrong = len(answers.labels), np.flatnonzero(answers.said != answers.labels)
    pool = wrong if len(wrong) else np.arange(n)
    # A stable sort, so that equal probabilities come in the order of the data.
    shown = pool[np.argsort(answers.true[pool], kind="stable")][:MOST_MISTAKES]
    images = split.rows(shown)["images"]
    tiles = [tile(int(i), image, answers, classes) for i, image in zip(shown, images, strict=True)]
    title, some = "Worst mistakes", f"the {len(shown)} whose true class got the lowest probability"
    caption = (
        f"{len(wrong):,} of {n:,} test images got a wrong answer. "
        f"Shown are {some if len(shown) < len(wrong) else 'all of them'}, worst first, with "
        "the true class, the answer and the answer's probability."
    )
    if not len(wrong):
        title = "Closest calls"
        caption = f"All {n:,} test images got the right answer. Shown are {some}."
    rows = -(-len(shown) // 4)

    def paint(canvas: Canvas, theme: Theme) -> None:
        cells = canvas.subplots(rows, 4, squeeze=False).ravel()
        for axes in cells:
            bare(axes)
        for axes, image, told in zip(cells, images, tiles, strict=False):
            axes.imshow(grey_or_colour(image), cmap="gray", vmin=0, vmax=1)
            words = [short(line, 18) for line in told.lines]
            axes.set_title("\n".join(words), fontsize=8, color=theme.ink)

    alt = "; ".join(", ".join(told.lines) for told in tiles)
    return figure("mistakes", title, caption, alt, paint, (5.6, 1.9 * rows), tuple(tiles))


def tile(i: int, image: np.ndarray, answers: Answers, classes: Sequence[str]) -> Tile:
    """Put the i-th image beside what is true and what was answered."""
    true, said = classes[answers.labels[i]], classes[answers.said[i]]
    lines = (f"true: {true}", f"answer: {said}", f"with {percent(answers.stated[i])}")
    return Tile(picture(image), f"Test image {i}: {true}", lines)


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
    # Shares of a row, so that rare classes show; a class without test images has an empty row.
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


def calibration_figure(answers: Answers) -> Figure:
    """Compare stated probabilities with how often they hold, in ten bins of equal width.

    On the diagonal, answers given with 80 % are right in 80 % of the cases. Source: C. Guo et al.
    (2017), On Calibration of Modern Neural Networks, arXiv:1706.04599.
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
        "it worse. Bars are 95 % intervals; the numbers at the foot count test images."
    )
    alt = "; ".join(
        f"stated {percent(mean)}, right {percent(share)} of {size}"
        for mean, share, size in zip(means, shares, sizes, strict=True)
    )
    return figure("calibration", "Calibration", caption, alt + ".", paint, (5.0, 4.75))


def picture(image: np.ndarray, side: int = 128) -> bytes:
    """Return one image [h, w, c] as a PNG, small ones enlarged with every pixel left visible."""
    pixels = Image.fromarray(np.round(grey_or_colour(image) * 255).astype(np.uint8))
    factor = side // max(pixels.size)
    if factor > 1:
        larger = (pixels.width * factor, pixels.height * factor)
        pixels = pixels.resize(larger, Image.Resampling.NEAREST)
    pixels.thumbnail((2 * side, 2 * side))
    stream = io.BytesIO()
    pixels.save(stream, "PNG")
    return stream.getvalue()


def grey_or_colour(image: np.ndarray) -> np.ndarray:
    """Drop the channel axis of a grey image, as Pillow and matplotlib want it."""
    return image[..., 0] if image.shape[-1] == 1 else image
