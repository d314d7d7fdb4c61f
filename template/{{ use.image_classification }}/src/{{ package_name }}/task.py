"""What image classification adds to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "image_classification"


@dataclass(frozen=True)
class DataSettings:
    """Where the images come from and how they are prepared."""

    source: str = setting("digits", "digits, or your folder with one subfolder of images per class")
    image_size: int = setting(
        0, "images are cropped and scaled to this square; 0: their own size, at most 64", 0, 1024
    )
    colour: Literal["auto", "grey", "rgb"] = setting("auto", "one channel or three")
    background: Literal["white", "black"] = setting("white", "what transparent images lie on")
    white_level: float = setting(
        0.0, "what is white in images of more than 8 bits; 0: the level that holds them all", 0
    )
    group: str = setting("", "pattern of what in a path stays in one split, such as patient[0-9]+")
    validation_fraction: float = setting(0.1, "of the training images", 0, 0.5)
    test_fraction: float = setting(0.2, "of your own images; digits have a split", 0.01, 0.5)
    cache: str = setting(".cache/images", "folder for images that are ready to be learnt from")
    augment: bool = setting(True, "rotate, scale and shift the training images a little")


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    channels: int = setting(32, "of the first convolution; the second has twice as many", 1, 1024)


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, and those of this one."""

    label_smoothing: float = setting(0.05, "share of a label spread over all classes", 0, 0.9)
