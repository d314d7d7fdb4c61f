"""Random numbers that follow from the seed and the step, and from nothing else."""

import tensorflow as tf


class Chance:
    """Draws for some rows of one step's batch, the same however the batch is divided or resumed.

    The numbers of the whole batch are drawn, and those of `rows` are given: so a step that is
    computed in parts, or by several processes, sees what it would see in one piece.
    """

    def __init__(self, seed: int, step: tf.Tensor, batch_size: int, rows: slice) -> None:
        self.seed = tf.stack([seed, step])
        self.batch_size = batch_size
        self.rows = rows
        self.draws = 0

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        """Draw evenly from low to high: float32 [rows, *shape]."""
        size = [self.batch_size, *shape]
        return tf.random.stateless_uniform(size, self.next_seed(), low, high)[self.rows]

    def normal(self, *shape: int) -> tf.Tensor:
        """Draw from the standard normal distribution: float32 [rows, *shape]."""
        size = [self.batch_size, *shape]
        return tf.random.stateless_normal(size, self.next_seed())[self.rows]

    def next_seed(self) -> tf.Tensor:
        """Give every draw of a step a seed of its own."""
        self.draws += 1
        return tf.random.fold_in(self.seed, self.draws)
