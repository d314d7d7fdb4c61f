"""The trained network: loaded, and as a function from arrays to arrays."""

from typing import Any

import keras
import numpy as np
import safetensors
import safetensors.numpy
import tensorflow as tf

from . import hardware, model, state
from .errors import UserError
from .model import ServingModule, build, saved
from .runs import Run
from .signature import Batch, Predict, Signature, concatenate
from .storage import sha256_arrays


def load_network(run: Run) -> keras.Model:
    """Build a run's network and fill in the trained weights.

    Raises UserError when the weights are damaged, have changed, or are another network's.
    """
    card = run.card()
    network = build(run.config, card["facts"])
    try:
        stored = safetensors.numpy.load_file(run.weights)
        if sha256_arrays(stored) != card["weights_sha256"]:
            raise UserError(f"the weights of run {run.name} are not those that it was trained to")
        state.fill(state.by_place("", saved(network)), stored)
    except ValueError as error:
        raise UserError(f"run {run.name} has another network; was model.py changed?") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"the weights of run {run.name} do not load: {error}") from error
    return network


def load_module(run: Run, scaled_outside: bool = False) -> ServingModule:
    """Read a run's trained network as the module that is served.

    With `scaled_outside` it is the task's `ScaledModule`, for models of few bits.
    """
    return serve(load_network(run), run.card()["facts"], scaled_outside)


def serve(
    network: keras.Model, facts: dict[str, Any], scaled_outside: bool = False
) -> ServingModule:
    """Make the served module of a network."""
    if scaled_outside:  # only tasks with a scaling.py have it
        scaled_module: ServingModule = vars(model)["ScaledModule"](network, facts)
        return scaled_module
    return ServingModule(network, facts)


def load(run: Run) -> Predict:
    """Return the trained model as a function."""
    device = hardware.prepare(run.config.hardware)
    return as_function(load_module(run), run.signature(), device)


def as_function(module: ServingModule, signature: Signature, device: str) -> Predict:
    """Make a function of the served module: in full precision, a bounded piece at a time."""

    def compute(inputs: Batch) -> Batch:
        outputs = module({name: tf.constant(array) for name, array in inputs.items()})
        return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    def predict(batch: Batch) -> Batch:
        with tf.device(device):
            return concatenate([compute(piece) for piece in signature.pieces(batch)])

    return predict


def weights(network: keras.Model) -> Batch:
    """Return all that the network has learnt, by name, as arrays."""
    named = state.by_place("", saved(network))
    return {name: np.asarray(variable.numpy()) for name, variable in named.items()}


def traced(module: ServingModule, signature: Signature, rows: int | None = None) -> Any:
    """Trace the served module for exporters; `rows` fixes the batch size, None leaves it free.

    Returns a `tf.function` with one signature: keyword arguments and results have the names of the
    model's inputs and outputs.
    """
    specs = {t.name: tf.TensorSpec([rows, *t.shape], t.dtype, t.name) for t in signature.inputs}

    def serve(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return module(dict(zip(specs, inputs, strict=True)))

    return tf.function(serve, input_signature=list(specs.values()))
