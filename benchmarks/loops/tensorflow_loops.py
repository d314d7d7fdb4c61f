"""TensorFlow loops that train the project's network on the digits: one thread, batches of 64.

Run by training_loop.py inside a rendered project's environment.
"""

from __future__ import annotations

import platform
import time

import keras
import numpy as np
import tensorflow as tf
from rendered import model
from turns import (
    BATCH,
    CONFIG,
    DATA,
    LABEL_SMOOTHING,
    WEIGHT_DECAY,
    Loop,
    take_turns,
    whole_batches,
)

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
images, labels = whole_batches()
BATCHES = len(labels) // BATCH
EPOCHS = 8  # per turn


def build() -> keras.Model:
    """Build the network with the same first weights every time."""
    keras.utils.set_random_seed(0)
    return model.build(CONFIG, DATA.facts)


def smoothed_loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the mean cross entropy; the arguments come as Keras passes them."""
    classes = logits.shape[-1]
    wanted = tf.one_hot(tf.cast(tf.reshape(targets, [-1]), tf.int64), classes)
    wanted = wanted * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / classes
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, logits))


def fit(steps_per_execution: int, epochs_in_one: int) -> Loop:
    """Train with Keras's own loop on arrays.

    An epoch of the digits is shorter than 32 steps, hence several epochs in one.
    """
    network = build()
    network.compile(
        keras.optimizers.AdamW(weight_decay=WEIGHT_DECAY),
        smoothed_loss,
        steps_per_execution=steps_per_execution,
    )
    inputs = np.repeat(images, epochs_in_one, axis=0)
    targets = np.repeat(labels, epochs_in_one)

    def loop() -> float:
        times: list[float] = []
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: times.append(time.process_time())
        )
        network.fit(
            inputs,
            targets,
            batch_size=BATCH,
            epochs=1 + EPOCHS // epochs_in_one,  # the first does not count
            verbose=0,
            callbacks=[note],
        )
        return (times[-1] - times[0]) / (EPOCHS * len(labels))

    loop()  # traces
    return loop


def whole_epoch() -> Loop:
    """Train with one call of one tf.function per epoch."""
    network = build()
    optimizer = keras.optimizers.AdamW(weight_decay=WEIGHT_DECAY)
    optimizer.build(network.trainable_variables)
    inputs, targets = tf.constant(images), tf.constant(labels)

    @tf.function
    def epoch() -> tf.Tensor:
        total = tf.constant(0.0)
        order = tf.reshape(tf.random.shuffle(tf.range(len(labels))), [BATCHES, BATCH])
        for i in tf.range(BATCHES):
            batch, answers = tf.gather(inputs, order[i]), tf.gather(targets, order[i])
            with tf.GradientTape() as tape:
                batch_loss = smoothed_loss(answers, network(batch, training=True))
            gradients = tape.gradient(batch_loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
            total += batch_loss
        return total

    def loop() -> float:
        start = time.process_time()
        for _ in range(EPOCHS):
            float(epoch())
        return (time.process_time() - start) / (EPOCHS * len(labels))

    loop()  # traces
    return loop


if __name__ == "__main__":
    take_turns(
        {
            "fit on arrays": fit(1, epochs_in_one=1),
            "fit, steps_per_execution=32": fit(32, epochs_in_one=8),
            "epoch in one tf.function": whole_epoch(),
        },
        {
            "TensorFlow": tf.__version__,
            "Keras": keras.__version__,
            "Python": platform.python_version(),
        },
    )
