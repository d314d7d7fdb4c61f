"""The network: how it is built, what it learns from, and the module that is served."""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from .chance import Chance
from .config import Config

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES = ("accuracy",)  # what `loss` returns beside the loss, for the progress bar

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build two blocks of convolution, normalisation, relu and pooling, then one dense layer.

    The network maps images [n, height, width, channels] in 0..1 to logits [n, classes]. It uses
    relu, because every runtime that a model may be exported to has it.
    """
    channels = settings.model.channels
    images = keras.Input(facts["shape"], name="images")
    features = images
    for filters in (channels, 2 * channels):
        features = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
        )(features)
        # Keras's own momentum of 0.99 needs more steps than a short training has.
        features = layers.BatchNormalization(momentum=0.9)(features)
        features = layers.ReLU()(features)
        features = layers.MaxPooling2D(2)(features)
    features = layers.Flatten()(features)
    # Logits stay in float32 when the rest computes in bfloat16.
    logits = layers.Dense(len(facts["classes"]), dtype="float32", name="logits")(features)
    return keras.Model(images, logits)


class ServingModule(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The trained network as its users see it: images in, probabilities out."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        # Exporters find variables by TensorFlow's own type only.
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map images [n, height, width, channels] in 0..1 to probabilities [n, classes]."""
        logits = self.network(inputs["images"], training=False)
        return {"probabilities": tf.nn.softmax(logits)}


def weight(batch: Tensors) -> tf.Tensor:
    """Return how much a batch counts: one for each image."""
    return tf.cast(tf.shape(batch["labels"])[0], tf.float32)


def loss(
    network: keras.Model, batch: Tensors, settings: Config, facts: Facts, chance: Chance
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sum of the cross entropies, in nats, and the sums of the FIGURES."""
    images, labels = tf.cast(batch["images"], tf.float32) / 255, batch["labels"]
    if settings.data.augment:
        images = augment(images, chance)
    logits = network(images, training=True)
    classes, smoothing = logits.shape[-1], settings.train.label_smoothing
    wanted = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    total = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(wanted, logits))
    right = tf.cast(tf.argmax(logits, 1) == labels, tf.float32)
    return total, [tf.reduce_sum(right)]


def augment(images: tf.Tensor, chance: Chance) -> tf.Tensor:
    """Rotate, scale and shift each image at random; [n, height, width, channels] in and out."""
    height, width = images.shape[1], images.shape[2]
    draws = tf.transpose(chance.uniform(4, low=-1, high=1))
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


def trainable(network: keras.Model) -> list[keras.Variable]:
    """Return what the optimizer changes: everything that is not counted, such as means."""
    found: list[keras.Variable] = network.trainable_variables
    return found


def saved(network: keras.Model) -> list[keras.Variable]:
    """Return what checkpoints and the model keep, in an order that never changes: everything."""
    found: list[keras.Variable] = network.weights
    return found
