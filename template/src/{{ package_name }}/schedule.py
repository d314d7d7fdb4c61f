"""What happens at which step: batches, learning rates, events. All of it a function of the step.

Nothing here remembers anything, so a run that was killed goes on as if it never had been.
"""

from dataclasses import dataclass

import numpy as np

from .errors import UserError
from .settings import TrainSettings

START, END = 1 / 25, 1 / 10_000  # first and last learning rate of one-cycle, as shares of the peak


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

    @property
    def average_decay(self) -> float:
        """The decay of the average of the weights, over a tenth of the steps at most; 0 is off.

        A longer average would still be made of weights that have hardly learnt.
        """
        return max(min(self.settings.average_decay, 1 - 10 / self.steps), 0.0)

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

    def share(self, rank: int, size: int) -> slice:
        """Return the rows of every batch that one of `size` processes computes.

        Raises UserError when a batch does not divide: a smaller share would make a step wait.
        """
        if self.batch_size % size:
            near = max(self.batch_size // size, 1) * size
            raise UserError(
                f"a batch of {self.batch_size} cannot be divided among {size} processes;"
                f" try --batch-size {near} or {near + size}"
            )
        rows = self.batch_size // size
        return slice(rank * rows, (rank + 1) * rows)

    def parts(self, share: slice) -> list[slice]:
        """Divide a process's share of a batch into the parts in which it is computed."""
        first, last = share.start, share.stop
        size = -(-(last - first) // self.settings.accumulate)
        return [slice(i, min(i + size, last)) for i in range(first, last, size)]

    def learning_rates(self, first: int, last: int) -> np.ndarray:
        """Give the learning rate of each step, float32 [last - first].

        `one_cycle` rises and falls with cosines, `cosine` rises in a straight line and falls to 0
        with a cosine, `constant` rises in a straight line and stays. Sources: L. N. Smith and
        N. Topin (2018), Super-Convergence, arXiv:1708.07120; I. Loshchilov and F. Hutter (2017),
        SGDR, arXiv:1608.03983.
        """
        last_step, kind = max(self.steps - 1, 1), self.settings.schedule
        steps = np.arange(first, last)
        done = steps / last_step
        top = self.settings.warm_up  # the share of the steps after which the rate is at its peak
        risen = np.minimum(done / top, 1) if top else np.ones(len(done))
        fallen = np.maximum(done - top, 0) / (1 - top)
        down = (1 + np.cos(np.pi * fallen)) / 2  # 1 until the peak, then down to 0
        if kind == "one_cycle":
            up = START + (1 - START) * (1 - np.cos(np.pi * risen)) / 2
            shares = np.where(done < top, up, END + (1 - END) * down)
        else:
            # A first step with a rate of exactly 0 would be wasted.
            up = np.minimum((steps + 1) / (top * last_step + 1), 1)
            shares = up * down if kind == "cosine" else up
        return (self.settings.learning_rate * shares).astype(np.float32)

    def epochs(self, first: int, last: int) -> np.ndarray:
        """Passes over the data that are done before each step, float64 [last - first]."""
        return np.arange(first, last) / self.steps_per_epoch

    def next_event(self, step: int) -> int:
        """Find the next step after `step` at which something is logged, saved or over."""
        log = self.settings.log_every or max(min(self.steps // 20, 50), 1)  # 20 lines or more
        save = self.settings.checkpoint_every
        return min((step // log + 1) * log, (step // save + 1) * save, self.steps)

    def is_checkpoint(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps."""
        return step % self.settings.checkpoint_every == 0 or step == self.steps
