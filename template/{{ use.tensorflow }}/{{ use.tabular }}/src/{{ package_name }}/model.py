"""The network: how it is built, what it learns from, and the module that is served."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .chance import Chance
from .columns import number_columns, sizes
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss

FREQUENCIES = 16  # of each number, where they are periodic
PERIODIC = 8  # numbers that then stand for a number


class Table(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A row of numbers for each code, looked up by tf.gather: microcontrollers can compute that."""

    def __init__(self, codes: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.codes, self.width = codes, width

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the table, of standard normal numbers as PyTorch's embeddings are."""
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.table = self.add_weight(shape=(self.codes, self.width), initializer=start)

    def call(self, codes: tf.Tensor) -> tf.Tensor:
        """Map codes [n] to rows [n, width]."""
        return tf.gather(self.table, codes)

    def get_config(self) -> dict[str, Any]:
        """Say how to make the layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"codes": self.codes, "width": self.width}


class Periodic(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Numbers as sines and cosines of learned frequencies, then a linear layer for each.

    Source: Y. Gorishniy et al. (2022), On Embeddings for Numerical Features in Tabular Deep
    Learning, https://arxiv.org/abs/2203.05556.
    """

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the frequencies and the linear layers."""
        columns, waves = shape[-1], 2 * FREQUENCIES
        normal = keras.initializers.RandomNormal
        self.frequencies = self.add_weight(
            shape=(columns, FREQUENCIES), initializer=normal(stddev=0.3)
        )
        self.kernels = self.add_weight(
            shape=(columns, waves, PERIODIC), initializer=normal(stddev=waves**-0.5)
        )
        self.biases = self.add_weight(shape=(columns, PERIODIC), initializer="zeros")

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        """Map scaled numbers [n, columns] to [n, columns * PERIODIC]."""
        angles = 2 * math.pi * numbers[:, :, None] * self.frequencies
        waves = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=2)
        found = ops.relu(ops.sum(waves[:, :, :, None] * self.kernels, axis=2) + self.biases)
        return ops.reshape(found, (-1, found.shape[1] * PERIODIC))


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build numbers and a table for each code, then hidden layers with relu.

    The network maps numbers [n, ...] and codes [n, ...] to logits [n, classes], or a value [n, 1].
    """
    shape, columns = settings.model, number_columns(facts["columns"])
    inputs, parts = [], []
    if columns:
        numbers = keras.Input((len(columns),), name="numbers")
        inputs.append(numbers)
        parts.append(numbers)
        if shape.periodic:
            parts.append(Periodic()(numbers))
    if counts := sizes(facts["columns"]):
        codes = keras.Input((len(counts),), dtype="int32", name="codes")
        inputs.append(codes)
        parts += [Table(n, shape.embedding)(codes[:, place]) for place, n in enumerate(counts)]
    found = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    for _ in range(shape.layers):
        found = layers.Dense(shape.width, activation="relu", kernel_initializer="he_uniform")(found)
        found = layers.Dropout(shape.dropout)(found)
    outputs = len(facts["target"].get("classes", "1"))
    return keras.Model(inputs, layers.Dense(outputs, dtype="float32")(found))


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
    """The trained network as its users see it: columns in, probabilities or values out."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.target = facts["target"]
        # Exporters find variables by TensorFlow's own type only.
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map numbers and codes to probabilities [n, classes], or to values [n, 1]."""
        found = self.network(listed(inputs), training=False)
        if "classes" in self.target:
            return {"probabilities": tf.nn.softmax(found)}
        value = found * self.target["scale"] + self.target["mean"]
        if self.target["log"]:
            # Where exp would turn a small mistake into a huge one: no farther than was seen.
            value = tf.exp(tf.clip_by_value(value, self.target["low"], self.target["high"]))
        return {"value": value}


def listed(batch: Tensors) -> list[tf.Tensor]:
    """Return the network's inputs, in its order."""
    return [batch[name] for name in ("numbers", "codes") if name in batch]


def class_weights(target: tf.Tensor, settings: Config, facts: Facts) -> tf.Tensor:
    """Return how much each row counts: one, or more the rarer its class is; [n]."""
    counts = facts["target"].get("counts")
    if settings.train.class_weights == "none" or counts is None:
        return tf.ones(tf.shape(target)[:1])
    balanced = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
    return tf.gather(tf.constant(balanced), target)


def weight(batch: Tensors) -> tf.Tensor:
    """Return how much a batch counts: one for each row."""
    return tf.cast(tf.shape(batch["target"])[0], tf.float32)


def loss(
    network: keras.Model, batch: Tensors, settings: Config, facts: Facts, chance: Chance
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sum of cross entropies, in nats, or of squared errors of the scaled target."""
    target, about = batch["target"], facts["target"]
    found = network(listed(batch), training=True)
    if "classes" in about:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, found)
        return tf.reduce_sum(losses * class_weights(target, settings, facts)), []
    wanted = tf.math.log(target) if about["log"] else target
    return tf.reduce_sum(tf.square(found - (wanted - about["mean"]) / about["scale"])), []


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
