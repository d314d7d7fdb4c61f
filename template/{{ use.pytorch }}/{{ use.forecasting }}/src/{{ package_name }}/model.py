"""The network: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .histories import width
from .intervals import widening
from .scaling import MOST
from .signature import Predict

Facts = dict[str, Any]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


class Network(nn.Module):
    """A linear layer from the last values to three quantiles of each step, for scaled histories.

    The `mlp` adds two hidden layers to it. What further columns add to a value is learned from one
    moment alone: it is taken off the history and put onto the forecast.
    """

    def __init__(self, settings: Config, facts: Facts) -> None:
        super().__init__()
        self.length, self.horizon = facts["length"], facts["horizon"]
        shape, outputs = settings.model, 3 * self.horizon
        self.linear = nn.Linear(self.length, outputs)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.effect = None
        if facts["columns"]:
            columns = width(facts["columns"])
            self.effect = nn.Sequential(nn.Linear(columns, 32), nn.ReLU(), nn.Linear(32, 1))
        self.hidden = None
        if shape.kind == "mlp":
            last = nn.Linear(shape.width, outputs)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.hidden = nn.Sequential(
                *(nn.Linear(self.length, shape.width), nn.ReLU(), nn.Dropout(shape.dropout)),
                *(nn.Linear(shape.width, shape.width), nn.ReLU(), last),
            )
        self.widening: Tensor
        self.register_buffer("widening", torch.ones(1))

    def forward(self, history: Tensor, known: Tensor | None = None) -> Tensor:
        """Map scaled histories [n, length] and further columns to quantiles [n, horizon, 3]."""
        added: Tensor | float = 0.0
        if self.effect is not None and known is not None:
            effect = self.effect(known).squeeze(2)
            history = history - effect[:, : self.length]
            added = effect[:, self.length :]
        last = history[:, -1:]
        found = self.linear(history - last)
        if self.hidden is not None:
            found = found + self.hidden(history)
        # Of each step the middle, and how far below and above it, less 1, the interval ends.
        middle, below, above = torch.chunk(found, 3, dim=1)
        middle = middle + last + added
        low = middle - torch.relu(1 + below) * self.widening
        high = middle + torch.relu(1 + above) * self.widening
        return torch.stack([low, middle, high], dim=2)


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the windows that `facts` describe."""
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
    """Widen the intervals of a trained network, so that validation data lie in them as they should.

    `predict` answers with this network, and so with what is changed here.
    """
    factors = torch.from_numpy(widening(predict, dataset.validation, dataset.facts))
    network.get_buffer("widening").copy_(factors)


def measure(history: Tensor, facts: Facts) -> tuple[Tensor, Tensor, Tensor]:
    """Return the history, or its logarithm, with its mean and its spread, each [n, 1]."""
    if facts["log"]:
        history = torch.log(torch.clamp(history, min=facts["scale"]["floor"]))
    level = history.mean(dim=1, keepdim=True)
    variance = torch.square(history - level).mean(dim=1, keepdim=True)
    return history, level, torch.sqrt(variance + facts["scale"]["least"] ** 2)


class ServingModule(nn.Module):
    """The trained network as its users see it: histories in, quantiles out, in their own unit."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.facts = facts

    def forward(self, history: Tensor, known: Tensor | None = None) -> tuple[Tensor]:
        """Map histories [n, length] and further columns to quantiles [n, horizon, 3]."""
        history, level, spread = measure(history, self.facts)
        found = self.network((history - level) / spread, known)
        found = found * spread[:, :, None] + level[:, :, None]
        if self.facts["log"]:
            found = torch.exp(torch.clamp(found, -MOST, MOST))
        return (found,)


class ScaledModule(nn.Module):
    """The trained network for inputs and outputs that `scaling.py` scales outside."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network

    def forward(self, history: Tensor, known: Tensor | None = None) -> tuple[Tensor]:
        """Map scaled histories and further columns to scaled quantiles [n, horizon, 3]."""
        return (self.network(history, known),)


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each value that was there."""
    return max(float(batch["observed"].sum()), 1.0)


def loss(
    network: Callable[..., Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of the quantile losses, of logarithms or of errors in the series' scale."""
    history, level, spread = measure(batch["history"], facts)
    known = [batch["known"]] if "known" in batch else []
    found = network((history - level) / spread, *known)
    found = found * spread[:, :, None] + level[:, :, None]
    truth, observed = batch["target"], batch["observed"]
    if facts["log"]:
        truth = torch.log(torch.clamp(truth, min=facts["scale"]["floor"]))
    else:
        scale = torch.clamp(batch["scale"], min=facts["scale"]["least"])
        truth, found = truth / scale, found / scale[:, :, None]
    shares = torch.tensor([0.1, 0.5, 0.9], device=truth.device)
    errors = truth[:, :, None] - found
    losses = torch.maximum(shares * errors, (shares - 1) * errors).mean(dim=2)
    return (losses * observed).sum(), []


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes: everything, in one group."""
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
