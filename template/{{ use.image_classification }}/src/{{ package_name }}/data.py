"""The images: scikit-learn's digits, or a folder of your own. NumPy only; no framework here.

A split's rows have `images`, uint8 [n, height, width, channels], and `labels`, the class numbers,
int64 [n]. A model takes images as float32 in 0..1.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from .dataset import ArraySplit, Dataset, golden_rows
from .errors import UserError
from .signature import Batch, Signature, Tensor
from .task import DataSettings

FORMATS = (".png", ".jpg", ".jpeg")
SPLIT_SEED = 0  # the split belongs to the data: another training seed must not move it


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name; the same settings give the same arrays.

    Raises UserError when a folder is missing or has no images to learn from.
    """
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

    if settings.image_size != 8 or settings.colour != "grey":
        raise UserError('the digits are 8x8 and grey: set image_size = 8 and colour = "grey"')
    bunch = sklearn_digits()
    images = np.round(bunch.images[..., None] * 255 / 16).astype(np.uint8)  # ink: 0 to 16
    labels = bunch.target.astype(np.int64)
    half = len(labels) // 2
    rest, validation = hold_back(labels[:half], settings.validation_fraction)
    return make_dataset(
        "Optical Recognition of Handwritten Digits (scikit-learn)",
        "CC BY 4.0",
        [str(name) for name in bunch.target_names],
        images,
        labels,
        (rest, validation, np.arange(half, len(labels))),
    )


def load_folder(folder: Path, settings: DataSettings) -> Dataset:
    """Load PNG and JPEG images from `folder/<class>/`; the classes are the subfolders' names.

    A broken image is named on stderr and skipped.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; set `source` to digits or to your images")
    classes = sorted(path.name for path in folder.glob("[!.]*") if path.is_dir())
    shape = (settings.image_size, settings.image_size, 1 if settings.colour == "grey" else 3)
    images: list[np.ndarray] = []
    labels: list[int] = []
    skipped: list[str] = []
    ignored: set[str] = set()
    for number, name in enumerate(classes):
        for file in sorted(file for file in (folder / name).rglob("*") if file.is_file()):
            if file.suffix.lower() not in FORMATS:
                ignored.add(file.suffix)
                continue
            try:
                images.append(read_image(file, shape))
                labels.append(number)
            except UserError as error:
                print(f"skipped: {error}", file=sys.stderr)
                skipped.append(file.relative_to(folder).as_posix())
    if skipped:
        print(f"skipped {len(skipped)} of {len(skipped) + len(images)} images", file=sys.stderr)
    if ignored:
        print(f"ignored files of other formats: {', '.join(sorted(ignored))}", file=sys.stderr)
    targets = np.array(labels, dtype=np.int64)
    counts = np.bincount(targets, minlength=len(classes))
    if not images:
        raise UserError(f"{folder} has no PNG or JPEG images in subfolders, one per class")
    if len(classes) < 2:
        raise UserError(f"{folder} has one class only, {classes[0]}; make a subfolder per class")
    if counts.min() < 3:
        few = classes[int(counts.argmin())]
        raise UserError(f"{folder / few} has {counts.min()} readable images; each class needs 3")
    return split_folder(folder.name, classes, np.stack(images), targets, skipped, settings)


def split_folder(
    name: str,
    classes: Sequence[str],
    images: np.ndarray,
    labels: np.ndarray,
    skipped: Sequence[str],
    settings: DataSettings,
) -> Dataset:
    """Divide images into three splits with every class in each."""
    rest, test = hold_back(labels, settings.test_fraction)
    train, validation = hold_back(labels[rest], settings.validation_fraction)
    train, validation = rest[train], rest[validation]
    size = f"{settings.image_size}x{settings.image_size} {settings.colour}"
    parts = f"{len(train)} train, {len(validation)} validate, {len(test)} test"
    print(f"{len(images)} images as {size}, {len(classes)} classes: {parts}", file=sys.stderr)
    places = (train, validation, test)
    return make_dataset(name, "your own", classes, images, labels, places, skipped)


def make_dataset(
    name: str,
    licence: str,
    classes: Sequence[str],
    images: np.ndarray,
    labels: np.ndarray,
    places: tuple[np.ndarray, np.ndarray, np.ndarray],
    skipped: Sequence[str] = (),
) -> Dataset:
    """Put the rows at `places` into the splits for training, validation and test."""
    train, validation, test = (
        ArraySplit({"images": images[i], "labels": labels[i]}) for i in places
    )
    counts = np.bincount(labels[places[0]], minlength=len(classes))
    facts = {"classes": list(classes), "shape": list(images.shape[1:]), "counts": counts.tolist()}
    return Dataset(name, licence, train, validation, test, facts, tuple(skipped))


def hold_back(labels: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Divide indices in two, class by class: the larger part, and `fraction` held back."""
    rng = np.random.default_rng(SPLIT_SEED)
    held: list[np.ndarray] = []
    for number in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == number))
        count = max(round(len(members) * fraction), 1) if fraction else 0
        held.append(members[:count])
    back = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(labels)), back), back


def read_image(file: Path | IO[bytes], shape: Sequence[int], most_pixels: int = 0) -> np.ndarray:
    """Read one image as uint8 [height, width, channels].

    Raises UserError when the file is missing, is no image, or has more than `most_pixels`.
    """
    from PIL import Image, ImageOps

    height, width, channels = shape
    name = file if isinstance(file, Path) else "the body"
    if isinstance(file, Path) and not file.is_file():
        raise UserError(f"there is no file {file}")
    try:
        with Image.open(file) as opened:
            if most_pixels and opened.width * opened.height > most_pixels:
                raise UserError(f"{name} has more than {most_pixels} pixels")
            # Phones store how they were held.
            upright: Image.Image = ImageOps.exif_transpose(opened)
            if upright.mode.startswith("I"):  # 16 bits, which `convert` would cut off, not scale
                upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            image = upright.convert("L" if channels == 1 else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = str(error) if isinstance(file, Path) else "its format is unknown or damaged"
        raise UserError(f"{name} is not an image that can be read: {reason}") from error
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(fitted, np.uint8).reshape(height, width, channels)
