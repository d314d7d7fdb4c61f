"""A model in TensorFlow whose outputs are computed by hand in `web_helpers.expected`."""

import tensorflow as tf

from .web_helpers import FACTOR

Tensors = dict[str, tf.Tensor]


class Arithmetic(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Products, a comparison and a sum: all types go in and come out."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(FACTOR)

    def __call__(self, inputs: Tensors) -> Tensors:
        """Map inputs with that signature to outputs."""
        codes = inputs["codes"]
        numbers = tf.reduce_sum(inputs["numbers"], 1, keepdims=True)
        higher = codes[:, :1] > codes[:, 1:]
        return {
            "total": self.factor * numbers * tf.cast(codes, tf.float32),
            "high": tf.logical_and(higher, inputs["urgent"]),
            "count": tf.reduce_sum(codes, 1, keepdims=True),
        }
