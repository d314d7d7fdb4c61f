"""The network: how it is built, what it learns from, and the module that is served."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES = ("express",)  # what `loss` returns beside the loss, for the progress bar


class Table(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A row of numbers for each code, looked up by tf.gather: microcontrollers can compute that."""

    def __init__(self, codes: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.codes, self.width = codes, width

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the table."""
        self.table = self.add_weight(shape=(self.codes, self.width), initializer="random_normal")

    def call(self, codes: tf.Tensor) -> tf.Tensor:
        """Map codes [n] to rows [n, width]."""
        return tf.gather(self.table, codes)

    def get_config(self) -> dict[str, Any]:
        """Say how to make the layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"codes": self.codes, "width": self.width}


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build a table for each code, beside the scaled numbers, and one hidden layer.

    The network maps numbers [n, 2] and codes [n, 2] to a scaled price and a logit [n, 2].
    """
    numbers = keras.Input((2,), name="numbers")
    codes = keras.Input((2,), dtype="int32", name="codes")
    mean, scale = facts["mean"], facts["scale"]
    scaled = layers.Normalization(mean=mean, variance=[s**2 for s in scale])(numbers)
    parts = [scaled]
    for place in range(len(facts["codes"])):
        parts.append(Table(max(facts["codes"]), 4)(codes[:, place]))
    hidden = layers.Dense(settings.model.width, activation="relu")(layers.Concatenate()(parts))
    return keras.Model([numbers, codes], layers.Dense(2, dtype="float32")(hidden))


def initialize(network: keras.Model, settings: Config) -> None:
    """Put other weights than new ones in place: here there are none."""


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence: new ones."""
    return ""


def precompute(network: keras.Model, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is, since every layer learns."""
    return split


def calibrate(network: keras.Model, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The trained network as its users see it: numbers and codes in, price and express out."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.mean, self.scale = facts["price"]
        # Exporters find variables by TensorFlow's own type only.
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map numbers [n, 2] and codes [n, 2] to prices [n, 1] and flags [n, 1]."""
        found = self.network([inputs["numbers"], inputs["codes"]], training=False)
        return {"price": found[:, :1] * self.scale + self.mean, "express": found[:, 1:] > 0}


def weight(batch: Tensors) -> tf.Tensor:
    """Return how much a batch counts: one for each row."""
    return tf.cast(tf.shape(batch["price"])[0], tf.float32)


def loss(
    network: keras.Model, batch: Tensors, settings: Config, facts: Facts, chance: Chance
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sum of squared errors and cross entropies, and the sums of the FIGURES."""
    mean, scale = facts["price"]
    # Numbers that are a little wrong, so that what follows from chance is tried, too.
    numbers = batch["numbers"] * (1 + 0.001 * chance.normal(2))
    found = network([numbers, batch["codes"]], training=True)
    price, logit, express = found[:, :1], found[:, 1:], batch["express"]
    squared = tf.square(price - (batch["price"] - mean) / scale)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(express, tf.float32), logit)
    right = tf.cast((logit > 0) == express, tf.float32)
    return tf.reduce_sum(squared + entropy), [tf.reduce_sum(right)]


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
