"""The network: how it is built, what it learns from, and the module that is served."""

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .histories import width
from .intervals import widening
from .scaling import MOST
from .signature import Predict

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


class Quantiles(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Middles, and how far below and above them, less 1, intervals end: together as quantiles.

    `widening` is not learned: it is measured once the training is over.
    """

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the factor of the intervals' widths."""
        self.widening = self.add_weight(shape=(1,), initializer="ones", trainable=False)

    def call(self, found: tf.Tensor, base: tf.Tensor) -> tf.Tensor:
        """Map numbers [n, 3 * horizon] and what is added to the middles to [n, horizon, 3]."""
        middle, below, above = tf.split(found, 3, axis=1)
        middle = middle + base
        low = middle - tf.nn.relu(1 + below) * self.widening
        high = middle + tf.nn.relu(1 + above) * self.widening
        return tf.stack([low, middle, high], axis=2)


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build a linear layer from the last values to three quantiles of each step.

    The `mlp` adds two hidden layers to it. What further columns add to a value is learned from one
    moment alone: it is taken off the history and put onto the forecast. The network maps scaled
    histories [n, length] and further columns to quantiles [n, horizon, 3].
    """
    shape, length, horizon = settings.model, facts["length"], facts["horizon"]
    history = keras.Input((length,), name="history")
    inputs, seen = [history], history
    added = None
    if facts["columns"]:
        known = keras.Input((length + horizon, width(facts["columns"])), name="known")
        inputs.append(known)
        effect = layers.Dense(1)(layers.Dense(32, activation="relu")(known))
        effect = layers.Reshape((length + horizon,))(effect)
        seen, added = history - effect[:, :length], effect[:, length:]
    last = seen[:, -1:]
    found = layers.Dense(3 * horizon, kernel_initializer="zeros")(seen - last)
    if shape.kind == "mlp":
        hidden = layers.Dense(shape.width, activation="relu")(seen)
        hidden = layers.Dropout(shape.dropout)(hidden)
        hidden = layers.Dense(shape.width, activation="relu")(hidden)
        found = found + layers.Dense(3 * horizon, kernel_initializer="zeros")(hidden)
    base = last if added is None else last + added
    return keras.Model(inputs, Quantiles(dtype="float32")(found, base))


def initialize(network: keras.Model, settings: Config) -> None:
    """Put other weights than new ones in place: here there are none."""


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence: new ones."""
    return ""


def precompute(network: keras.Model, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is, since every layer learns."""
    return split


def calibrate(network: keras.Model, predict: Predict, dataset: Dataset) -> None:
    """Widen the intervals of a trained network, so that validation data lie in them as they should.

    `predict` answers with this network, and so with what is changed here.
    """
    network.layers[-1].widening.assign(widening(predict, dataset.validation, dataset.facts))


def measure(history: tf.Tensor, facts: Facts) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the history, or its logarithm, with its mean and its spread, each [n, 1]."""
    if facts["log"]:
        history = tf.math.log(tf.maximum(history, facts["scale"]["floor"]))
    level = tf.reduce_mean(history, axis=1, keepdims=True)
    variance = tf.reduce_mean(tf.square(history - level), axis=1, keepdims=True)
    return history, level, tf.sqrt(variance + facts["scale"]["least"] ** 2)


def listed(history: tf.Tensor, batch: Tensors) -> list[tf.Tensor]:
    """Return the network's inputs, in its order."""
    return [history, batch["known"]] if "known" in batch else [history]


class ServingModule(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The trained network as its users see it: histories in, quantiles out, in their own unit."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        # Not as an attribute: TensorFlow would put wrappers around the dicts in it.
        self.measure, self.log = functools.partial(measure, facts=facts), bool(facts["log"])
        # Exporters find variables by TensorFlow's own type only.
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map histories [n, length] and further columns to quantiles [n, horizon, 3]."""
        history, level, spread = self.measure(inputs["history"])
        found = self.network(listed((history - level) / spread, inputs), training=False)
        found = found * spread[:, :, None] + level[:, :, None]
        if self.log:
            found = tf.exp(tf.clip_by_value(found, -MOST, MOST))
        return {"quantiles": found}


class ScaledModule(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The trained network for inputs and outputs that `scaling.py` scales outside."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map scaled histories and further columns to scaled quantiles [n, horizon, 3]."""
        return {"quantiles": self.network(listed(inputs["history"], inputs), training=False)}


def weight(batch: Tensors) -> tf.Tensor:
    """Return how much a batch counts: one for each value that was there."""
    return tf.maximum(tf.reduce_sum(batch["observed"]), 1.0)


def loss(
    network: keras.Model, batch: Tensors, settings: Config, facts: Facts, chance: Chance
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sum of the quantile losses, of logarithms or of errors in the series' scale."""
    history, level, spread = measure(batch["history"], facts)
    found = network(listed((history - level) / spread, batch), training=True)
    found = found * spread[:, :, None] + level[:, :, None]
    truth = batch["target"]
    if facts["log"]:
        truth = tf.math.log(tf.maximum(truth, facts["scale"]["floor"]))
    else:
        scale = tf.maximum(batch["scale"], facts["scale"]["least"])
        truth, found = truth / scale, found / scale[:, :, None]
    shares = tf.constant([0.1, 0.5, 0.9])
    errors = truth[:, :, None] - found
    losses = tf.reduce_mean(tf.maximum(shares * errors, (shares - 1) * errors), axis=2)
    return tf.reduce_sum(losses * batch["observed"]), []


def trainable(network: keras.Model) -> list[list[keras.Variable]]:
    """Return what the optimizer changes: everything, in one group."""
    return [network.trainable_variables]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: keras.Model) -> list[keras.Variable]:
    """Return what checkpoints and the model keep, in an order that never changes: everything."""
    found: list[keras.Variable] = network.weights
    return found
