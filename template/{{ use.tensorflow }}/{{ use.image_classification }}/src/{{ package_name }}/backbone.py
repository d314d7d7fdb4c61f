"""A pretrained network with a new last layer, of https://keras.io/api/applications."""

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from . import features
from .dataset import Split
from .errors import UserError
from .fine_tuning import in_quarters
from .task import ModelSettings

BACKBONE, HEAD = "backbone", "logits"  # names of the layers


def build(settings: ModelSettings, shape: Sequence[int], classes: int) -> keras.Model:
    """Build the network with new weights; UserError when Keras has none of its name or size.

    It maps images [n, height, width, channels] in 0..1 to logits [n, classes].
    """
    images = keras.Input(shape, name="images")
    pixels = layers.Rescaling(255.0)(images)  # what keras.applications reads
    if shape[-1] == 1:  # grey: it has learnt from three channels
        pixels = layers.Concatenate()([pixels] * 3)
    backbone = make(settings, shape)
    pixels = preprocessing(settings.backbone)(pixels)
    logits = layers.Dense(classes, dtype="float32", name=HEAD)(backbone(pixels))
    return keras.Model(images, logits)


def make(settings: ModelSettings, shape: Sequence[int], weights: str | None = None) -> keras.Model:
    """Make the backbone up to its pooled features; UserError where Keras refuses."""
    size = (*shape[:2], 3)
    try:
        network: keras.Model = function(settings.backbone)(
            include_top=False, weights=weights, input_shape=size, pooling="avg", name=BACKBONE
        )
    except Exception as error:  # of Keras, of the download and of h5py: no narrower base
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        told = "; name a file with `backbone_weights`" if weights else ""
        raise UserError(f"{settings.backbone} cannot be made: {reason}{told}") from error
    return network


def function(name: str) -> Any:
    """Return the function of keras.applications that makes a network; UserError where none is."""
    known = [each for each in dir(keras.applications) if each[0].isupper()]
    if name not in known:
        near = ", ".join(difflib.get_close_matches(name, known, cutoff=0.3)) or ", ".join(known)
        raise UserError(f"keras.applications has no network {name!r}; it has {near}")
    return getattr(keras.applications, name)


def preprocessing(name: str) -> Any:
    """Return the function that turns pixels 0..255 into what a network has learnt from."""
    module = function(name).__module__.rsplit(".", 1)[-1]
    return getattr(keras.applications, module).preprocess_input


def initialize(network: keras.Model, settings: ModelSettings) -> None:
    """Fill in the pretrained weights, all but the last layer's; UserError when they do not load."""
    backbone = network.get_layer(BACKBONE)
    if not settings.backbone_weights:
        backbone.set_weights(make(settings, network.input_shape[1:], "imagenet").get_weights())
    else:
        file = Path(settings.backbone_weights).expanduser()
        if not file.is_file():
            raise UserError(f"there is no file {file}; `backbone_weights` names one")
        try:
            backbone.load_weights(file)
        except Exception as error:  # of Keras, h5py and zipfile: no narrower base
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise UserError(f"{file} has no weights of {settings.backbone}: {reason}") from error
    print(f"starts from {starts_from(settings)}", file=sys.stderr)


def starts_from(settings: ModelSettings) -> str:
    """Say which weights a network begins with; Keras keeps no licences with them."""
    if settings.backbone_weights:
        file = Path(settings.backbone_weights).name
        return f"{settings.backbone}, weights from the file {file}, licence unknown"
    about = "ImageNet, from keras.applications; https://keras.io/api/applications has their licence"
    return f"{settings.backbone}, weights from {about}"


def precompute(network: keras.Model, split: Split) -> Split:
    """Compute the features of a split, what the last layer gets."""
    layers_below = keras.Model(network.input, network.get_layer(HEAD).input)

    def function(images: np.ndarray) -> np.ndarray:
        found: np.ndarray = layers_below(images.astype(np.float32) / 255, training=False).numpy()
        return found

    return features.compute(split, function)


def head(network: keras.Model) -> keras.Layer:
    """Return the last layer: features to logits."""
    return network.get_layer(HEAD)


def is_in(network: keras.Model) -> bool:
    """Whether a network has a backbone."""
    return any(layer.name == BACKBONE for layer in network.layers)


def groups(network: keras.Model) -> list[list[keras.Variable]]:
    """Return the variables: the quarters of the backbone from its input on, the new layer."""
    head = network.get_layer(HEAD).trainable_variables
    return [*in_quarters(network.get_layer(BACKBONE).trainable_variables), head]
