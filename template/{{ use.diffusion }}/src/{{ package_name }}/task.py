"""What image generation adds to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "diffusion"


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """Where the images come from, how they are prepared, and how new ones are drawn."""

    source: str = setting(
        "digits", "digits, or a folder with one of images per class, its address or .dvc file"
    )
    image_size: int = setting(
        0,
        "images are cropped and scaled to this square; 0: their own size, at most 64",
        0,
        1024,
        open=True,
    )
    colour: Literal["auto", "grey", "rgb"] = setting("auto", "one channel or three", open=True)
    background: Literal["white", "black"] = setting("white", "what transparent images lie on")
    white_level: float = setting(
        0.0,
        "what is white in images of more than 8 bits; 0: the level that holds them all",
        0,
        open=True,
    )
    group: str = setting("", "pattern of what in a path stays in one split, such as patient[0-9]+")
    validation_fraction: float = setting(0.1, "of the training images", 0, 0.5)
    test_fraction: float = setting(0.2, "of your own images; digits have a split", 0.01, 0.5)
    cache: str = setting(".cache/images", "folder for images that are ready to be learnt from")
    sampling_steps: int = setting(8, "steps from noise to an image", 1, 1000)
    guidance: float = setting(1.25, "how closely images follow their label; 1 is off", 1, 20)
    judged_images: int = setting(
        0, "images drawn for the metrics; 0: the larger they are, the fewer", 0, 50_000, open=True
    )


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    channels: int = setting(
        24, "at full size, in eights; smaller sizes have up to four times as many", 8, 512
    )


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, and those of this one."""

    epochs: int = setting(60, "times that every training sample is seen", 1)
    learning_rate: float = setting(0.002, "the peak of the schedule", 1e-8, 10)
    warm_up: float = setting(0.05, "share of the steps in which the learning rate rises", 0, 0.9)
    average_decay: float = setting(
        0.995,
        "of an exponential average of the weights, over a tenth of the steps at most; 0 is off",
        0,
        0.999999,
    )
    checkpoint_every: int = setting(240, "steps between two checkpoints, each with a validation", 1)
    label_dropout: float = setting(
        0.1, "share of the labels that are hidden, which guidance needs", 0, 0.9
    )
    flip: bool = setting(False, "mirror every second training image; not where sides matter")
