"""What image classification adds to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "image_classification"


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """Where the images come from and how they are prepared."""

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
    augment: bool = setting(True, "rotate, scale and shift the training images a little")
    flip: bool = setting(False, "mirror every second training image; not where sides matter")
    crop: float = setting(0.0, "zoom in at random; 0.4 shows 60 to 100 % of each side", 0, 0.9)
    colour_jitter: float = setting(
        0.0, "change brightness, contrast and colours by up to this share", 0, 1
    )
    mixup: float = setting(
        0.0, "largest share of another image mixed in; 0.5 is mixup with alpha 1", 0, 0.5
    )


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    channels: int = setting(
        24, "of the first stage; later ones have up to four times as many", 1, 512
    )
    norm: Literal["batch", "group"] = setting(
        "batch", "batch: statistics of a process's rows; group: of each image"
    )
    standardise: Literal["auto", "on", "off"] = setting(
        "auto", "take out each image's own mean colour and contrast; auto: where it is rgb"
    )
    backbone: str = setting("", "name of a pretrained network to start from; new when empty")
    backbone_weights: str = setting("", "file of its weights; they are downloaded when empty")


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, and those of this one."""

    label_smoothing: float = setting(0.05, "share of a label spread over all classes", 0, 0.9)
    class_weights: Literal["none", "balanced"] = setting(
        "none", "balanced: rare classes count as much as frequent ones"
    )
    freeze_epochs: int = setting(5, "in which a backbone stays as it is, before it learns, too", 0)
    backbone_rate: float = setting(0.05, "its share of the learning rate afterwards", 0, 1)
    layer_decay: float = setting(
        0.6, "the share from each quarter of a backbone to the one before it", 0.01, 1
    )
