"""The training loop, from top to bottom."""

import math
import time
from functools import partial

import keras
import tensorflow as tf

from . import checkpoints, data, hardware, state
from .chance import Chance
from .choices import keep_choices
from .dataset import introduce
from .inference import as_function, weights
from .interrupt import Interrupt
from .loader import Loader, Tensors
from .logger import Logger
from .model import (
    FIGURES,
    ServingModule,
    build,
    calibrate,
    initialize,
    loss,
    precompute,
    rate_shares,
    starts_from,
    trainable,
    weight,
)
from .runs import Run
from .save_model import save_model
from .schedule import Schedule

CALL_SECONDS = 0.5  # of training in one call of TensorFlow, so that Ctrl-C need not wait for long


def train(run: Run, interrupt: Interrupt) -> None:
    """Train a run's network, going on from its newest checkpoint when it has one.

    A signal that `interrupt` has caught ends the training early, with a checkpoint to go on from.
    """
    settings = run.config.train
    dataset = data.load(run.config.data)
    schedule = Schedule(len(dataset.train), settings)
    checkpoints.check_settings(settings, dataset)
    run = keep_choices(run, dataset, schedule.batch_size)
    device = hardware.prepare(run.config.hardware)
    introduce(dataset, schedule.rows(0, 1)[0], run.path)

    keras.utils.set_random_seed(settings.seed)
    mixed_precision = run.config.hardware.precision == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed_precision else "float32")
    network = build(run.config, dataset.facts)
    if not checkpoints.exist(run):
        initialize(network, run.config)
    groups = trainable(network)
    # An optimizer for each group: a Keras optimizer has one learning rate.
    optimizers = [
        keras.optimizers.AdamW(
            weight_decay=settings.weight_decay,
            use_ema=bool(settings.average_decay),
            ema_momentum=settings.average_decay or 0.99,  # without use_ema it is not looked at
        )
        for _ in groups
    ]
    for optimizer, group in zip(optimizers, groups, strict=True):
        optimizer.build(group)
    learnt = [variable for group in groups for variable in group]

    # What is validated and becomes the model: in full precision, whatever it was trained in, and
    # with the average of the weights, where there is one.
    keras.config.set_dtype_policy("float32")
    final = build(run.config, dataset.facts)
    signature = data.signature(dataset.facts)
    predict = as_function(ServingModule(final, dataset.facts), signature, device)

    def update_final() -> None:
        for kept, trained in zip(final.weights, network.weights, strict=True):
            kept.assign(trained)
        for optimizer, group in zip(optimizers, trainable(final), strict=True):
            optimizer.finalize_variable_values(group)

    context = checkpoints.context(dataset) | hardware.fingerprint(run.config.hardware, device)
    pack = partial(state.pack, network, optimizers)
    unpack = partial(state.unpack, network, optimizers)
    progress = checkpoints.resume(run, context, unpack)
    learnt_from = precompute(network, dataset.train, run.config)
    loader = Loader(learnt_from, device, run.config.hardware.resident_share)

    @tf.function(jit_compile=run.config.hardware.compile)
    def train_step(
        step: tf.Tensor, batch: Tensors, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        batch_weight = weight(batch)
        totals = tf.zeros(1 + len(FIGURES))
        gradients = [tf.zeros(variable.shape) for variable in learnt]
        for rows in schedule.parts():
            part = {name: tensor[rows] for name, tensor in batch.items()}
            chance = Chance(settings.seed, step, schedule.batch_size, rows)
            with tf.GradientTape() as tape:
                total, figures = loss(network, part, run.config, dataset.facts, chance)
                # A sum over the part, divided by the weight of the whole batch: the gradients are
                # the same however the batch is divided.
                share = total / batch_weight
            # TensorFlow's own variables: of Keras's it makes no zeros where nothing is connected.
            sources = [variable.value for variable in learnt]
            zero = tf.UnconnectedGradients.ZERO
            found = tape.gradient(share, sources, unconnected_gradients=zero)
            gradients = [before + more for before, more in zip(gradients, found, strict=True)]
            totals += tf.stack([total, *figures])
        if settings.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, settings.clip_norm)
        for number, (optimizer, group) in enumerate(zip(optimizers, groups, strict=True)):
            optimizer.learning_rate.assign(rates[number])
            optimizer.apply(gradients[: len(group)], group)
            gradients = gradients[len(group) :]
        return totals, batch_weight

    # Many steps in one call: going back to Python after every step would cost half the speed.
    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([None, schedule.batch_size], tf.int32),
            tf.TensorSpec([None, len(groups)], tf.float32),
        ]
    )
    def resident_steps(
        first: tf.Tensor, rows: tf.Tensor, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        totals, total_weight = tf.zeros(1 + len(FIGURES)), tf.constant(0.0)
        for i in tf.range(tf.shape(rows)[0]):
            found, batch_weight = train_step(first + i, loader.pick(rows[i]), rates[i])
            totals += found
            total_weight += batch_weight
        return totals, total_weight

    steps_in_call = 1

    interrupt.begin_training()
    with Logger(run, schedule, progress.step) as logger:
        while not progress.is_over(schedule):
            first, event = progress.step, schedule.next_event(progress.step)
            rows, rates = schedule.rows(first, event), schedule.learning_rates(first, event)
            shares = rate_shares(run.config, schedule.epochs(first, event))
            group_rates = rates[:, None] * shares
            batches = None if loader.resident else loader.stream(rows)
            totals, total_weight, done = tf.zeros(1 + len(FIGURES)), tf.constant(0.0), 0
            while done < len(rows) and not (done and interrupt.due()):
                start, steps = time.monotonic(), 1
                with tf.device(device):
                    if batches is None:
                        steps = min(steps_in_call, len(rows) - done)
                        call = slice(done, done + steps)
                        found = resident_steps(first + done, rows[call], group_rates[call])
                    else:
                        step_rates = tf.constant(group_rates[done])
                        found = train_step(tf.constant(first + done), next(batches), step_rates)
                    totals, total_weight = totals + found[0], total_weight + found[1]
                if time.monotonic() - start < CALL_SECONDS / 2:
                    steps_in_call *= 2
                done += steps
                logger.tick(first + done)
            progress.step += done
            values = (totals / total_weight).numpy().tolist()
            means = dict(zip(("loss", *FIGURES), values, strict=True))
            rate = float(rates[done - 1])
            logger.training(progress.step, means | {"learning_rate": rate})

            if schedule.is_checkpoint(progress.step) or interrupt.caught:
                update_final()
                checkpoints.validate_and_save(
                    run, dataset, schedule, progress, logger, predict, pack, context
                )
            if interrupt.caught and not progress.is_over(schedule):
                return

        if settings.final_weights == "best":
            unpack(checkpoints.best(run))
        update_final()
        calibrate(final, predict, dataset)
        made_by = {
            "framework": "TensorFlow",
            "framework_version": tf.__version__,
            "device": device,
            "parameters": sum(math.prod(variable.shape) for variable in learnt),
            "starts_from": starts_from(run.config),
        }
        save_model(run, dataset, schedule, progress.step, logger, predict, weights(final), made_by)
