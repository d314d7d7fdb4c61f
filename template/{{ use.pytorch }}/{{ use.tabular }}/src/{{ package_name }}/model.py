"""The network: how it is built, what it learns from, and the module that is served."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .chance import Chance
from .columns import number_columns, sizes
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss

FREQUENCIES = 16  # of each number, where they are periodic
PERIODIC = 8  # numbers that then stand for a number


class Periodic(nn.Module):
    """Numbers as sines and cosines of learned frequencies, then a linear layer for each.

    Source: Y. Gorishniy et al. (2022), On Embeddings for Numerical Features in Tabular Deep
    Learning, https://arxiv.org/abs/2203.05556.
    """

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(0.3 * torch.randn(columns, FREQUENCIES))
        scale = (2 * FREQUENCIES) ** -0.5
        self.weights = nn.Parameter(scale * torch.randn(columns, 2 * FREQUENCIES, PERIODIC))
        self.biases = nn.Parameter(torch.zeros(columns, PERIODIC))

    def forward(self, numbers: Tensor) -> Tensor:
        """Map scaled numbers [n, columns] to [n, columns * PERIODIC]."""
        angles = 2 * math.pi * numbers[:, :, None] * self.frequencies
        waves = torch.cat([torch.sin(angles), torch.cos(angles)], dim=2)
        found = torch.relu((waves[:, :, :, None] * self.weights).sum(2) + self.biases)
        return found.flatten(1)


class Network(nn.Module):
    """Numbers and an embedding for each code, then hidden layers with relu."""

    def __init__(self, settings: Config, facts: Facts) -> None:
        super().__init__()
        shape, numbers = settings.model, number_columns(facts["columns"])
        self.numbers = len(numbers)
        self.periodic = Periodic(len(numbers)) if shape.periodic and numbers else None
        self.tables = nn.ModuleList(
            nn.Embedding(size, shape.embedding) for size in sizes(facts["columns"])
        )
        width = self.numbers + shape.embedding * len(self.tables)
        width += PERIODIC * self.numbers if self.periodic else 0
        layers: list[nn.Module] = []
        for _ in range(shape.layers):
            layers += [nn.Linear(width, shape.width), nn.ReLU(), nn.Dropout(shape.dropout)]
            width = shape.width
        layers.append(nn.Linear(width, len(facts["target"].get("classes", "1"))))
        self.layers = nn.Sequential(*layers)

    def forward(self, first: Tensor, second: Tensor | None = None) -> Tensor:
        """Map numbers [n, ...] and codes [n, ...] to logits [n, classes], or a value [n, 1].

        A table that has only one of them gives that one.
        """
        parts: list[Tensor] = []
        codes = first if second is None else second
        if self.numbers:
            parts.append(first)
            if self.periodic is not None:
                parts.append(self.periodic(first))
        parts += [table(codes[:, place]) for place, table in enumerate(self.tables)]
        found: Tensor = self.layers(torch.cat(parts, dim=1))
        return found


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the columns and the target that `facts` name."""
    return Network(settings, facts)


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
    """The trained network as its users see it: columns in, probabilities or values out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.target = facts["target"]

    def forward(self, first: Tensor, second: Tensor | None = None) -> tuple[Tensor]:
        """Map numbers and codes to probabilities [n, classes], or to values [n, 1]."""
        found = self.network(first, second)
        if "classes" in self.target:
            return (torch.softmax(found, dim=1),)
        value = found * self.target["scale"] + self.target["mean"]
        if self.target["log"]:
            # Where exp would turn a small mistake into a huge one: no farther than was seen.
            value = torch.exp(torch.clamp(value, self.target["low"], self.target["high"]))
        return (value,)


def class_weights(target: Tensor, settings: Config, facts: Facts) -> Tensor:
    """Return how much each row counts: one, or more the rarer its class is; [n]."""
    counts = facts["target"].get("counts")
    if settings.train.class_weights == "none" or counts is None:
        return torch.ones(len(target), device=target.device)
    balanced = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
    return torch.tensor(balanced, device=target.device)[target.long()]


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each row."""
    return len(batch["target"])


def loss(
    network: Callable[..., Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of cross entropies, in nats, or of squared errors of the scaled target."""
    target, about = batch["target"], facts["target"]
    found = network(*(batch[name] for name in ("numbers", "codes") if name in batch))
    if "classes" in about:
        losses = functional.cross_entropy(found, target.long(), reduction="none")
        return (losses * class_weights(target, settings, facts)).sum(), []
    wanted = torch.log(target) if about["log"] else target
    wanted = (wanted - about["mean"]) / about["scale"]
    return functional.mse_loss(found, wanted, reduction="sum"), []


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes: everything, in one group."""
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
