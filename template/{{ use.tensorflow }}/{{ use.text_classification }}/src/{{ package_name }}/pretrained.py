"""A pretrained encoder with a new last layer, of https://keras.io/keras_hub."""

import json
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
from keras import layers, ops

from . import encoder
from .config import Config
from .errors import UserError

Facts = dict[str, Any]

ENCODER, HEAD = "encoder", "logits"  # names of the layers


def build(dropout: float, facts: Facts) -> keras.Model:
    """Build an encoder with new weights, the mean of its tokens, and a layer for the classes.

    It maps tokens [n, length] to logits [n, classes].
    """
    about = facts["encoder"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(about["config"]), encoding="utf-8")
        backbone = from_folder(Path(folder), about["name"], load_weights=False)
    tokens = keras.Input([facts["length"]], dtype="int32", name="tokens")
    known = ops.cast(ops.not_equal(tokens, about["pad"]), "int32")
    given = {"token_ids": tokens, "padding_mask": known, "segment_ids": ops.zeros_like(tokens)}
    found = backbone({name: given[name] for name in backbone.input})
    sequence = found["sequence_output"] if isinstance(found, dict) else found
    weights = ops.cast(known, sequence.dtype)[:, :, None]
    mean = ops.sum(sequence * weights, 1) / ops.maximum(ops.sum(weights, 1), 1)
    logits = layers.Dense(len(facts["classes"]), dtype="float32", name=HEAD)(
        layers.Dropout(dropout)(mean)
    )
    return keras.Model(tokens, logits)


def from_folder(folder: Path, name: str, load_weights: bool) -> keras.Model:
    """Make the encoder that a folder describes; UserError where KerasHub cannot."""
    hub = load_keras_hub()
    try:
        made: keras.Model = hub.models.Backbone.from_preset(
            str(folder), load_weights=load_weights, name=ENCODER
        )
    except Exception as error:  # of KerasHub, Keras and safetensors: no narrower base
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"KerasHub cannot make {name}: {reason}") from error
    return made


def initialize(network: keras.Model, settings: Config) -> None:
    """Fill in the pretrained weights; UserError when they do not load."""
    folder = encoder.find(settings.data)
    trained = from_folder(folder, settings.data.encoder, load_weights=True)
    network.get_layer(ENCODER).set_weights(trained.get_weights())


def is_in(network: keras.Model) -> bool:
    """Whether a network has an encoder."""
    return any(layer.name == ENCODER for layer in network.layers)


def groups(network: keras.Model) -> list[list[keras.Variable]]:
    """Return the variables: the encoder's, then those of the new layer."""
    return [network.get_layer(name).trainable_variables for name in (ENCODER, HEAD)]


def load_keras_hub() -> ModuleType:
    """Import KerasHub where an encoder is asked for: it takes seconds."""
    try:
        import keras_hub
    except ImportError as error:
        raise UserError("an encoder needs the package keras-hub: `uv add keras-hub`") from error
    module: ModuleType = keras_hub
    return module
