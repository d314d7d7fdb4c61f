"""A folder of your own images as three splits, and what there is to say about it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from . import checks
from .cache import read_pictures
from .dataset import Dataset
from .errors import UserError
from .folders import Listing, find_pictures
from .pictures import Preparation, describe, printable, survey
from .preview import draw_batch
from .splits import PixelSplit, divide
from .task import DataSettings

BACKGROUNDS = {"white": 255, "black": 0}  # grey levels
SMALLEST, LARGEST_BY_ITSELF = 8, 64  # pixels of a side, where no size is set


def load_folder(
    folder: Path,
    settings: DataSettings,
    advice: str,
    tell_classes: Callable[[Sequence[str], np.ndarray], list[str]] = lambda *_: [],
) -> Dataset:
    """Load images from `folder/<class>/` or `folder/<split>/<class>/`; the notes tell of them.

    `advice` is for classes of few images; `tell_classes` says more of the classes' names and
    the images' labels, [n].

    Raises UserError when a layout is not understood, or a class has too few images.
    """
    listing = find_pictures(folder)
    how = choose_preparation(folder, listing, settings)
    chosen = not settings.image_size or settings.colour == "auto"
    pixels = read_pictures(folder, listing.files, how, Path(settings.cache).expanduser())
    whole = [i for i, entry in enumerate(pixels.entries) if not entry.error]
    entries, files = [pixels.entries[i] for i in whole], [listing.files[i] for i in whole]
    labels = np.array([listing.labels[i] for i in whole], np.int64)
    checks.check_counts(folder, listing, labels)
    parts = divide(labels, [listing.parts[i] for i in whole], files, settings)
    checks.check_parts(listing.classes, labels, parts)
    notes = [
        *checks.tell_size(listing, labels, parts, pixels.how, chosen),
        *checks.tell_left_out(listing, pixels.entries),
        *checks.tell_cut_off(entries),
        *checks.tell_parts(listing, labels, parts, advice),
        *tell_classes(listing.classes, labels),
        *checks.tell_duplicates(entries, labels, parts),
        *checks.tell_plain(entries),
        *checks.tell_deep(entries, pixels.how),
    ]
    rows = np.array([entry.row for entry in entries])
    hashes = np.array([entry.sha256 for entry in entries])
    shown = np.array([printable(entry.file) for entry in entries])
    train, validation, test = (
        PixelSplit(pixels.rows, rows[i], labels[i], hashes[i].tolist(), shown[i].tolist())
        for i in parts
    )
    return Dataset(
        name=printable(folder.resolve().name),
        licence="your own",
        train=train,
        validation=validation,
        test=test,
        facts=describe(listing.classes, labels[parts[0]], pixels.how),
        skipped=tuple(printable(entry.file) for entry in pixels.entries if entry.error),
        notes=tuple(notes),
        chosen={
            "image_size": pixels.how.width,
            "colour": "grey" if pixels.how.channels == 1 else "rgb",
            "white_level": float(pixels.how.white_level),
        },
        draw=partial(draw_batch, listing.classes),
    )


def choose_preparation(folder: Path, listing: Listing, settings: DataSettings) -> Preparation:
    """Say how images are prepared; size and colour are the images' own where they are not set."""
    size, channels = settings.image_size, {"grey": 1, "rgb": 3}.get(settings.colour, 0)
    if 0 < size < 4:
        raise UserError("--image-size must be at least 4, or 0 to choose it by the images")
    if not size or not channels:
        side, grey = survey([folder / file for file in listing.files])
        size = size or max(min(side, LARGEST_BY_ITSELF), SMALLEST)
        channels = channels or (1 if grey else 3)
    background = BACKGROUNDS[settings.background]
    return Preparation(size, size, channels, background, settings.white_level)
