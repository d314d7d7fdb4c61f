"""The network and its loss."""

import keras
import tensorflow as tf
from keras import layers

from .task import ModelSettings


def build_network(
    settings: ModelSettings, input_shape: tuple[int, ...], classes: int
) -> keras.Model:
    """Build two blocks of convolution, normalisation, relu and pooling, then one dense layer.

    The network maps images [n, height, width, channels] in 0..1 to logits [n, classes]. It uses
    relu, because every runtime that a model may be exported to has it.
    """
    images = keras.Input(input_shape, name="images")
    features = images
    for filters in (settings.channels, 2 * settings.channels):
        features = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
        )(features)
        # Keras's own momentum of 0.99 needs more steps than a short training has.
        features = layers.BatchNormalization(momentum=0.9)(features)
        features = layers.ReLU()(features)
        features = layers.MaxPooling2D(2)(features)
    # Logits stay in float32 when the rest computes in bfloat16.
    logits = layers.Dense(classes, dtype="float32", name="logits")(layers.Flatten()(features))
    return keras.Model(images, logits)


def answer_model(network: keras.Model) -> keras.Model:
    """Build the trained network as its users see it: images in, probabilities [n, classes] out."""
    probabilities = layers.Softmax(name="probabilities")(network.output)
    return keras.Model(network.input, probabilities)


def loss(logits: tf.Tensor, targets: tf.Tensor, label_smoothing: float) -> tf.Tensor:
    """Return the mean cross entropy, in nats; targets are class numbers [n]."""
    classes = logits.shape[-1]
    labels = tf.one_hot(targets, classes) * (1 - label_smoothing) + label_smoothing / classes
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))


def score(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return the accuracy on a batch, 0 to 1: what the progress bar shows beside the loss."""
    return tf.reduce_mean(tf.cast(tf.argmax(logits, 1) == targets, tf.float32))
