"""The images: scikit-learn's digits, or a folder of your own. NumPy only; no framework here.

A split's rows have `images`, uint8 [n, height, width, channels], which the network gets as 0..1,
and `labels`, the class numbers, int64 [n].
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from . import scores
from .dataset import Dataset, golden_rows
from .digits import load_digits
from .errors import UserError
from .own_images import load_folder
from .signature import Batch, Signature, Tensor
from .task import DataSettings


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name; the same settings give the same arrays.

    Raises UserError when a folder is missing or has no images to learn from.
    """
    if not settings.source.strip():
        raise UserError("`source` is empty; set it to digits or to your folder of images")
    if settings.source == "digits":
        return load_digits(settings)
    advice = "look at macro_f1, and try --class-weights balanced"
    tell_classes = partial(scores.small_classes, rows="images")
    return load_folder(Path(settings.source).expanduser(), settings, advice, tell_classes)


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
