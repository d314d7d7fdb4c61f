"""A small U-Net that tells how a noisy image has to move, for a time and a class."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

BUMPS = 32  # by which the network sees the time
GROUP = 8  # channels that are normalised together
SMALLEST, WIDEST = 4, 4  # pixels of the smallest size; times as many channels, at most
ATTENTION = 8  # pixels of a side at which every place sees all others


class Block(nn.Module):
    """Two convolutions beside a short cut; the time and the class are added between them."""

    def __init__(self, inside: int, outside: int, condition: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.GroupNorm(inside // GROUP, inside),
            nn.SiLU(),
            nn.Conv2d(inside, outside, 3, padding=1),
        )
        self.condition = nn.Linear(condition, 2 * outside)
        self.norm = nn.GroupNorm(outside // GROUP, outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        self.short_cut = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        """Map [n, inside, h, w] and [n, condition] to [n, outside, h, w]."""
        scale, shift = self.condition(condition)[:, :, None, None].chunk(2, dim=1)
        found = self.norm(self.first(images)) * (1 + scale) + shift
        changed: Tensor = self.second(functional.silu(found)) + self.short_cut(images)
        return changed


class Attention(nn.Module):
    """Every place of a small image sees all others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(channels // GROUP, channels)
        self.inside = nn.Linear(channels, 3 * channels)
        self.outside = nn.Linear(channels, channels)
        nn.init.zeros_(self.outside.weight)
        self.heads = max(channels // 32, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map [n, channels, h, w] to the same shape."""
        n, channels, height, width = images.shape
        places = self.norm(images).flatten(2).transpose(1, 2)
        parts = self.inside(places).reshape(n, height * width, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        seen = self.outside(seen.transpose(1, 2).reshape(n, height * width, channels))
        found: Tensor = images + seen.transpose(1, 2).reshape(n, channels, height, width)
        return found


def sizes(height: int, width: int) -> int:
    """Count the sizes at which a network looks at an image: each is half of the one before it."""
    return max(int(math.log2(max(min(height, width) / SMALLEST, 1))) + 1, 1)


class Network(nn.Module):
    """A U-Net: down to small images with many channels, and up again.

    Source: O. Ronneberger et al. (2015), U-Net, arXiv:1505.04597; with the time and the class as
    in P. Dhariwal and A. Nichol (2021), Diffusion Models Beat GANs, arXiv:2105.05233.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, channels: int) -> None:
        super().__init__()
        self.height, self.width, colours = shape
        count = sizes(self.height, self.width)
        widths = [min(2**level, WIDEST) * channels for level in range(count)]
        self.multiple = 2 ** (count - 1)
        condition = 4 * channels
        self.time = nn.Sequential(
            nn.Linear(BUMPS, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.label = nn.Embedding(classes + 1, condition)
        self.begin = nn.Conv2d(colours, channels, 3, padding=1)
        self.down, self.smaller = nn.ModuleList(), nn.ModuleList()
        for level, wide in enumerate(widths):
            self.down.append(Block(wide, wide, condition))
            if level + 1 < count:
                self.smaller.append(nn.Conv2d(wide, widths[level + 1], 3, 2, padding=1))
        self.attention = Attention(widths[-1])
        self.middle = Block(widths[-1], widths[-1], condition)
        self.up, self.larger = nn.ModuleList(), nn.ModuleList()
        for level in reversed(range(count - 1)):
            self.larger.append(nn.Conv2d(widths[level + 1], widths[level], 3, padding=1))
            self.up.append(Block(2 * widths[level], widths[level], condition))
        self.norm = nn.GroupNorm(channels // GROUP, channels)
        self.end = nn.Conv2d(channels, colours, 3, padding=1)
        nn.init.zeros_(self.end.weight)

    def forward(self, images: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        """Map images [n, colours, h, w], times [n] and labels [n] to velocities like the images."""
        condition = functional.silu(self.time(bumps(times)) + self.label(labels))
        found = self.begin(self.padded(images))
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            found = block(found, condition)
            if level < len(self.smaller):
                kept.append(found)
                found = self.smaller[level](found)
        found = self.middle(self.attention(found), condition)
        for larger, block in zip(self.larger, self.up, strict=True):
            found = larger(functional.interpolate(found, scale_factor=2.0))
            found = block(torch.cat([found, kept.pop()], dim=1), condition)
        velocities: Tensor = self.end(functional.silu(self.norm(found)))
        return velocities[:, :, : self.height, : self.width]

    def padded(self, images: Tensor) -> Tensor:
        """Add rows and columns of zeros, so that every size can be halved."""
        rows, columns = -self.height % self.multiple, -self.width % self.multiple
        if not rows and not columns:
            return images
        return functional.pad(images, (0, columns, 0, rows))


def bumps(times: Tensor) -> Tensor:
    """Show each time as how near it is to evenly spread ones: [n] to [n, BUMPS].

    Sines of large angles, which are usual here, differ between kinds of processors.
    """
    centres = torch.linspace(0, 1, BUMPS, device=times.device)
    return torch.exp(-0.5 * ((times[:, None] - centres) * BUMPS) ** 2)
