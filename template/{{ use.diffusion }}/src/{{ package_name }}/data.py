"""The images: scikit-learn's digits, or a folder of your own. NumPy only; no framework here.

A split's rows have `images`, uint8 [n, height, width, channels], and `labels`, the class numbers,
int64 [n]. Those for validation and test have a judge of generated images beside them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import noise
from .dataset import Dataset
from .digits import load_digits
from .errors import UserError
from .held_out import HeldOut
from .judge import Judge
from .own_images import load_folder
from .sampler import TO_NUMBERS
from .signature import Batch, Signature, Tensor, as_numbers
from .task import DataSettings

GOLDEN_ROWS = 32
GOLDEN_SEED = 0
VALIDATED = 1 / 16  # of the images that are drawn for the metrics, in a validation


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name; the same settings give the same arrays.

    Raises UserError when a folder is missing or has no images to learn from.
    """
    if not settings.source.strip():
        raise UserError("`source` is empty; set it to digits or to your folder of images")
    if settings.source == "digits":
        loaded = load_digits(settings)
    else:
        advice = "their images will be poorer, and more like the few that there are"
        loaded = load_folder(Path(settings.source).expanduser(), settings, advice)
    drawing = {
        "sampling_steps": settings.sampling_steps,
        "guidance": settings.guidance,
        "judged_images": settings.judged_images or affordable(loaded.facts["shape"]),
    }
    judge = Judge(loaded.train, len(loaded.facts["classes"]))
    return dataclasses.replace(
        loaded,
        validation=HeldOut(loaded.validation, judge, VALIDATED),
        test=HeldOut(loaded.test, judge),
        facts=loaded.facts | drawing,
        chosen=loaded.chosen | {"judged_images": drawing["judged_images"]},
    )


def affordable(shape: Sequence[int]) -> int:
    """Choose how many images are drawn for the metrics: what that takes grows with their size."""
    most, fewest, full = 500, 50, 16 * 16  # images, and pixels up to which there are the most
    return max(min(most, most * full // (shape[0] * shape[1])), fewest)


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of these images takes and gives: noisy images in, velocities out.

    A label is a class's number, or the number after the last one: no label.
    """
    shape, classes = tuple(facts["shape"]), len(facts["classes"])
    images = Tensor("images", "float32", shape, "image")
    times = Tensor("times", "float32", (1,), "numbers", low=0, high=1)
    labels = Tensor("labels", "int32", (1,), "categories", low=0, high=classes)
    return Signature((images, times, labels), (Tensor("velocities", "float32", shape, "values"),))


def golden(dataset: Dataset) -> Batch:
    """Make inputs on which exported models are compared with the trained one.

    They are images of the test split on their way from noise, at evenly spread times.
    """
    count = min(GOLDEN_ROWS, len(dataset.test))
    rows = dataset.test.rows(np.linspace(0, len(dataset.test) - 1, count).astype(int))
    images = as_numbers(rows["images"]) * np.float32(TO_NUMBERS) - 1
    drawn = noise.normal(GOLDEN_SEED, np.arange(count), images[0].size).reshape(images.shape)
    times = np.linspace(0, 1, count, dtype=np.float32)
    shares = times[:, None, None, None]
    labels = rows["labels"].astype(np.int32)
    labels[::4] = len(dataset.facts["classes"])  # every fourth without a label
    points = shares * images + (1 - shares) * drawn
    return {"images": points, "times": times[:, None], "labels": labels[:, None]}
