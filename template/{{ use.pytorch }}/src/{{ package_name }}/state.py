"""The state of a training as bytes, and back: exact to the last bit."""

import dataclasses
import io
import pickle
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from . import distributed
from .checkpoints import Context, Progress
from .errors import UserError
from .model import saved
from .ranks import RANK
from .sharding import divided, load_optimizer, whole


def pack(
    network: nn.Module,
    average: AveragedModel | None,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    context: Context,
) -> bytes:
    """Write down all that the next step depends on.

    Learning rates, the order of the samples and all that `Chance` draws follow from the seed and
    the step; PyTorch's own random numbers, which a dropout layer uses, are kept as well.
    """
    state: dict[str, Any] = {
        "progress": dataclasses.asdict(progress),
        "network": whole(saved(network)),
        "optimizer": whole(optimizer.state_dict()),
        "random": distributed.gather(random_states()),
        "context": context,
    }
    if average is not None:
        state["average"] = {"network": saved(average.module), "updates": average.n_averaged}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def unpack(
    network: nn.Module,
    average: AveragedModel | None,
    optimizer: torch.optim.Optimizer,
    payload: bytes,
) -> tuple[Progress, Context]:
    """Put a state back in place; UserError when it is of another network."""
    try:
        state: dict[str, Any] = torch.load(
            io.BytesIO(payload), map_location="cpu", weights_only=True
        )
        fill(network, state["network"])
        if average is not None:
            fill(average.module, state["average"]["network"])
            average.n_averaged.copy_(state["average"]["updates"])
        load_optimizer(optimizer, state["optimizer"])
        random = state["random"]  # with more processes than before, the last ones share theirs
        restore_random_states(random[min(RANK, len(random) - 1)])
        progress = Progress(**state["progress"])
    except (RuntimeError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise UserError("the checkpoint is of another network; was model.py changed?") from error
    return progress, state["context"]


def fill(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put weights into a network; KeyError or RuntimeError when they are another network's."""
    kept = saved(network)
    if weights.keys() != kept.keys():
        raise KeyError("the weights have other names")
    # What is not saved, such as a frozen part, stays as it is.
    network.load_state_dict(divided(weights, kept), strict=False)


def random_states() -> dict[str, list[Tensor]]:
    """Return the state of the random numbers of every device."""
    return {
        "cpu": [torch.get_rng_state()],
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": [torch.mps.get_rng_state()] if torch.backends.mps.is_available() else [],
    }


def restore_random_states(states: dict[str, list[Tensor]]) -> None:
    """Set the random numbers of every device that is still there."""
    torch.set_rng_state(states["cpu"][0])
    for number, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, number)
    if states["mps"] and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"][0])
