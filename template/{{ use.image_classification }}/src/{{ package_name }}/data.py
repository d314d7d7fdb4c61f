"""The images: scikit-learn's digits, or a folder of your own. NumPy only; no framework here.

A split's rows have `images`, uint8 [n, height, width, channels], which the network gets as 0..1,
and `labels`, the class numbers, int64 [n].
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import checks
from .cache import read_pictures
from .dataset import ArraySplit, Dataset, golden_rows
from .errors import UserError
from .folders import Listing, find_pictures
from .pictures import Preparation, printable, survey
from .preview import draw_batch
from .signature import Batch, Signature, Tensor
from .splits import PixelSplit, divide
from .task import DataSettings

BACKGROUNDS = {"white": 255, "black": 0}  # grey levels
SMALLEST, LARGEST_BY_ITSELF = 8, 64  # pixels of a side, where no size is set


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name; the same settings give the same arrays.

    Raises UserError when a folder is missing or has no images to learn from.
    """
    if not settings.source.strip():
        raise UserError("`source` is empty; set it to digits or to your folder of images")
    if settings.source == "digits":
        return load_digits(settings)
    return load_folder(Path(settings.source).expanduser(), settings)


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of these images takes and gives."""
    classes = tuple(facts["classes"])
    images = Tensor("images", "float32", tuple(facts["shape"]), "image", low=0, high=1)
    probabilities = Tensor(
        "probabilities", "float32", (len(classes),), "classes", classes, low=0, high=1
    )
    return Signature((images,), (probabilities,))


def golden(dataset: Dataset) -> Batch:
    """Choose the images on which exported models are compared with the trained one."""
    return golden_rows(dataset.test, signature(dataset.facts))


def load_digits(settings: DataSettings) -> Dataset:
    """Load 1,797 handwritten digits of 8x8 pixels: the first half trains, the second half tests.

    Source: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, doi:10.24432/C50P49. The split is that of scikit-learn's own example.
    """
    # scikit-learn takes a second to import; a folder of your own does without it.
    from sklearn.datasets import load_digits as sklearn_digits

    if settings.image_size not in (0, 8) or settings.colour == "rgb":
        raise UserError('the digits are 8x8 and grey: set image_size = 8 and colour = "grey"')
    bunch = sklearn_digits()
    images = np.round(bunch.images[..., None] * (255 / 16)).astype(np.uint8)  # ink is 0 to 16
    labels = bunch.target.astype(np.int64)
    half = len(labels) // 2
    given = ["train"] * half + ["test"] * (len(labels) - half)
    parts = divide(labels, given, [], replace(settings, group=""))
    train, validation, test = (
        ArraySplit({"images": images[i], "labels": labels[i]}) for i in parts
    )
    names = [str(name) for name in bunch.target_names]
    return Dataset(
        name="Optical Recognition of Handwritten Digits (scikit-learn)",
        licence="CC BY 4.0",
        train=train,
        validation=validation,
        test=test,
        facts=describe(names, labels[parts[0]], Preparation(8, 8, 1)),
        draw=partial(draw_batch, names),
    )


def load_folder(folder: Path, settings: DataSettings) -> Dataset:
    """Load images from `folder/<class>/` or `folder/<split>/<class>/`; the notes tell of them.

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
        *checks.tell_parts(listing, labels, parts),
        *checks.tell_duplicates(entries, labels, parts),
        *checks.tell_plain(entries),
        *checks.tell_deep(entries, pixels.how),
    ]
    rows = np.array([entry.row for entry in entries])
    hashes = np.array([entry.sha256 for entry in entries])
    train, validation, test = (
        PixelSplit(pixels.rows, rows[i], labels[i], hashes[i].tolist()) for i in parts
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


def describe(classes: Sequence[str], labels: np.ndarray, how: Preparation) -> dict[str, Any]:
    """Return the facts: all that a network, and whoever prepares images for it, needs to know."""
    return {
        "classes": list(classes),
        "shape": [how.height, how.width, how.channels],
        "counts": np.bincount(labels, minlength=len(classes)).tolist(),
        "background": how.background,
        "white_level": how.white_level,
    }
