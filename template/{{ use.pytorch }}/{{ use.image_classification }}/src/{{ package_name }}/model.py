"""The network: how it is built, what it learns from, and the module that is served."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .chance import Chance
from .config import Config

Facts = dict[str, Any]

FIGURES = ("accuracy",)  # what `loss` returns beside the loss, for the progress bar

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


class Network(nn.Module):
    """Two blocks of convolution, normalisation, relu and pooling, then one linear layer.

    relu, because every runtime that a model may be exported to has it.
    """

    def __init__(self, height: int, width: int, colours: int, classes: int, channels: int) -> None:
        super().__init__()
        narrow, wide = channels, 2 * channels
        self.features = nn.Sequential(
            nn.Conv2d(colours, narrow, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(narrow, wide, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(wide * (height // 4) * (width // 4), classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, height, width, channels] in 0..1 to logits [n, classes]."""
        # A view: the pixels stay where they are, in the order that PyTorch calls channels_last.
        features = self.features(images.permute(0, 3, 1, 2))  # [n, wide, height / 4, width / 4]
        logits: Tensor = self.classifier(features.flatten(1))
        return logits


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network with new weights, for the images and classes that `facts` name."""
    height, width, colours = facts["shape"]
    classes, channels = len(facts["classes"]), settings.model.channels
    network = Network(height, width, colours, classes, channels)
    return network.to(memory_format=torch.channels_last)


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
    images, labels = batch["images"].float() / 255, batch["labels"].long()
    if settings.data.augment:
        images = augment(images, chance)
    logits = network(images)
    smoothing = settings.train.label_smoothing
    total = functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")
    right = (logits.detach().argmax(1) == labels).sum()
    return total, [right]


def augment(images: Tensor, chance: Chance) -> Tensor:
    """Rotate, scale and shift each image at random; [n, height, width, channels] in and out."""
    draws = chance.uniform(4, low=-1, high=1)
    angle, scale = draws[:, 0] * ROTATION, 1 + draws[:, 1] * SCALE
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    # affine_grid measures in half images, hence the 2.
    right, down = draws[:, 2] * 2 * SHIFT, draws[:, 3] * 2 * SHIFT
    matrix = torch.stack([cosine, -sine, right, sine, cosine, down], dim=1).view(-1, 2, 3)
    channels_first = images.permute(0, 3, 1, 2)
    grid = functional.affine_grid(matrix, list(channels_first.shape), align_corners=False)
    moved = functional.grid_sample(channels_first, grid, align_corners=False)
    return moved.permute(0, 2, 3, 1)


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """Return what the optimizer changes: everything."""
    return list(network.parameters())


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: everything."""
    return network.state_dict()
