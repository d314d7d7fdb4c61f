"""Whether generated images are copies: beside each, the training image nearest to it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..sheet import to_bytes
from .elements import Figure, Table, Theme, Tile, bare, figure, short
from .pictures import grey_or_colour, picture

SHOWN = 10  # images with their nearest
PIECE = 64  # images that are compared at once


def nearest(images: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find for each image the nearest of others: its place, and the distance.

    The distance is the root of the mean squared difference of their pixels, which are 0 to 1.
    """
    flat = others.reshape(len(others), -1)
    squares = (flat**2).sum(1)
    places, distances = [], []
    for first in range(0, len(images), PIECE):
        part = images[first : first + PIECE].reshape(-1, flat.shape[1])
        apart = (part**2).sum(1)[:, None] + squares - 2 * part @ flat.T
        places.append(apart.argmin(1))
        distances.append(np.sqrt(np.maximum(apart.min(1), 0) / flat.shape[1]))
    return np.concatenate(places), np.concatenate(distances)


def nearest_figure(
    drawn: np.ndarray, labels: np.ndarray, train: np.ndarray, classes: Sequence[str]
) -> Figure:
    """Show the generated images that come nearest to training images, beside those."""
    places, distances = nearest(drawn, train)
    shown = np.argsort(distances, kind="stable")[:SHOWN]
    ours, theirs = to_bytes(drawn[shown]), to_bytes(train[places[shown]])

    def paint(canvas: Canvas, theme: Theme) -> None:
        cells = canvas.subplots(2, SHOWN, squeeze=False)
        for axes in cells.ravel():
            bare(axes)
        for row, images in zip(cells, (ours, theirs), strict=True):
            for axes, image in zip(row, images, strict=False):
                axes.imshow(grey_or_colour(image), cmap="gray", vmin=0, vmax=255)
        cells[0, 0].set_ylabel("generated", rotation=0, ha="right", va="center")
        cells[1, 0].set_ylabel("training", rotation=0, ha="right", va="center")

    tiles = tuple(
        Tile(
            picture(np.concatenate([image, gap(image), other], axis=1)),
            f"A generated image of {short(classes[labels[row]])} and the training image nearest",
            (f"asked: {short(classes[labels[row]])}", f"distance {distances[row]:.3f}"),
        )
        for row, image, other in zip(shown, ours, theirs, strict=True)
    )
    caption = (
        f"The {len(shown)} of {len(drawn)} generated images that come nearest to a training image "
        "(left: generated; right: from the training). An image and its copy would have distance 0."
    )
    alt = "; ".join(tile.alt for tile in tiles)
    return figure("nearest", "Nearest training images", caption, alt, paint, (7.2, 1.7), tiles)


def gap(image: np.ndarray) -> np.ndarray:
    """Make a narrow strip of white, as high as an image."""
    return np.full((image.shape[0], max(image.shape[1] // 8, 1), image.shape[2]), 255, np.uint8)


def copies_table(drawn: np.ndarray, test: np.ndarray, train: np.ndarray) -> Table:
    """Compare distances to the nearest training image: of generated and of real test images."""
    rows = []
    for name, images in (("generated images", drawn), ("real test images", test)):
        _, distances = nearest(images, train)
        least, low, middle = np.quantile(distances, [0, 0.05, 0.5])
        equal = int((distances < 1e-3).sum())
        rows.append((name, f"{least:.3f}", f"{low:.3f}", f"{middle:.3f}", str(equal)))
    note = (
        "A copy has distance 0. Generated images have fewer odd strokes than real ones, so that "
        "their median may be lower; smallest distances far below those of real images would be "
        "copies. Distances are the root of the mean squared difference of pixels from 0 to 1."
    )
    head = ("images", "smallest", "5 % are below", "median", "copies")
    return Table("Distance to the nearest training image", head, rows, note)
