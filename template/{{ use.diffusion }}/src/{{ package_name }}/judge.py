"""The judge of generated images, made on the spot from the real training images.

It has two parts, both for images of at most 16x16 pixels:

- a support vector machine says which class an image shows: `judge_accuracy` is how often that is
  the class that was asked for
- 32 numbers tell images apart: the main directions, among the training images, of 256 random
  combinations of pixels, each cut off below 0. `frechet` is the distance between two sets of
  images in these numbers, as if both were normally distributed. Nothing is learned for them, so
  training and test images are the same to them

Neither is a standard: figures can be compared between models of the same data only. So real
images are judged in the same way and shown beside.
"""

import functools
from typing import Any

import numpy as np

from .dataset import Split
from .signature import as_numbers

SIDE = 16  # pixels that the judge looks at, at most
MOST = 4000  # training images that it is made from
COMBINATIONS, DIRECTIONS = 256, 32
STEEP = 1.5  # size of the combinations, beside their offsets of size 1
LEAST = 0.1  # deviation of a pixel, so that one that hardly changes does not count for much
SEED = 0


class Judge:
    """What generated images are judged by; it is made when it is asked for the first time."""

    def __init__(self, train: Split, classes: int) -> None:
        self.train = train
        self.classes = classes

    @functools.cached_property
    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """Real training images, evenly spread over the split, and their labels."""
        count = min(len(self.train), MOST)
        rows = self.train.rows(np.linspace(0, len(self.train) - 1, count).astype(int))
        return as_numbers(rows["images"]), rows["labels"]

    @functools.cached_property
    def machine(self) -> Any:
        """The support vector machine."""
        from sklearn.svm import SVC  # it takes a second to import

        images, labels = self.examples
        return SVC(C=10).fit(shrink(images), labels)

    @functools.cached_property
    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and main directions of the training images' combinations: [256] and [256, 32]."""
        found = self.combinations(self.examples[0])
        mean = found.mean(0)
        _, _, rows = np.linalg.svd(found - mean, full_matrices=False)
        return mean, rows[:DIRECTIONS].T

    @functools.cached_property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the training images' pixels."""
        pixels = shrink(self.examples[0]).astype(np.float64)
        return pixels.mean(0), pixels.std(0) + LEAST

    def combinations(self, images: np.ndarray) -> np.ndarray:
        """Combine pixels at random, and cut off what is below 0: float64 [n, 256]."""
        mean, deviation = self.scale
        pixels = (shrink(images) - mean) / deviation
        rng = np.random.default_rng(SEED)
        weights = rng.normal(0, STEEP, (pixels.shape[1], COMBINATIONS)) / pixels.shape[1] ** 0.5
        found: np.ndarray = np.maximum(pixels @ weights + rng.normal(size=COMBINATIONS), 0)
        return found

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Say how often the judge sees the class that was asked for, 0 to 1."""
        return float((self.said(images) == labels).mean())

    def said(self, images: np.ndarray) -> np.ndarray:
        """Say which class each image shows, int64 [n]."""
        found: np.ndarray = self.machine.predict(shrink(images))
        return found

    def features(self, images: np.ndarray) -> np.ndarray:
        """Compute the numbers that tell images apart: float64 [n, 32]."""
        mean, directions = self.directions
        numbers: np.ndarray = (self.combinations(images) - mean) @ directions
        return numbers

    def frechet(self, images: np.ndarray, others: np.ndarray) -> float:
        """Measure how far two sets of images are apart; 0 is the same mean and spread."""
        return distance(self.features(images), self.features(others))


def shrink(images: np.ndarray) -> np.ndarray:
    """Average blocks of pixels, so that SIDE are left: [n, h, w, c] to [n, values]."""
    height, width = images.shape[1:3]
    rows, columns = (
        np.linspace(0, size, min(size, SIDE) + 1).astype(int) for size in (height, width)
    )
    sums = np.add.reduceat(np.add.reduceat(images, rows[:-1], 1), columns[:-1], 2)
    counts = np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]
    return (sums / counts.astype(np.float32)).reshape(len(images), -1)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of numbers, [n, features] each.

    It is that of normal distributions with the sets' means and covariances. Source: M. Heusel et
    al. (2017), GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium,
    arXiv:1706.08500.
    """
    apart = float(((first.mean(0) - second.mean(0)) ** 2).sum())
    one, other = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (first, second))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0)).sum()
    return max(apart + float(np.trace(one) + np.trace(other) - 2 * shared), 0.0)
