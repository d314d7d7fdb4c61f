"""Weights and the optimizer's state, divided among the processes by FSDP2, and whole again.

Source: https://docs.pytorch.org/tutorials/intermediate/FSDP_tutorial.html. What it takes is only
imported where something is divided: it costs half a second.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


def shard_parameters(network: nn.Module) -> None:
    """Divide every weight among the processes; blocks in a row are put together one at a time."""
    from torch.distributed.fsdp import fully_shard

    network.to(memory_format=torch.contiguous_format)  # FSDP2 takes no other
    for module in network.modules():
        if isinstance(module, nn.Sequential | nn.ModuleList):
            for block in module:
                weights = list(block.parameters())
                if weights and not any(hasattr(weight, "full_tensor") for weight in weights):
                    fully_shard(block)
    fully_shard(network)


def whole(value: Any) -> Any:
    """Put divided tensors together, also those in dictionaries and lists; others stay.

    All processes have to call it at once.
    """
    if isinstance(value, Mapping):
        return {name: whole(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [whole(entry) for entry in value]
    # Only a divided tensor, a DTensor, has this method.
    return value.full_tensor().cpu() if hasattr(value, "full_tensor") else value


def divided(values: Mapping[str, Tensor], patterns: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Divide whole tensors as those of the same names are divided."""
    return {name: divide(value, patterns[name]) for name, value in values.items()}


def divide(value: Tensor, pattern: Tensor) -> Tensor:
    """Divide a whole tensor as another one of its shape is divided; others stay."""
    if not hasattr(pattern, "full_tensor") or value.shape != pattern.shape:
        return value
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(pattern, DTensor)
    return distribute_tensor(value.to(pattern.device), pattern.device_mesh, pattern.placements)


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give an optimizer its state back, each tensor divided as its weight is."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    parts = {
        number: {name: divide(value, weights[number]) for name, value in entry.items()}
        for number, entry in state["state"].items()
    }
    optimizer.load_state_dict(state | {"state": parts})
