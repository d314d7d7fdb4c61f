"""The network: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import encoder, ngrams, pretrained
from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .signature import Predict

Facts = dict[str, Any]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


class Runs(nn.Module):
    """A table with a row for each run of a few bytes; the rows of a text are added up."""

    def __init__(self, factors: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.factors = factors
        self.table = nn.Embedding(ngrams.rows(factors), width)
        nn.init.normal_(self.table.weight, std=0.1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [n, length], 0 where there is none, to sums [n, width]."""
        there = (tokens > 0).to(self.table.weight.dtype)
        length = tokens.shape[1]
        # A run begins one byte before each place: the first one tells how a text begins.
        padded = functional.pad(tokens, (1, len(self.factors) - 2))
        rows = torch.zeros_like(tokens)
        for place, factor in enumerate(self.factors):
            rows = rows + factor * padded[:, place : place + length]
        # A product adds up the rows of the places where there is a byte.
        share = there.mean(1, keepdim=True) + 1 / length
        return torch.bmm((there * torch.rsqrt(share))[:, None, :], self.table(rows))[:, 0]


class Network(nn.Module):
    """Sums of runs of two bytes, of three and so on, then a linear layer."""

    def __init__(self, settings: Config, facts: Facts) -> None:
        super().__init__()
        shape, factors = settings.model, ngrams.factors(settings.model.ngrams)
        self.runs = nn.ModuleList(Runs(each, shape.embedding) for each in factors)
        self.dropout = nn.Dropout(shape.dropout)
        self.last = nn.Linear(len(factors) * shape.embedding, len(facts["classes"]))
        # Long texts have larger sums, and so surer answers; their scale at the start is about one.
        self.scale = facts["length"] ** -0.5

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens, int32 [n, length], to logits [n, classes]."""
        sums = torch.cat([runs(tokens) for runs in self.runs], dim=1)
        found: Tensor = self.last(self.dropout(self.scale * sums))
        return found


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the length and the classes that `facts` name."""
    if "encoder" in facts:
        return pretrained.Pretrained(settings.model.dropout, facts)
    return Network(settings, facts)


def initialize(network: nn.Module, settings: Config) -> None:
    """Fill in pretrained weights where there is an encoder; UserError when they do not load."""
    if isinstance(network, pretrained.Pretrained):
        pretrained.initialize(network, settings)


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence; empty where they are new."""
    return encoder.starts_from(settings.data) if settings.data.encoder else ""


def precompute(network: nn.Module, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is."""
    return split


def calibrate(network: nn.Module, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(nn.Module):
    """The trained network as its users see it: tokens in, probabilities out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> tuple[Tensor]:
        """Map tokens, int32 [n, length], to probabilities [n, classes]."""
        return (torch.softmax(self.network(tokens), dim=1),)


def class_weights(target: Tensor, settings: Config, facts: Facts) -> Tensor:
    """Return how much each text counts: one, or more the rarer its class is; [n]."""
    counts = facts["counts"]
    if settings.train.class_weights == "none":
        return torch.ones(len(target), device=target.device)
    balanced = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
    return torch.tensor(balanced, device=target.device)[target.long()]


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each text."""
    return len(batch["target"])


def loss(
    network: Callable[..., Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of cross entropies, in nats."""
    target = batch["target"]
    losses = functional.cross_entropy(network(batch["tokens"]), target.long(), reduction="none")
    return (losses * class_weights(target, settings, facts)).sum(), []


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes, in the groups that `rate_shares` has rates for."""
    if isinstance(network, pretrained.Pretrained):
        return network.groups()
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]."""
    shares = [settings.train.encoder_rate, 1] if settings.data.encoder else [1]
    return np.tile(np.array(shares, np.float32), (len(epochs), 1))


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
