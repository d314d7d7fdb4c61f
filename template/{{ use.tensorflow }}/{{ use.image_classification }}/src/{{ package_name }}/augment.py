"""Small random changes of the training images, so that the network learns what does not matter."""

import math

import tensorflow as tf

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


def augment(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Rotate, scale and shift each image at random; [n, height, width, channels] in and out.

    The changes follow from the seed and the step: a resumed run makes the same ones again.
    """
    n, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    draws = tf.random.stateless_uniform([4, n], seed=tf.stack([seed, step]), minval=-1, maxval=1)
    angle, scale = draws[0] * ROTATION, 1 + draws[1] * SCALE
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    # Pixels turn around the middle of the image, so the middle has to stay where it is.
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    right = middle_x - cosine * middle_x + sine * middle_y + draws[2] * SHIFT * width
    down = middle_y - sine * middle_x - cosine * middle_y + draws[3] * SHIFT * height
    zero = tf.zeros_like(angle)
    # Eight numbers say where each new pixel comes from: x, y and the two of the perspective.
    transforms = tf.stack([cosine, -sine, right, sine, cosine, down, zero, zero], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
