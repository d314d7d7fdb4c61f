"""The network and its loss."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .task import ModelSettings


class Network(nn.Module):
    """Two blocks of convolution, normalisation, relu and pooling, then one linear layer.

    relu, because every runtime that a model may be exported to has it.
    """

    def __init__(self, settings: ModelSettings, input_shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        height, width, colours = input_shape
        narrow, wide = settings.channels, 2 * settings.channels
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


class Answer(nn.Module):
    """The trained network as its users see it: images in, probabilities [n, classes] out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, height, width, channels] in 0..1 to probabilities [n, classes]."""
        return torch.softmax(self.network(images), dim=1)


def loss(logits: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
    """Return the mean cross entropy, in nats; targets are class numbers [n]."""
    return functional.cross_entropy(logits, targets, label_smoothing=label_smoothing)


def score(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the accuracy on a batch, 0 to 1: what the progress bar shows beside the loss."""
    return (logits.argmax(1) == targets).float().mean()
