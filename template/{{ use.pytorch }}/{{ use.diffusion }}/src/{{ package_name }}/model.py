"""The network: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .network import GROUP, Network
from .sampler import TO_NUMBERS
from .signature import Predict

Facts = dict[str, Any]

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the images and classes that `facts` name."""
    height, width, colours = facts["shape"]
    channels = -(-settings.model.channels // GROUP) * GROUP
    network = Network((height, width, colours), len(facts["classes"]), channels)
    return network.to(memory_format=torch.channels_last)


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
    """The trained network as its users see it: noisy images in, velocities out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, times: Tensor, labels: Tensor) -> tuple[Tensor]:
        """Map images [n, h, w, c], times [n, 1] and labels [n, 1] to velocities [n, h, w, c]."""
        found = self.network(images.permute(0, 3, 1, 2), times[:, 0], labels[:, 0])
        return (found.permute(0, 2, 3, 1),)


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each image."""
    return len(batch["labels"])


def loss(
    network: Callable[[Tensor, Tensor, Tensor], Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum over images of the velocities' mean squared errors.

    An image lies on the straight way from noise (time 0) to itself (time 1), and the velocity is
    the way's own. Times in the middle are drawn most often. Sources: Y. Lipman et al. (2022), Flow
    Matching for Generative Modeling, arXiv:2210.02747; P. Esser et al. (2024), Scaling Rectified
    Flow Transformers for High-Resolution Image Synthesis, arXiv:2403.03206.
    """
    images, train = batch["images"].permute(0, 3, 1, 2), settings.train
    if images.dtype == torch.uint8:
        images = images.float() / 255
    images = TO_NUMBERS * images - 1
    if train.flip:
        mirrored = chance.uniform(1, 1, 1) < 0.5
        images = torch.where(mirrored, images.flip(3), images)
    hidden = chance.uniform() < train.label_dropout
    labels = torch.where(hidden, len(facts["classes"]), batch["labels"].long())
    times = torch.sigmoid(chance.normal())
    noise = chance.normal(*images.shape[1:])
    shares = times[:, None, None, None]
    found = network(shares * images + (1 - shares) * noise, times, labels)
    errors = (found.float() - (images - noise)) ** 2
    return errors.mean((1, 2, 3)).sum(), []


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes: everything, in one group."""
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
