"""A network that is made new: residual stages, as many as the images' size asks for."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from .stages import EPSILON, groups


class Convolution(nn.Sequential):
    """A 3x3 convolution, normalisation and relu, which every runtime has."""

    def __init__(self, taken: int, given: int, norm: str, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(taken, given, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(given) if norm == "batch" else nn.GroupNorm(groups(given), given),
            nn.ReLU(),
        )


class Stage(nn.Module):
    """Half the height and width, then a convolution that is added to what it was made from.

    Source of residual layers: K. He et al. (2016), Deep Residual Learning for Image Recognition,
    arXiv:1512.03385.
    """

    def __init__(self, taken: int, given: int, norm: str) -> None:
        super().__init__()
        self.smaller = Convolution(taken, given, norm, stride=2)
        self.residual = Convolution(given, given, norm)

    def forward(self, features: Tensor) -> Tensor:
        """Map [n, taken, height, width] to [n, given, height / 2, width / 2]."""
        smaller: Tensor = self.smaller(features)
        residual: Tensor = self.residual(smaller)
        return smaller + residual


class Network(nn.Module):
    """A convolution, stages, the mean over the whole map, and one linear layer."""

    def __init__(
        self,
        colours: int,
        stride: int,
        widths: list[int],
        classes: int,
        norm: str,
        standardise: bool,
    ) -> None:
        super().__init__()
        self.standardise = standardise
        stages = [Stage(a, b, norm) for a, b in itertools.pairwise(widths)]
        self.features = nn.Sequential(Convolution(colours, widths[0], norm, stride), *stages)
        self.classifier = nn.Linear(widths[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, height, width, channels] in 0..1 to logits [n, classes]."""
        # A view: the pixels stay where they are, in the order that PyTorch calls channels_last.
        pixels = images.permute(0, 3, 1, 2)
        if self.standardise:
            pixels = standardise(pixels)
        maps = self.features(pixels)
        # Not `mean`, whose gradients are in another order than the maps: a tenth of a step's time.
        means = functional.avg_pool2d(maps, maps.shape[2:])
        logits: Tensor = self.classifier(means.flatten(1))
        return logits


def standardise(pixels: Tensor) -> Tensor:
    """Take each channel's mean out of each image [n, channels, height, width], and the contrast."""
    centred = pixels - mean(pixels)
    variance = mean(centred.square()).mean(1, keepdim=True)
    return centred * torch.rsqrt(variance + EPSILON)


def mean(pixels: Tensor) -> Tensor:
    """Return the mean of each channel, [n, channels, 1, 1].

    First along rows, then along columns: some runtimes add one number after the other, and a sum
    of thousands loses digits that dividing by a small contrast would show.
    """
    return pixels.mean(3, keepdim=True).mean(2, keepdim=True)
