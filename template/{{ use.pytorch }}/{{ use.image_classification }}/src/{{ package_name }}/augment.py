"""Small random changes of the training images, so that the network learns what does not matter."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(12)
SCALE = 0.1
SHIFT = 0.11  # of the image's size: 0.9 of 8 pixels


def augment(images: Tensor, seed: int, step: int) -> Tensor:
    """Rotate, scale and shift each image at random; [n, height, width, channels] in and out.

    The changes follow from the seed and the step: a resumed run makes the same ones again.
    """
    n = len(images)
    # Four numbers in -1..1 per image; NumPy draws them, so they are the same on every device.
    numbers = np.random.default_rng((seed, step)).uniform(-1, 1, (4, n)).astype(np.float32)
    draws = torch.from_numpy(numbers)
    angle, scale = draws[0] * ROTATION, 1 + draws[1] * SCALE
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    # affine_grid measures in half images, hence the 2.
    right, down = draws[2] * 2 * SHIFT, draws[3] * 2 * SHIFT
    matrix = torch.stack([cosine, -sine, right, sine, cosine, down], dim=1).view(n, 2, 3)
    channels_first = images.permute(0, 3, 1, 2)
    grid = functional.affine_grid(
        matrix.to(images.device), list(channels_first.shape), align_corners=False
    )
    moved = functional.grid_sample(channels_first, grid, align_corners=False)
    return moved.permute(0, 2, 3, 1)
