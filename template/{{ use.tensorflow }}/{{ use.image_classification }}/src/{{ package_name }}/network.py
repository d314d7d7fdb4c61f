"""A network that is made new: residual stages, as many as the images' size asks for."""

from collections.abc import Sequence

import keras
from keras import KerasTensor, layers, ops

from .stages import EPSILON, groups


def convolution(features: KerasTensor, channels: int, norm: str, stride: int = 1) -> KerasTensor:
    """Add a 3x3 convolution, normalisation and relu, which every runtime has."""
    features = layers.Conv2D(
        channels, 3, stride, "same", use_bias=False, kernel_initializer="he_normal"
    )(features)
    if norm == "batch":
        # Keras's own momentum of 0.99 needs more steps than a short training has.
        features = layers.BatchNormalization(momentum=0.9)(features)
    else:
        features = layers.GroupNormalization(groups(channels))(features)
    return layers.ReLU()(features)


def stage(features: KerasTensor, channels: int, norm: str) -> KerasTensor:
    """Halve the height and width, then add a convolution to what it was made from.

    Source of residual layers: K. He et al. (2016), Deep Residual Learning for Image Recognition,
    arXiv:1512.03385.
    """
    smaller = convolution(features, channels, norm, stride=2)
    return layers.Add()([smaller, convolution(smaller, channels, norm)])


def build(
    shape: Sequence[int],
    stride: int,
    widths: Sequence[int],
    classes: int,
    norm: str,
    standardise: bool,
) -> keras.Model:
    """Build a convolution, stages, the mean over the whole map, and one dense layer.

    The network maps images [n, height, width, channels] in 0..1 to logits [n, classes].
    """
    images = keras.Input(shape, name="images")
    pixels = Standardise()(images) if standardise else images
    features = convolution(pixels, widths[0], norm, stride)
    for channels in widths[1:]:
        features = stage(features, channels, norm)
    pooled = layers.GlobalAveragePooling2D()(features)
    # Logits stay in float32 when the rest computes in bfloat16.
    return keras.Model(images, layers.Dense(classes, dtype="float32", name="logits")(pooled))


class Standardise(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Take each channel's mean out of each image [n, height, width, channels], and the contrast."""

    def call(self, images: KerasTensor) -> KerasTensor:
        """Return images of the same shape."""
        centred = images - mean(images)
        variance = ops.mean(mean(ops.square(centred)), axis=3, keepdims=True)
        return centred * ops.rsqrt(variance + EPSILON)


def mean(images: KerasTensor) -> KerasTensor:
    """Return the mean of each channel, [n, 1, 1, channels].

    First along rows, then along columns: some runtimes add one number after the other, and a sum
    of thousands loses digits that dividing by a small contrast would show.
    """
    return ops.mean(ops.mean(images, axis=2, keepdims=True), axis=1, keepdims=True)
