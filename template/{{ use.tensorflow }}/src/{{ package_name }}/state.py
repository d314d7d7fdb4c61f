"""The state of a training as bytes, and back: exact to the last bit."""

import dataclasses
import json
import re
from collections.abc import Sequence

import keras
import numpy as np
import safetensors
import safetensors.numpy
import tensorflow as tf

from .checkpoints import Context, Progress
from .errors import UserError
from .model import saved


def pack(
    network: keras.Model,
    optimizers: Sequence[keras.Optimizer],
    progress: Progress,
    context: Context,
) -> bytes:
    """Write down all that the next step depends on.

    Learning rates, the order of the samples and all that `Chance` draws follow from the seed and
    the step. The random state of layers such as dropout is kept as well, and so is the average of
    the weights, which the optimizers have.
    """
    found = variables(network, optimizers)
    state = {name: np.asarray(variable.numpy()) for name, variable in found.items()}
    note = {"progress": dataclasses.asdict(progress), "context": context}
    state["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    return safetensors.numpy.save(state)


def unpack(
    network: keras.Model, optimizers: Sequence[keras.Optimizer], payload: bytes
) -> tuple[Progress, Context]:
    """Put a state back in place; UserError when it is of another network."""
    there = variables(network, optimizers)
    try:
        state = safetensors.numpy.load(payload)
        note = json.loads(state.pop("note").tobytes())
        fill(there, state)
        return Progress(**note["progress"]), note["context"]
    except (KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise UserError("the checkpoint is of another network; was model.py changed?") from error


def fill(there: dict[str, keras.Variable], arrays: dict[str, np.ndarray]) -> None:
    """Put arrays into variables of the same names; ValueError when they do not fit."""
    if {k: a.shape for k, a in arrays.items()} != {k: tuple(v.shape) for k, v in there.items()}:
        raise ValueError("the arrays have other names or shapes")
    for name, variable in there.items():
        variable.assign(arrays[name])


def by_place(owner: str, found: list[keras.Variable]) -> dict[str, keras.Variable]:
    """Name variables by their place, as Keras's own names count up with every network built."""
    names = (re.sub(r"_\d+(?=_|$)", "", variable.name) for variable in found)
    return {
        f"{owner}{n:03d}.{name}": v for n, (name, v) in enumerate(zip(names, found, strict=True))
    }


def variables(
    network: keras.Model, optimizers: Sequence[keras.Optimizer]
) -> dict[str, keras.Variable]:
    """Name all variables of a training: weights, random states, and the optimizers'."""
    kept = saved(network)
    known = {id(variable) for variable in network.weights}
    random = [variable for variable in network.variables if id(variable) not in known]
    found = by_place("network.", kept) | by_place("random.", random)
    found["random.global"] = tf.random.get_global_generator().state
    owned = [variable for optimizer in optimizers for variable in optimizer.variables]
    return found | by_place("optimizer.", owned)
