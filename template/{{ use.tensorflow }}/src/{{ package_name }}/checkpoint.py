"""The state of a training as bytes, and back: exact to the last bit."""

import json

import keras
import numpy as np
import safetensors.numpy

from .errors import UserError

Context = dict[str, str]


def pack(
    step: int, best: float, network: keras.Model, optimizer: keras.Optimizer, context: Context
) -> bytes:
    """Write down all that the next step depends on.

    The learning rate, the order of the samples and the augmentation follow from the seed and the
    step; the state of random layers such as dropout is among the network's variables.
    """
    state = arrays(network, optimizer)
    note = {"step": step, "best": best, "context": context}
    state["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    return safetensors.numpy.save(state)


def unpack(
    payload: bytes, network: keras.Model, optimizer: keras.Optimizer
) -> tuple[int, float, Context]:
    """Put a state back in place; returns the step, the best score so far and the context."""
    state = safetensors.numpy.load(payload)
    note = json.loads(state.pop("note").tobytes())
    there = arrays(network, optimizer)
    if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in there.items()}:
        raise UserError("the checkpoint is of another network; was model.py changed?")
    for name, variable in named_variables(network, optimizer).items():
        variable.assign(state[name])
    return note["step"], note["best"], note["context"]


def named_variables(network: keras.Model, optimizer: keras.Optimizer) -> dict[str, keras.Variable]:
    """Name all variables by their place: Keras's own names count up with every network built."""
    pairs = [("network", network.variables), ("optimizer", optimizer.variables)]
    return {
        f"{owner}.{place:03d}.{variable.name}": variable
        for owner, variables in pairs
        for place, variable in enumerate(variables)
    }


def arrays(network: keras.Model, optimizer: keras.Optimizer) -> dict[str, np.ndarray]:
    """Return the values of all variables by name."""
    named = named_variables(network, optimizer)
    return {name: np.array(variable) for name, variable in named.items()}
