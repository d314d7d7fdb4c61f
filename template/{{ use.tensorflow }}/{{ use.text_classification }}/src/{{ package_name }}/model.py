"""The network: how it is built, what it learns from, and the module that is served."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from . import encoder, ngrams, pretrained
from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]
Tensors = dict[str, tf.Tensor]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


class Runs(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A table with a row for each run of a few bytes; the rows of a text are added up.

    Rows are looked up by tf.gather, as microcontrollers can compute that.
    """

    def __init__(self, factors: tuple[int, ...], width: int, **options: Any) -> None:
        super().__init__(**options)
        self.factors, self.width = tuple(factors), width

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the table."""
        start = keras.initializers.RandomNormal(stddev=0.1)
        self.table = self.add_weight(
            shape=(ngrams.rows(self.factors), self.width), initializer=start
        )

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Map tokens [n, length], 0 where there is none, to sums [n, width]."""
        length = tokens.shape[1]
        # A run begins one byte before each place: the first one tells how a text begins.
        padded = tf.pad(tokens, [[0, 0], [1, len(self.factors) - 2]])
        rows = tf.zeros_like(tokens)
        for place, factor in enumerate(self.factors):
            rows += factor * padded[:, place : place + length]
        found = tf.gather(self.table, rows)
        there = tf.cast(tokens > 0, found.dtype)
        # A product adds up the rows of the places where there is a byte: of TFLite's 8-bit kernels
        # the one for sums, in LiteRT 2.3, differs from those of microcontrollers.
        share = tf.reduce_mean(there, axis=1, keepdims=True) + 1 / length
        return tf.matmul((there * tf.math.rsqrt(share))[:, None, :], found)[:, 0]

    def get_config(self) -> dict[str, Any]:
        """Say how to make the layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"factors": self.factors, "width": self.width}


def build(settings: Config, facts: Facts) -> keras.Model:
    """Build sums of runs of two bytes, of three and so on, then a linear layer; or an encoder.

    The network maps tokens, int32 [n, length], to logits [n, classes].
    """
    if "encoder" in facts:
        return pretrained.build(settings.model.dropout, facts)
    shape, factors = settings.model, ngrams.factors(settings.model.ngrams)
    tokens = keras.Input((facts["length"],), dtype="int32", name="tokens")
    sums = [Runs(each, shape.embedding)(tokens) for each in factors]
    found = layers.Concatenate()(sums) if len(sums) > 1 else sums[0]
    # Long texts have larger sums, and so surer answers; their scale at the start is about one.
    found = layers.Rescaling(facts["length"] ** -0.5)(found)
    found = layers.Dropout(shape.dropout)(found)
    return keras.Model(tokens, layers.Dense(len(facts["classes"]), dtype="float32")(found))


def initialize(network: keras.Model, settings: Config) -> None:
    """Fill in pretrained weights where there is an encoder; UserError when they do not load."""
    if settings.data.encoder:
        pretrained.initialize(network, settings)


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence; empty where they are new."""
    return encoder.starts_from(settings.data) if settings.data.encoder else ""


def precompute(network: keras.Model, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is."""
    return split


def calibrate(network: keras.Model, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The trained network as its users see it: tokens in, probabilities out."""

    def __init__(self, network: keras.Model, facts: Facts) -> None:
        super().__init__()
        self.network = network
        # Exporters find variables by TensorFlow's own type only.
        self.weights = [variable.value for variable in network.variables]

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map tokens, int32 [n, length], to probabilities [n, classes]."""
        return {"probabilities": tf.nn.softmax(self.network(inputs["tokens"], training=False))}


def further_signatures(module: ServingModule, facts: Facts) -> dict[str, Any]:
    """Give a SavedModel a signature that takes texts, strings in UTF-8 [n], beside the tokens.

    The texts have to be in Unicode's normal form NFC, as nearly all are: TensorFlow has no
    operator that brings them into it. An encoder's tokenizer is no part of TensorFlow either, so
    with one there is no such signature.
    """
    if "encoder" in facts:
        return {}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "texts")])
    def answer(texts: tf.Tensor) -> Tensors:
        return module({"tokens": tokenize(texts, facts["length"])})

    return {"texts": answer}


def tokenize(texts: tf.Tensor, length: int) -> tf.Tensor:
    """Turn strings [n] into what tokens.py makes of them, int32 [n, length]."""
    read = tf.cast(tf.io.decode_raw(texts, tf.uint8, fixed_length=length), tf.int32)
    # Where a string has ended there are zeros, which are no bytes of it.
    return tf.where(tf.sequence_mask(tf.strings.length(texts), length), read + 1, 0)


def class_weights(target: tf.Tensor, settings: Config, facts: Facts) -> tf.Tensor:
    """Return how much each text counts: one, or more the rarer its class is; [n]."""
    counts = facts["counts"]
    if settings.train.class_weights == "none":
        return tf.ones(tf.shape(target)[:1])
    balanced = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
    return tf.gather(tf.constant(balanced), target)


def weight(batch: Tensors) -> tf.Tensor:
    """Return how much a batch counts: one for each text."""
    return tf.cast(tf.shape(batch["target"])[0], tf.float32)


def loss(
    network: keras.Model, batch: Tensors, settings: Config, facts: Facts, chance: Chance
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return the sum of cross entropies, in nats."""
    target = batch["target"]
    logits = network(batch["tokens"], training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
    return tf.reduce_sum(losses * class_weights(target, settings, facts)), []


def trainable(network: keras.Model) -> list[list[keras.Variable]]:
    """Return what the optimizer changes, in the groups that `rate_shares` has rates for."""
    if pretrained.is_in(network):
        return pretrained.groups(network)
    return [network.trainable_variables]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]."""
    shares = [settings.train.encoder_rate, 1] if settings.data.encoder else [1]
    return np.tile(np.array(shares, np.float32), (len(epochs), 1))


def saved(network: keras.Model) -> list[keras.Variable]:
    """Return what checkpoints and the model keep, in an order that never changes: everything."""
    found: list[keras.Variable] = network.weights
    return found
