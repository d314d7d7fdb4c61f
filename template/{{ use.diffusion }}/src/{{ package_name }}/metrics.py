"""How good the generated images are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import noise, sampler
from .config import Config
from .dataset import Dataset, Split
from .errors import UserError
from .held_out import HeldOut
from .judge import Judge
from .sheet import to_bytes
from .signature import Batch, Predict, as_numbers

Figures = dict[str, float]

SEED = 2**31  # of the noise for the metrics
REAL, NOISE = "real images", "noise"
REFERENCES = (REAL,)  # no model has to be better than those
FEWEST = 20  # images that are drawn, where there are as many
ALIKE = 0.6  # of the spread of real images: generated ones below it are too much alike
FAR = 0.2  # of the way from real images to noise


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Draw as many images as the split has of each class, and judge them beside its own.

    Returns judge_accuracy (0 to 1), frechet (0 is best) and spread (1 is that of real images), all
    explained in judge.py. UserError for a split without images.
    """
    if not len(split):
        raise UserError("there are no images to judge generated ones by")
    held = held_out(split)
    rows = some(split, max(int(facts["judged_images"] * held.share), FEWEST))
    drawn = draw_for(model, rows["labels"], facts)
    return measure(held.judge, drawn, as_numbers(rows["images"]), rows["labels"])


def held_out(split: Split) -> HeldOut:
    """Return a split that has a judge beside it; UserError where it has none."""
    if not isinstance(split, HeldOut):
        raise UserError("generated images are judged beside held-out ones only")
    return split


def some(split: Split, most: int) -> Batch:
    """Read rows of a split, evenly spread."""
    return split.rows(np.linspace(0, len(split) - 1, min(len(split), most)).astype(int))


def draw_for(model: Predict, labels: np.ndarray, facts: Mapping[str, Any]) -> np.ndarray:
    """Draw an image for each label, in the 256 steps that a PNG has; 0 to 1."""
    shape = tuple(facts["shape"])
    drawn = noise.normal(SEED, np.arange(len(labels)), int(np.prod(shape)))
    inputs = {"images": drawn.reshape(-1, *shape), "labels": labels.astype(np.int32)[:, None]}
    return as_numbers(to_bytes(sampler.draw(model, inputs, facts)))


def measure(judge: Judge, drawn: np.ndarray, real: np.ndarray, labels: np.ndarray) -> Figures:
    """Judge images of some labels beside as many real ones of the same labels."""
    return {
        "judge_accuracy": judge.accuracy(drawn, labels),
        "frechet": judge.frechet(drawn, real),
        "spread": spread(drawn, labels) / max(spread(real, labels), 1e-12),
    }


def spread(images: np.ndarray, labels: np.ndarray) -> float:
    """Return the standard deviation of pixels within a class, over all classes."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    squares = [
        ((flat[labels == label] - flat[labels == label].mean(0)) ** 2).sum()
        for label in np.unique(labels)
    ]
    return float(np.sqrt(sum(squares) / flat.size))


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "frechet", "min"


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is than the trained one: accuracy lost, 0 to 1."""
    return trained["judge_accuracy"] - found["judge_accuracy"]


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say what is to be said about results, beside what is said of every task's."""
    found = compare(test, baselines[REAL], baselines[NOISE], facts) if baselines else []
    if test["spread"] < ALIKE:
        found.append(
            f"images of a class are too much alike: their spread is {test['spread']:.0%} of that of"
            " real ones; try less --guidance, or more --epochs"
        )
    return found


def compare(
    test: Mapping[str, float],
    real: Mapping[str, float],
    blank: Mapping[str, float],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say so where generated images are nearer to noise than to real ones."""
    found = []
    if test["frechet"] - real["frechet"] > FAR * (blank["frechet"] - real["frechet"]):
        found.append(
            f"generated images are far from real ones: frechet is {test['frechet']:.3g}, and"
            f" {real['frechet']:.3g} for real images, {blank['frechet']:.3g} for noise;"
            " look at them, and try more --epochs"
        )
    seldom = (real["judge_accuracy"] + blank["judge_accuracy"]) / 2
    if test["judge_accuracy"] < seldom and len(facts["classes"]) > 1:
        found.append(
            f"the judge sees what was asked for in {test['judge_accuracy']:.0%} of the images, and"
            f" in {blank['judge_accuracy']:.0%} of noise; try more --epochs, or more --guidance"
        )
    return found


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Judge real images and noise: the best and the worst that can be expected.

    The judge's accuracy is that on real test images. Training images stand for generated ones.
    """
    judge, most = held_out(dataset.test).judge, dataset.facts["judged_images"]
    test, train = some(dataset.test, most), some(dataset.train, most)
    images, labels = as_numbers(test["images"]), test["labels"]
    others, their = as_numbers(train["images"]), train["labels"]
    real = {
        "judge_accuracy": judge.accuracy(images, labels),
        "frechet": judge.frechet(others, images),
        "spread": spread(others, their) / max(spread(images, labels), 1e-12),
    }
    values = noise.normal(SEED, np.arange(len(images)), images[0].size).reshape(images.shape)
    blank = as_numbers(to_bytes(np.clip((values + 1) / 2, 0, 1)))
    return {REAL: real, NOISE: measure(judge, blank, images, labels)}
