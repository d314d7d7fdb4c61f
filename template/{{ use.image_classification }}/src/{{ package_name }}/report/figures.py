"""The pictures in a report on image classification: the worst mistakes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..dataset import Split
from .classes import Answers
from .elements import Figure, Theme, Tile, bare, figure, short
from .formatting import percent
from .pictures import grey_or_colour, picture

MOST_MISTAKES = 12


def mistakes_figure(answers: Answers, split: Split, classes: Sequence[str]) -> Figure:
    """Show the worst mistakes: images whose true class got the lowest probability.

    Where there are no mistakes, show the right answers that came closest to one.
    """
    n, wrong = len(answers.labels), np.flatnonzero(answers.said != answers.labels)
    pool = wrong if len(wrong) else np.arange(n)
    # A stable sort, so that equal probabilities come in the order of the data.
    shown = pool[np.argsort(answers.true[pool], kind="stable")][:MOST_MISTAKES]
    images = split.rows(shown)["images"]
    files: Sequence[str] = getattr(split, "files", ())  # of images that were read from files
    tiles = [
        tile(int(i), image, answers, classes, files[i] if files else "")
        for i, image in zip(shown, images, strict=True)
    ]
    title, some = "Worst mistakes", f"the {len(shown)} whose true class got the lowest probability"
    all_of_them = "It is shown" if len(wrong) == 1 else "Shown are all of them, worst first,"
    caption = (
        f"{len(wrong):,} of {n:,} test images got a wrong answer. "
        f"{f'Shown are {some}, worst first,' if len(shown) < len(wrong) else all_of_them} with "
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
            axes.imshow(grey_or_colour(image), cmap="gray", vmin=0, vmax=255)
            words = [short(line, 18) for line in told.lines]
            axes.set_title("\n".join(words), fontsize=8, color=theme.ink)

    alt = "; ".join(", ".join(told.lines) for told in tiles)
    return figure("mistakes", title, caption, alt, paint, (5.6, 1.9 * rows), tuple(tiles))


def tile(i: int, image: np.ndarray, answers: Answers, classes: Sequence[str], file: str) -> Tile:
    """Put the i-th image beside what is true, what was answered, and its file if it has one."""
    true, said = classes[answers.labels[i]], classes[answers.said[i]]
    lines = [f"true: {true}", f"answer: {said}", f"with {percent(answers.stated[i])}"]
    lines += [file] if file else []
    return Tile(picture(image), f"{file or f'Test image {i}'}: {true}", tuple(lines))
