"""Training images that differ a little each time that they are seen."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from .chance import Chance
from .task import DataSettings

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


def augment(images: Tensor, settings: DataSettings, chance: Chance) -> Tensor:
    """Change images [n, height, width, channels] in 0..1 at random, as the settings say."""
    if settings.augment or settings.flip or settings.crop:
        images = moved(images, settings, chance)
    if settings.colour_jitter:
        images = coloured(images, settings.colour_jitter, chance)
    return images


def moved(images: Tensor, settings: DataSettings, chance: Chance) -> Tensor:
    """Rotate, scale, shift, mirror and zoom in one step, so that pixels are mixed once only."""
    count = len(images)
    angle, scale = images.new_zeros(count), images.new_ones(count)
    mirror, right, down = scale, angle, angle  # left and right as they are; no shift
    # Shifts are in half images, as affine_grid measures.
    if settings.augment:
        draws = chance.uniform(4, low=-1, high=1)
        angle, scale = draws[:, 0] * ROTATION, 1 + draws[:, 1] * SCALE
        right, down = draws[:, 2] * 2 * SHIFT, draws[:, 3] * 2 * SHIFT
    if settings.flip:
        mirror = torch.where(chance.uniform() < 0.5, -1.0, 1.0)
    if settings.crop:
        zoom = 1 - settings.crop * chance.uniform()
        place = chance.uniform(2, low=-1, high=1) * (1 - zoom)[:, None]
        scale, right, down = scale * zoom, right + place[:, 0], down + place[:, 1]
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([mirror * cosine, -sine, right, mirror * sine, cosine, down], dim=1)
    channels_first = images.permute(0, 3, 1, 2)
    size = list(channels_first.shape)
    grid = functional.affine_grid(matrix.view(-1, 2, 3), size, align_corners=False)
    found = functional.grid_sample(channels_first, grid, align_corners=False)
    return found.permute(0, 2, 3, 1)


def coloured(images: Tensor, strength: float, chance: Chance) -> Tensor:
    """Change brightness, contrast and the strength of each channel by up to `strength`."""

    def factors(channels: int) -> Tensor:
        drawn = chance.uniform(channels, low=-strength, high=strength)
        return 1 + drawn[:, None, None, :]

    middle = images.mean((1, 2, 3), keepdim=True)
    contrasted = (images - middle) * factors(1) + middle
    return (contrasted * factors(1) * factors(images.shape[3])).clamp(0, 1)


def mixed(images: Tensor, wanted: Tensor, most: float, chance: Chance) -> tuple[Tensor, Tensor]:
    """Mix images, and what is wanted of them [n, classes], with those beside them in the batch.

    The partner's share is drawn from 0 to `most`. A step that is computed in parts of an even
    number of images has the same pairs; the last one of an odd number stays as it is.
    Source: H. Zhang et al. (2018), mixup, arXiv:1710.09412.
    """
    share = chance.uniform(1, high=most)
    pixels = share[:, :, None, None]
    partners = (torch.arange(len(images), device=images.device) ^ 1).clamp(max=len(images) - 1)
    images = images * (1 - pixels) + images[partners] * pixels
    return images, wanted * (1 - share) + wanted[partners] * share
