"""Training images that differ a little each time that they are seen."""

import math

import tensorflow as tf

from .chance import Chance
from .task import DataSettings

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


def augment(images: tf.Tensor, settings: DataSettings, chance: Chance) -> tf.Tensor:
    """Change images [n, height, width, channels] in 0..1 at random, as the settings say."""
    if settings.augment or settings.flip or settings.crop:
        images = moved(images, settings, chance)
    if settings.colour_jitter:
        images = coloured(images, settings.colour_jitter, chance)
    return images


def moved(images: tf.Tensor, settings: DataSettings, chance: Chance) -> tf.Tensor:
    """Rotate, scale, shift, mirror and zoom in one step, so that pixels are mixed once only."""
    height, width = images.shape[1], images.shape[2]
    zero = tf.zeros(tf.shape(images)[:1])
    angle, right, down, scale, mirror = zero, zero, zero, zero + 1, zero + 1
    # Shifts are shares of the image.
    if settings.augment:
        draws = tf.transpose(chance.uniform(4, low=-1, high=1))
        angle, scale = draws[0] * ROTATION, 1 + draws[1] * SCALE
        right, down = draws[2] * SHIFT, draws[3] * SHIFT
    if settings.flip:
        mirror = tf.where(chance.uniform() < 0.5, -1.0, 1.0)
    if settings.crop:
        zoom = 1 - settings.crop * chance.uniform()
        place = tf.transpose(chance.uniform(2, low=-0.5, high=0.5)) * (1 - zoom)
        scale, right, down = scale * zoom, right + place[0], down + place[1]
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    # Pixels turn around the middle of the image, so the middle has to stay where it is.
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    right = middle_x - mirror * cosine * middle_x + sine * middle_y + right * width
    down = middle_y - mirror * sine * middle_x - cosine * middle_y + down * height
    # Eight numbers say where each new pixel comes from: x, y and the two of the perspective.
    transforms = [mirror * cosine, -sine, right, mirror * sine, cosine, down, zero, zero]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(transforms, axis=1),
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def coloured(images: tf.Tensor, strength: float, chance: Chance) -> tf.Tensor:
    """Change brightness, contrast and the strength of each channel by up to `strength`."""

    def factors(channels: int) -> tf.Tensor:
        drawn = chance.uniform(channels, low=-strength, high=strength)
        return 1 + drawn[:, None, None, :]

    middle = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    contrasted = (images - middle) * factors(1) + middle
    return tf.clip_by_value(contrasted * factors(1) * factors(images.shape[3]), 0, 1)


def mixed(
    images: tf.Tensor, wanted: tf.Tensor, most: float, chance: Chance
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix images, and what is wanted of them [n, classes], with those beside them in the batch.

    The partner's share is drawn from 0 to `most`. A step that is computed in parts of an even
    number of images has the same pairs; the last one of an odd number stays as it is.
    Source: H. Zhang et al. (2018), mixup, arXiv:1710.09412.
    """
    share = chance.uniform(1, high=most)
    pixels = share[:, :, None, None]
    count = tf.shape(images)[0]
    partners = tf.minimum(tf.bitwise.bitwise_xor(tf.range(count), 1), count - 1)
    images = images * (1 - pixels) + tf.gather(images, partners) * pixels
    return images, wanted * (1 - share) + tf.gather(wanted, partners) * share
