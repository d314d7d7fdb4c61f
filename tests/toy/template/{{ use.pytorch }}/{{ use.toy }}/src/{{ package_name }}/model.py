"""The network: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]

FIGURES = ("express",)  # what `loss` returns beside the loss, for the progress bar


class Network(nn.Module):
    """An embedding for each code, beside the scaled numbers, and one hidden layer."""

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int, facts: Facts) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(facts["mean"]))
        self.register_buffer("scale", torch.tensor(facts["scale"]))
        self.tables = nn.ModuleList(nn.Embedding(max(facts["codes"]), 4) for _ in facts["codes"])
        self.layers = nn.Sequential(
            nn.Linear(2 + 4 * len(facts["codes"]), width), nn.ReLU(), nn.Linear(width, 2)
        )

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Map numbers [n, 2] and codes [n, 2] to a scaled price and a logit [n, 2]."""
        scaled = (numbers - self.mean) / self.scale
        looked_up = [table(codes[:, place]) for place, table in enumerate(self.tables)]
        found: Tensor = self.layers(torch.cat([scaled, *looked_up], dim=1))
        return found


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights."""
    return Network(settings.model.width, facts)


def initialize(network: nn.Module, settings: Config) -> None:
    """Put other weights than new ones in place: here there are none."""


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence: new ones."""
    return ""


def precompute(network: nn.Module, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is, since every layer learns."""
    return split


def calibrate(network: nn.Module, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(nn.Module):
    """The trained network as its users see it: numbers and codes in, price and express out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.mean, self.scale = facts["price"]

    def forward(self, numbers: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Map numbers [n, 2] and codes [n, 2] to prices [n, 1] and flags [n, 1]."""
        price, logit = self.network(numbers, codes).split(1, dim=1)
        return price * self.scale + self.mean, logit > 0


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each row."""
    return len(batch["price"])


def loss(
    network: Callable[[Tensor, Tensor], Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of squared errors and cross entropies, and the sums of the FIGURES."""
    mean, scale = facts["price"]
    # Numbers that are a little wrong, so that what follows from chance is tried, too.
    numbers = batch["numbers"] * (1 + 0.001 * chance.normal(2))
    price, logit = network(numbers, batch["codes"]).split(1, dim=1)
    wanted = batch["express"].float()
    squared = functional.mse_loss(price, (batch["price"] - mean) / scale, reduction="sum")
    entropy = functional.binary_cross_entropy_with_logits(logit, wanted, reduction="sum")
    right = ((logit.detach() > 0) == batch["express"]).sum()
    return squared + entropy, [right]


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes: everything, in one group."""
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
