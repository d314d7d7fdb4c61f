"""The training loop, from top to bottom."""

import math

import keras
import numpy as np
import tensorflow as tf

from . import checkpoint, hardware, metrics, vault
from .augment import augment
from .data import load
from .errors import UserError
from .finish import finish
from .inference import predict, weight_names
from .interrupt import Interrupt
from .journal import Journal
from .model import answer_model, build_network, loss, score
from .runs import Run
from .schedule import Schedule


def train(run: Run, interrupt: Interrupt) -> None:
    """Train a run's network, going on from its newest checkpoint when it has one.

    A signal that `interrupt` has caught ends the training early, with a checkpoint to go on from.
    """
    settings = run.config.train
    device = hardware.prepare(run.config.hardware)
    data = load(run.config.data)
    schedule = Schedule(len(data.train), settings)
    if settings.final_weights == "best" and not len(data.validation):
        raise UserError("final_weights = best needs validation data; raise validation_fraction")

    keras.utils.set_random_seed(settings.seed)
    mixed_precision = run.config.hardware.precision == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed_precision else "float32")
    shapes = data.train.inputs.shape[1:], len(data.classes)
    network = build_network(run.config.model, *shapes)
    # Whatever it was trained in, a network is judged and exported in full precision.
    keras.config.set_dtype_policy("float32")
    answer = answer_model(build_network(run.config.model, *shapes))
    optimizer = keras.optimizers.AdamW(weight_decay=settings.weight_decay)
    optimizer.build(network.trainable_variables)

    # All samples live on the device: picking rows there is faster than any loader.
    with tf.device(device):
        inputs = tf.constant(data.train.inputs)
        targets = tf.constant(data.train.targets)

    @tf.function(jit_compile=run.config.hardware.compile)
    def train_step(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = network(images, training=True)
            batch_loss = loss(logits, labels, settings.label_smoothing)
        gradients = tape.gradient(batch_loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return batch_loss, score(logits, labels)

    # Many steps in one call: going back to Python after every step would cost half the speed.
    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([None, schedule.batch_size], tf.int32),
            tf.TensorSpec([None], tf.float32),
        ]
    )
    def train_steps(
        first: tf.Tensor, rows: tf.Tensor, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        total_loss, total_score = tf.constant(0.0), tf.constant(0.0)
        for i in tf.range(tf.shape(rows)[0]):
            images, labels = tf.gather(inputs, rows[i]), tf.gather(targets, rows[i])
            if run.config.data.augment:
                images = augment(images, settings.seed, first + i)
            optimizer.learning_rate.assign(rates[i])
            batch_loss, batch_score = train_step(images, labels)
            total_loss += batch_loss
            total_score += batch_score
        return total_loss, total_score

    step, best = 0, -math.inf
    context = {"data": data.train.fingerprint()} | hardware.fingerprint(run.config.hardware, device)
    if (payload := vault.newest(run.checkpoints)) is not None:
        step, best, saved_context = checkpoint.unpack(payload, network, optimizer)
        vault.check_context(context, saved_context)

    with Journal(run, schedule, step) as journal:
        while step < schedule.steps:
            event = schedule.next_event(step)  # until then, nothing but training
            rates = schedule.learning_rates(step, event)
            with tf.device(device):
                totals = train_steps(step, schedule.rows(step, event), rates)
            total_loss, total_score = (float(total) for total in totals)
            means = {
                "loss": total_loss / (event - step),
                metrics.SCORE: total_score / (event - step),
            }
            step = event
            journal.training(step, means | {"learning_rate": float(rates[-1])})

            if schedule.is_checkpoint(step) and len(data.validation):
                answer.set_weights(network.get_weights())
                outputs = predict(answer, data.validation.inputs, device)
                result = metrics.evaluate(outputs, data.validation.targets)
                journal.result(step, "validation", result)
                if metrics.quality(result) > best:
                    best = metrics.quality(result)
                    state = checkpoint.pack(step, best, network, optimizer, context)
                    vault.save(run.checkpoints, "best", step, state, keep=1)
            if schedule.is_checkpoint(step) or interrupt.caught:
                state = checkpoint.pack(step, best, network, optimizer, context)
                vault.save(run.checkpoints, "step", step, state, settings.keep_checkpoints)
            if interrupt.caught and step < schedule.steps:
                return

        if settings.final_weights == "best" and (found := vault.newest(run.checkpoints, "best")):
            checkpoint.unpack(found, network, optimizer)
        answer.set_weights(network.get_weights())
        outputs = predict(answer, data.test.inputs, device)
        made_by = {
            "framework": "TensorFlow",
            "framework_version": tf.__version__,
            "device": device,
            "parameters": sum(math.prod(v.shape) for v in network.trainable_variables),
        }
        finish(run, data, schedule, journal, weights(network), outputs, made_by)


def weights(network: keras.Model) -> dict[str, np.ndarray]:
    """Return all that the network has learnt, by name, as arrays."""
    return dict(zip(weight_names(network), network.get_weights(), strict=True))
