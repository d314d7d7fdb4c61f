"""How fast a pretrained network learns: not at first, then slower the nearer it is to the input."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from .config import Config

T = TypeVar("T")

QUARTERS = 4  # groups of a backbone's layers, from the input on


def in_quarters(found: Sequence[T]) -> list[list[T]]:
    """Divide a backbone's parameters, in their order, into QUARTERS groups."""
    places = np.array_split(np.arange(len(found)), QUARTERS)
    return [[found[place] for place in group] for group in places]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return shares of the learning rate, float32 [steps, groups]; `epochs` are those done before.

    A network without a backbone is one group. With one, its quarters come first, the new layer
    last. Source of rates by layer: J. Howard and S. Ruder (2018), Universal Language Model
    Fine-tuning for Text Classification, arXiv:1801.06146.
    """
    if not settings.model.backbone:
        return np.ones((len(epochs), 1), np.float32)
    train = settings.train
    layers = train.layer_decay ** np.arange(QUARTERS - 1, -1, -1)
    learning = (epochs >= train.freeze_epochs)[:, None]
    backbone = np.where(learning, train.backbone_rate * layers, 0)
    return np.concatenate([backbone, np.ones((len(epochs), 1))], axis=1).astype(np.float32)


def class_weights(settings: Config, counts: Sequence[int]) -> list[float]:
    """Return how much an image of each class counts: one, or more the rarer its class is."""
    if settings.train.class_weights == "none":
        return [1.0] * len(counts)
    return [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
