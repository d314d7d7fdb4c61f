"""What a backbone that never learns makes of the images: computed once, not in every epoch."""

import sys
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from .config import Config
from .dataset import ArraySplit, Split

ROWS = 32  # images that are computed at once


def can_be_kept(settings: Config) -> bool:
    """Say whether features are the same in every epoch: nothing below the last layer changes."""
    train, data = settings.train, settings.data
    always = train.backbone_rate == 0 or (train.freeze_epochs >= train.epochs and not train.steps)
    changes = data.augment or data.flip or data.crop or data.colour_jitter or data.mixup
    return bool(settings.model.backbone) and always and not changes


def compute(split: Split, function: Callable[[np.ndarray], np.ndarray]) -> Split:
    """Return the rows of a split with `features`, float32 [n, features], in place of images.

    `function` computes them of images as they are stored. They lie in memory: some thousand bytes
    for an image.
    """
    parts = []
    with tqdm(total=len(split), desc="features of the backbone", unit="") as bar:
        for first in range(0, len(split), ROWS):
            rows = split.rows(np.arange(first, min(first + ROWS, len(split))))
            parts.append({"features": function(rows["images"]), "labels": rows["labels"]})
            bar.update(len(rows["labels"]))
    print("the backbone stays frozen: only the last layer is computed now", file=sys.stderr)
    return ArraySplit({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
