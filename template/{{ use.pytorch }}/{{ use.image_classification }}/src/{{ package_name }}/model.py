"""The network: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import backbone, features, fine_tuning
from .augment import augment, mixed
from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .fine_tuning import class_weights
from .network import Network
from .signature import Predict
from .stages import standardised, widths

Facts = dict[str, Any]

FIGURES = ("accuracy",)  # what `loss` returns beside the loss, for the progress bar


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the images and classes that `facts` name."""
    classes = len(facts["classes"])
    if settings.model.backbone:
        network: nn.Module = backbone.build(settings.model, facts["shape"], classes)
    else:
        stride, channels = widths(facts["shape"], settings.model.channels)
        standardise = standardised(settings, facts)
        norm = settings.model.norm
        network = Network(facts["shape"][-1], stride, channels, classes, norm, standardise)
    return network.to(memory_format=torch.channels_last)


def initialize(network: nn.Module, settings: Config) -> None:
    """Fill in pretrained weights where there is a backbone; UserError when they do not load."""
    if isinstance(network, backbone.Backbone):
        backbone.initialize(network, settings.model)


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence; empty where they are new."""
    return backbone.starts_from(settings.model) if settings.model.backbone else ""


def precompute(network: nn.Module, split: Split, settings: Config) -> Split:
    """Return the split to learn from: with features for images where no layer below learns."""
    if isinstance(network, backbone.Backbone) and features.can_be_kept(settings):
        return backbone.precompute(network, split)
    return split


def calibrate(network: nn.Module, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(nn.Module):
    """The trained network as its users see it: images in, probabilities out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Map images [n, height, width, channels] in 0..1 to probabilities [n, classes]."""
        return (torch.softmax(self.network(images), dim=1),)


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each image."""
    return len(batch["labels"])


def loss(
    network: Callable[[Tensor], Tensor],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of the cross entropies, in nats, and the sums of the FIGURES."""
    labels = batch["labels"].long()
    if "features" in batch:
        return losses_of(network(batch["features"]), labels, labels, settings, facts)
    images = batch["images"]
    if images.dtype == torch.uint8:
        images = images.float() / 255
    images = augment(images, settings.data, chance)
    wanted = labels
    if settings.data.mixup:
        shares = functional.one_hot(labels, len(facts["classes"])).float()
        images, wanted = mixed(images, shares, settings.data.mixup, chance)
    return losses_of(network(images), wanted, labels, settings, facts)


def losses_of(
    logits: Tensor, wanted: Tensor, labels: Tensor, settings: Config, facts: Facts
) -> tuple[Tensor, list[Tensor]]:
    """Return the sums of cross entropies and of FIGURES; `wanted` are classes, or their shares."""
    losses = functional.cross_entropy(
        logits, wanted, label_smoothing=settings.train.label_smoothing, reduction="none"
    )
    if settings.train.class_weights == "balanced":
        balance = class_weights(settings, facts["counts"])
        losses = losses * torch.tensor(balance, device=labels.device)[labels]
    # An image that another one is mixed into is still the larger part.
    right = (logits.detach().argmax(1) == labels).sum()
    return losses.sum(), [right]


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes, in the groups that `rate_shares` has rates for."""
    if isinstance(network, backbone.Backbone):
        return network.groups()
    return [list(network.parameters())]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups], from the epochs done."""
    return fine_tuning.rate_shares(settings, epochs)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
