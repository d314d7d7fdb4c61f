"""Which images train, validate and test: as the folders say, or by chance, class by class."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .cache import Rows
from .errors import UserError
from .signature import Batch
from .storage import sha256_json
from .task import DataSettings

SEED = 0  # the split belongs to the data: another training seed must not move it
PARTS = ("train", "validation", "test")

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]
"""places of the images that train, validate and test, each int64 [n] and ascending"""


@dataclass(frozen=True)
class PixelSplit:
    """A split whose images lie in the cache, one after the other."""

    pixels: Rows
    """all rows of the cache"""
    places: np.ndarray
    """the row of each image of this split, int64 [n]"""
    labels: np.ndarray
    hashes: list[str]
    """of the pixels of each image"""
    files: list[str] = field(default_factory=list)
    """where each image was read from, for people"""
    on_disk: bool = True

    def __len__(self) -> int:
        return len(self.places)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows together."""
        return len(self.places) * self.pixels.row_bytes + self.labels.nbytes

    def rows(self, indices: np.ndarray) -> Batch:
        """Return images and labels of some rows."""
        return {"images": self.pixels.read(self.places[indices]), "labels": self.labels[indices]}

    def fingerprint(self) -> str:
        """Hash the images, by the hashes of each, and the labels."""
        return sha256_json([self.hashes, self.labels.tolist()])


def divide(
    labels: np.ndarray, given: Sequence[str], files: Sequence[str], settings: DataSettings
) -> Parts:
    """Divide images into three parts, each of which has every class.

    `given` has the part of each image, or empty texts; a validation or test part that is not given
    is held back from the training images. Images of one group stay together.
    """
    groups = group_numbers(files, settings.group) if settings.group else np.arange(len(labels))
    parts = {part: np.flatnonzero(np.array(given) == part) for part in PARTS}
    rest = parts["train"] if len(parts["train"]) else np.arange(len(labels))
    shares = {"test": settings.test_fraction, "validation": settings.validation_fraction}
    for part, share in shares.items():
        if not len(parts[part]):
            kept, held = hold_back(labels[rest], groups[rest], share)
            rest, parts[part] = rest[kept], rest[held]
    return rest, parts["validation"], parts["test"]


def hold_back(
    labels: np.ndarray, groups: np.ndarray, fraction: float
) -> tuple[np.ndarray, np.ndarray]:
    """Divide places in two, class by class: the larger part, and `fraction` of the groups.

    A group counts to the class that most of its images have.
    """
    names, places = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), int(labels.max()) + 1), np.int64)
    np.add.at(counts, (places, labels), 1)
    owners = counts.argmax(1)
    rng = np.random.default_rng(SEED)
    held = np.zeros(len(names), bool)
    for number in np.unique(owners):
        members = rng.permutation(np.flatnonzero(owners == number))
        held[members[: max(round(len(members) * fraction), 1) if fraction else 0]] = True
    return np.flatnonzero(~held[places]), np.flatnonzero(held[places])


def group_numbers(files: Sequence[str], pattern: str) -> np.ndarray:
    """Number the groups of files: what the pattern, or its first bracket, finds in their paths.

    A file in which it finds nothing is a group by itself. Raises UserError for a pattern that is
    none, or that finds nothing in any file.
    """
    try:
        searched = [re.search(pattern, file) for file in files]
    except re.error as error:
        raise UserError(f"--group {pattern!r} is no regular expression: {error}") from error
    found = [match[1 if match.re.groups else 0] if match else None for match in searched]
    if not any(found):
        raise UserError(f"--group {pattern!r} finds nothing in paths such as {files[0]}")
    names = [
        ("group", name) if name else ("file", file) for name, file in zip(found, files, strict=True)
    ]
    return np.unique([" ".join(name) for name in names], return_inverse=True)[1]
