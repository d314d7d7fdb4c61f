"""The training loop, from top to bottom."""

import math
import time
from functools import partial

import keras
import tensorflow as tf

from . import checkpoints, data, distributed, hardware, sources, state
from .chance import Chance
from .choices import keep_choices
from .dataset import show_dataset
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
from .ranks import RANK, SIZE
from .runs import Run
from .save_model import save_model
from .schedule import Schedule

Sums = tuple[tf.Tensor, tf.Tensor]  # of losses, figures and gradients' norms; and of weights
CALL_SECONDS = 0.5  # of training in one call of TensorFlow, so that Ctrl-C need not wait for long


@distributed.joined
def train(run: Run, interrupt: Interrupt) -> None:
    """Train a run's network, going on from its newest checkpoint when it has one.

    A signal that `interrupt` has caught ends the training early, with a checkpoint to go on from.
    """
    dataset = sources.load(run.config.data)
    run = keep_choices(run, dataset)
    settings = run.config.train
    schedule = Schedule(len(dataset.train), settings)
    mine = schedule.share(RANK, SIZE)
    checkpoints.check_settings(settings, dataset)
    device = hardware.prepare(run.config.hardware)
    context = checkpoints.context(dataset) | hardware.fingerprint(run.config.hardware, device)
    distributed.check_equal(context)
    distributed.prepare(run.config.hardware, schedule)
    if run.writes:
        show_dataset(dataset, schedule.rows(0, 1)[0], run.path)
    saved = distributed.share(partial(checkpoints.newest, run.checkpoints))

    keras.utils.set_random_seed(settings.seed)
    mixed_precision = run.config.hardware.precision == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed_precision else "float32")
    with distributed.strategy().scope():
        network = build(run.config, dataset.facts)
        groups = trainable(network)
        # An optimizer for each group: a Keras optimizer has one learning rate.
        optimizers = [
            keras.optimizers.AdamW(
                weight_decay=settings.weight_decay,
                use_ema=schedule.average_decay > 0,
                ema_momentum=schedule.average_decay,
            )
            for _ in groups
        ]
        for optimizer, group in zip(optimizers, groups, strict=True):
            optimizer.build(group)
    if saved is None and run.writes:
        initialize(network, run.config)
    distributed.share_values(network.variables)
    learnt = [variable for group in groups for variable in group]

    # What is validated and becomes the model: in full precision, whatever it was trained in, and
    # with the average of the weights, where there is one.
    keras.config.set_dtype_policy("float32")
    with distributed.strategy().scope():
        final = build(run.config, dataset.facts)
    signature = data.signature(dataset.facts)
    predict = as_function(ServingModule(final, dataset.facts), signature, device)
    predict = distributed.spread(predict)

    def update_final() -> None:
        # What the network measures, such as the means of batches, is measured by the first process.
        distributed.share_values(network.non_trainable_weights)
        for kept, trained in zip(final.weights, network.weights, strict=True):
            kept.assign(trained)
        for optimizer, group in zip(optimizers, trainable(final), strict=True):
            optimizer.finalize_variable_values(group)

    pack = partial(state.pack, network, optimizers)
    unpack = partial(state.unpack, network, optimizers)
    progress = checkpoints.resume(run, context, unpack, saved)
    distributed.separate(network)
    learnt_from = precompute(network, dataset.train, run.config)
    loader = Loader(learnt_from, device, run.config.hardware.resident_share)

    @distributed.on_every_replica
    def compute(step: tf.Tensor, batch: Tensors) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
        own = schedule.share(distributed.replica(), distributed.replicas())
        batch = distributed.within(batch, own, mine)
        batch_weight = distributed.add_up(weight(batch))
        totals = tf.zeros(1 + len(FIGURES))
        gradients = [tf.zeros(variable.shape) for variable in learnt]
        for rows in schedule.parts(own):  # their places in the whole batch
            part = distributed.within(batch, rows, own)
            chance = Chance(settings.seed, step, schedule.batch_size, rows)
            with tf.GradientTape() as tape:
                total, figures = loss(network, part, run.config, dataset.facts, chance)
                # A sum over the part, divided by the weight of the whole batch: the gradients are
                # the same however the batch is divided.
                share = total / batch_weight
            # TensorFlow's own variables: of Keras's it makes no zeros where nothing is connected.
            sources = [variable.value for variable in learnt]
            found = tape.gradient(share, sources, unconnected_gradients="zero")
            gradients = [before + more for before, more in zip(gradients, found, strict=True)]
            totals += tf.stack([total, *figures])
        return *distributed.add_up((gradients, totals)), batch_weight

    # The optimizers are used outside of `compute`, as they would add up the gradients once more.
    @tf.function(jit_compile=run.config.hardware.compile)
    def train_step(step: tf.Tensor, batch: Tensors, rates: tf.Tensor) -> Sums:
        gradients, totals, batch_weight = compute(step, batch)
        norm = tf.constant(0.0)
        if settings.clip_norm:
            gradients, norm = tf.clip_by_global_norm(gradients, settings.clip_norm)
        for number, (optimizer, group) in enumerate(zip(optimizers, groups, strict=True)):
            optimizer.learning_rate.assign(rates[number])
            optimizer.apply(gradients[: len(group)], group)
            gradients = gradients[len(group) :]
        return tf.concat([totals, [norm]], 0), batch_weight

    # Many steps in one call: going back to Python after every step would cost half the speed.
    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([None, mine.stop - mine.start], tf.int32),
            tf.TensorSpec([None, len(groups)], tf.float32),
        ]
    )
    def resident_steps(first: tf.Tensor, rows: tf.Tensor, rates: tf.Tensor) -> Sums:
        totals, total_weight = tf.zeros(2 + len(FIGURES)), tf.constant(0.0)
        for i in tf.range(tf.shape(rows)[0]):
            found, batch_weight = train_step(first + i, loader.pick(rows[i]), rates[i])
            totals += found
            total_weight += batch_weight
        return totals, total_weight

    steps_in_call, stop = 1, False

    interrupt.begin_training()
    with Logger(run, schedule, progress.step) as logger:
        while not progress.is_over(schedule):
            first, event = progress.step, schedule.next_event(progress.step)
            rows = schedule.rows(first, event)[:, mine]
            rates = schedule.learning_rates(first, event)
            shares = rate_shares(run.config, schedule.epochs(first, event))
            group_rates = rates[:, None] * shares
            batches = None if loader.resident else loader.stream(rows)
            totals, total_weight, done = tf.zeros(2 + len(FIGURES)), tf.constant(0.0), 0
            while done < len(rows) and not stop:
                start, steps = time.monotonic(), 1
                with tf.device(device), distributed.watch:
                    if batches is None:
                        steps = min(steps_in_call, len(rows) - done)
                        call = slice(done, done + steps)
                        found = resident_steps(first + done, rows[call], group_rates[call])
                    else:
                        step_rates = tf.constant(group_rates[done])
                        found = train_step(tf.constant(first + done), next(batches), step_rates)
                    totals, total_weight = totals + found[0], total_weight + found[1]
                seconds, stop = distributed.agree(time.monotonic() - start, interrupt.due())
                if seconds < CALL_SECONDS / 2:
                    steps_in_call *= 2
                done += steps
                logger.tick(first + done)
            progress.step += done
            values = (totals[:-1] / total_weight).numpy().tolist()
            means = dict(zip(("loss", *FIGURES), values, strict=True))
            if settings.clip_norm:
                means["gradient_norm"] = float(totals[-1]) / done
            rate = float(rates[done - 1])
            logger.training(progress.step, means | {"learning_rate": rate})

            if schedule.is_checkpoint(progress.step) or stop:
                update_final()
                checkpoints.validate_and_save(
                    run, dataset, schedule, progress, logger, predict, pack, context
                )
            if stop and not progress.is_over(schedule):
                return

        if settings.final_weights == "best":
            unpack(distributed.share(partial(checkpoints.best, run)))
        update_final()
        calibrate(final, predict, dataset)
        made_by = {
            "framework": "TensorFlow",
            "framework_version": tf.__version__,
            "device": device,
            "parameters": sum(math.prod(variable.shape) for variable in learnt),
            "starts_from": starts_from(run.config),
        }
        save_model(run, dataset, schedule, progress, logger, predict, weights(final), made_by)
