"""Random numbers that follow from the seed and the step, and from nothing else."""

import numpy as np
import torch
from torch import Tensor


class Chance:
    """Draws for some rows of one step's batch, the same however the batch is divided or resumed.

    The numbers of the whole batch are drawn, and those of `rows` are given: so a step that is
    computed in parts, or by several processes, sees what it would see in one piece.
    """

    def __init__(
        self, seed: int, step: int, batch_size: int, rows: slice, device: torch.device
    ) -> None:
        self.batch_size = batch_size
        self.rows = rows
        self.generator = torch.Generator(device)
        # PyTorch's generator for CPUs looks at 32 bits of its seed only, so both are mixed first.
        mixed = np.random.SeedSequence((seed, step)).generate_state(1)[0]
        self.generator.manual_seed(int(mixed))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw evenly from low to high: float32 [rows, *shape]."""
        drawn = torch.empty(self.batch_size, *shape, device=self.generator.device)
        return drawn.uniform_(low, high, generator=self.generator)[self.rows]

    def normal(self, *shape: int) -> Tensor:
        """Draw from the standard normal distribution: float32 [rows, *shape]."""
        drawn = torch.empty(self.batch_size, *shape, device=self.generator.device)
        return drawn.normal_(generator=self.generator)[self.rows]
