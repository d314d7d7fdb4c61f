"""Generated images in a report, and what the judge sees in them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..sheet import to_bytes
from .elements import Figure, Table, Theme, bare, figure, short
from .formatting import percent
from .pictures import grey_or_colour

IN_A_ROW, MOST_ROWS = 12, 20  # images of a class, and classes


def samples_figure(drawn: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Show the first images of each class, a row for each."""
    shown = np.unique(labels)[:MOST_ROWS]
    pixels = to_bytes(drawn)

    def paint(canvas: Canvas, theme: Theme) -> None:
        cells = canvas.subplots(len(shown), IN_A_ROW, squeeze=False)
        for row, label in zip(cells, shown, strict=True):
            for axes in row:
                bare(axes)
            for axes, image in zip(row, pixels[labels == label], strict=False):
                axes.imshow(grey_or_colour(image), cmap="gray", vmin=0, vmax=255)
            row[0].set_ylabel(short(classes[label], 12), rotation=0, ha="right", va="center")

    caption = (
        f"The first {IN_A_ROW} generated images of each class, as they came."
        if len(classes) <= MOST_ROWS
        else f"The first {IN_A_ROW} generated images of {len(shown)} of {len(classes)} classes."
    )
    names = ", ".join(short(classes[label]) for label in shown)
    size = (7.2, 0.62 * len(shown) + 0.2)
    alt = f"Rows of generated images: {names}"
    return figure("samples", "Generated images", caption, alt, paint, size)


def classes_table(said: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Table:
    """Say for each class how often the judge sees it, and what it sees most often instead."""
    rows = []
    for number, name in enumerate(classes):
        seen = said[labels == number]
        if not len(seen):
            continue
        wrong = np.bincount(seen[seen != number], minlength=len(classes))
        instead = f"{short(classes[int(wrong.argmax())])} ({wrong.max()}×)" if wrong.any() else "–"
        hits = int((seen == number).sum())
        rows.append((short(name), f"{hits} of {len(seen)}", percent(hits / len(seen)), instead))
    head = ("class", "as asked for", "share", "most often instead")
    return Table("What the judge sees", head, rows)
