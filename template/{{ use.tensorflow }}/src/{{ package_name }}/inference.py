"""The trained network as a function from arrays to arrays."""

from collections.abc import Callable

import keras
import numpy as np
import safetensors
import safetensors.numpy
import tensorflow as tf

from . import hardware
from .errors import UserError
from .model import answer_model, build_network
from .runs import Run

BATCH = 1024  # rows at once: bounds the memory


def load_network(run: Run) -> keras.Model:
    """Build a run's network and fill in the trained weights."""
    card = run.card()
    network = build_network(run.config.model, tuple(card["input_shape"]), len(card["classes"]))
    try:
        stored = safetensors.numpy.load_file(run.weights)
        network.set_weights([stored[name] for name in weight_names(network)])
    except (KeyError, ValueError) as error:
        raise UserError(f"run {run.name} has another network; was model.py changed?") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"the weights of run {run.name} do not load: {error}") from error
    return network


def weight_names(network: keras.Model) -> list[str]:
    """Name the weights by their place: Keras's own names count up with every network built."""
    return [f"{place:03d}.{weight.name}" for place, weight in enumerate(network.weights)]


def load(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """Return the trained model: inputs [n, ...] to outputs [n, ...], NumPy on both sides."""
    device = hardware.prepare(run.config.hardware)
    answer = answer_model(load_network(run))
    return lambda inputs: predict(answer, inputs, device)


def predict(answer: keras.Model, inputs: np.ndarray, device: str) -> np.ndarray:
    """Answer for `inputs` in full precision, some rows at a time."""
    with tf.device(device):
        parts = [
            answer(inputs[first : first + BATCH], training=False).numpy()
            for first in range(0, len(inputs), BATCH)
        ]
    return np.concatenate(parts)
