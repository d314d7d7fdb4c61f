"""The plan of a network that is made new: how deep and how wide, from the size of the images."""

import math
from collections.abc import Sequence
from typing import Any

from .config import Config

SMALLEST_MAP = 4  # pixels; stages halve the image until it is no larger
LARGEST_SHARP = 32  # pixels; the first convolution of larger images leaves out every second one
WIDEST = 4  # times the channels of the first stage

EPSILON = 1e-2  # added to the variance of an image: those of one colour have none


def widths(shape: Sequence[int], channels: int) -> tuple[int, list[int]]:
    """Return the stride of the first convolution and the channels of it and of each stage.

    8 pixels have one stage, 96 have four behind a convolution of stride 2.
    """
    smaller = min(shape[:2])
    halvings = max(math.ceil(math.log2(smaller / SMALLEST_MAP)), 1)
    stride = 2 if smaller > LARGEST_SHARP else 1
    first = max(channels // stride, 1)
    stages = halvings - (stride - 1)
    return stride, [first, *(min(first * 2**n, channels * WIDEST) for n in range(1, stages + 1))]


def groups(channels: int) -> int:
    """Return into how many groups channels are put that are normalised together: at most 8.

    Source: Y. Wu and K. He (2018), Group Normalization, arXiv:1803.08494.
    """
    return math.gcd(channels, 8)


def standardised(settings: Config, facts: dict[str, Any]) -> bool:
    """Say whether the network takes out each image's mean colour and contrast."""
    wanted = settings.model.standardise
    return facts["shape"][-1] == 3 if wanted == "auto" else wanted == "on"
