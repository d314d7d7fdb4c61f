"""The state of a training as bytes, and back: exact to the last bit."""

import io
import pickle
from typing import Any

import torch
from torch import nn

from .errors import UserError

Context = dict[str, str]


def pack(
    step: int, best: float, network: nn.Module, optimizer: torch.optim.Optimizer, context: Context
) -> bytes:
    """Write down all that the next step depends on.

    The learning rate, the order of the samples and the augmentation follow from the seed and the
    step; PyTorch's own random numbers, which a dropout layer would use, are kept as well.
    """
    state = {
        "step": step,
        "best": best,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
        "context": context,
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def unpack(
    payload: bytes, network: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, float, Context]:
    """Put a state back in place; returns the step, the best score so far and the context."""
    try:
        state: dict[str, Any] = torch.load(
            io.BytesIO(payload), map_location="cpu", weights_only=True
        )
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
    except (RuntimeError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise UserError("the checkpoint is of another network; was model.py changed?") from error
    return state["step"], state["best"], state["context"]
