"""What happens at which step: batches, learning rates, events. All of it a function of the step.

Nothing here remembers anything, so a run that was killed goes on as if it never had been.
"""

from dataclasses import dataclass

import numpy as np

from .config import TrainSettings

WARM_UP = 0.3  # share of the steps in which the learning rate rises
START, END = 1 / 25, 1 / 10_000  # first and last learning rate, as shares of the peak


@dataclass(frozen=True)
class Schedule:
    """The plan of one training of `samples` samples."""

    samples: int
    settings: TrainSettings

    @property
    def batch_size(self) -> int:
        """Samples per step: never more than there are."""
        return min(self.settings.batch_size, self.samples)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in one pass; the rest of the samples gets its turn in other epochs."""
        return self.samples // self.batch_size

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.steps or self.settings.epochs * self.steps_per_epoch

    def epoch(self, step: int) -> float:
        """Passes over the data that are done after `step` steps."""
        return round(step / self.steps_per_epoch, 4)

    def rows(self, first: int, last: int) -> np.ndarray:
        """Pick the samples of steps `first` to `last - 1`: int32 [last - first, batch_size].

        The order within an epoch depends on the seed and the epoch's number alone.
        """
        epochs = range(first // self.steps_per_epoch, (last - 1) // self.steps_per_epoch + 1)
        used = self.steps_per_epoch * self.batch_size
        orders = [
            np.random.default_rng((self.settings.seed, epoch)).permutation(self.samples)[:used]
            for epoch in epochs
        ]
        batches = np.concatenate(orders).reshape(-1, self.batch_size).astype(np.int32)
        offset = epochs[0] * self.steps_per_epoch
        return batches[first - offset : last - offset]

    def learning_rates(self, first: int, last: int) -> np.ndarray:
        """One-cycle schedule with cosines, float32 [last - first].

        Source: L. N. Smith and N. Topin (2018), Super-Convergence, arXiv:1708.07120.
        """
        done = np.arange(first, last) / max(self.steps - 1, 1)
        rise = START + (1 - START) * (1 - np.cos(np.pi * done / WARM_UP)) / 2
        fall = END + (1 - END) * (1 + np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
        shares = np.where(done < WARM_UP, rise, fall)
        return (self.settings.learning_rate * shares).astype(np.float32)

    def next_event(self, step: int) -> int:
        """Find the next step after `step` at which something is logged, saved or over."""
        log, save = self.settings.log_every, self.settings.checkpoint_every
        return min((step // log + 1) * log, (step // save + 1) * save, self.steps)

    def is_checkpoint(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps."""
        return step % self.settings.checkpoint_every == 0 or step == self.steps
