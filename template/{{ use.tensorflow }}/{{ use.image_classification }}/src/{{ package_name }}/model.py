"""The network: how it is built, what it learns from, and the module that is served."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from . import backbone, features, fine_tuning
from .augment import augment, mixed
from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .fine_tuning import class_weights
from .network import build as new_network
from .signature import Predict
from .stages import standardised, widths

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES = ("accuracy",)  # what `loss` returns beside the loss, for the progress bar


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build the network with new weights, for the images and classes that `facts` name.

    It maps images [n, height, width, channels] in 0..1 to logits [n, classes].
    """
    shape, classes = facts["shape"], len(facts["classes"])
    if settings.model.backbone:
        return backbone.build(settings.model, shape, classes)
    stride, channels = widths(shape, settings.model.channels)
    norm, standardise = settings.model.norm, standardised(settings, facts)
    return new_network(shape, stride, channels, classes, norm, standardise)


def initialize(network: keras.Model, settings: Config) -> None:
    """Fill in pretrained weights where there is a backbone; UserError when they do not load."""
    if settings.model.backbone:
        backbone.initialize(network, settings.model)


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence; empty where they are new."""
    return backbone.starts_from(settings.model) if settings.model.backbone else ""


def precompute(network: keras.Model, split: Split, settings: Config) -> Split:
    """Return the split to learn from: with features for images where no layer below learns."""
    if settings.model.backbone and features.can_be_kept(settings):
        return backbone.precompute(network, split)
    return split


def calibrate(network: keras.Model, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


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
    labels = batch["labels"]
    wanted = tf.one_hot(labels, len(facts["classes"]))
    if "features" in batch:
        logits = backbone.head(network)(batch["features"])
        return losses_of(logits, wanted, labels, settings, facts)
    images = batch["images"]
    if images.dtype == tf.uint8:
        images = tf.cast(images, tf.float32) / 255
    images = augment(images, settings.data, chance)
    if settings.data.mixup:
        images, wanted = mixed(images, wanted, settings.data.mixup, chance)
    # A backbone's BatchNorm keeps its statistics, even while it learns: they are those of far more
    # images. See https://keras.io/guides/transfer_learning
    logits = network(images, training=not backbone.is_in(network))
    return losses_of(logits, wanted, labels, settings, facts)


def losses_of(
    logits: tf.Tensor, wanted: tf.Tensor, labels: tf.Tensor, settings: Config, facts: Facts
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sums of cross entropies and of FIGURES; `wanted` are shares, [n, classes]."""
    classes, smoothing = len(facts["classes"]), settings.train.label_smoothing
    smoothed = wanted * (1 - smoothing) + smoothing / classes
    losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits)
    balance = tf.gather(tf.constant(class_weights(settings, facts["counts"])), labels)
    right = tf.cast(tf.argmax(logits, 1) == tf.argmax(wanted, 1), tf.float32)
    return tf.reduce_sum(losses * balance), [tf.reduce_sum(right)]


def trainable(network: keras.Model) -> list[list[keras.Variable]]:
    """Return what the optimizer changes, in the groups that `rate_shares` has rates for."""
    if backbone.is_in(network):
        return backbone.groups(network)
    return [network.trainable_variables]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups], from the epochs done."""
    return fine_tuning.rate_shares(settings, epochs)


def saved(network: keras.Model) -> list[keras.Variable]:
    """Return what checkpoints and the model keep, in an order that never changes: everything."""
    found: list[keras.Variable] = network.weights
    return found
