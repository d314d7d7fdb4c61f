"""The training loop, from top to bottom."""

from functools import partial

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from . import checkpoints, data, hardware, loader, state
from .chance import Chance
from .choices import keep_choices
from .dataset import introduce
from .inference import as_function, weights
from .interrupt import Interrupt
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

    torch.manual_seed(settings.seed)
    network = build(run.config, dataset.facts).to(device)
    if not checkpoints.exist(run):
        initialize(network, run.config)
    groups = trainable(network)
    optimizer = torch.optim.AdamW(
        [{"params": group} for group in groups], weight_decay=settings.weight_decay, fused=True
    )
    average = None
    if settings.average_decay:
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.average_decay))
    forward = torch.compile(network) if run.config.hardware.compile else network
    mixed_precision = run.config.hardware.precision == "bfloat16"

    # What is validated and becomes the model: the average of the weights, where there is one.
    final = network if average is None else average.module
    signature = data.signature(dataset.facts)
    predict = as_function(ServingModule(final, dataset.facts), signature, device)

    context = checkpoints.context(dataset) | hardware.fingerprint(run.config.hardware, device)
    pack = partial(state.pack, network, average, optimizer)
    unpack = partial(state.unpack, network, average, optimizer)
    progress = checkpoints.resume(run, context, unpack)
    learnt_from = precompute(network, dataset.train, run.config)
    batches = loader.load(learnt_from, device, run.config.hardware.resident_share)

    interrupt.begin_training()
    with Logger(run, schedule, progress.step) as logger:
        while not progress.is_over(schedule):
            first, event = progress.step, schedule.next_event(progress.step)
            rates = schedule.learning_rates(first, event).tolist()
            shares = rate_shares(run.config, schedule.epochs(first, event)).tolist()
            totals = torch.zeros(1 + len(FIGURES), device=device)
            total_weight = 0.0
            network.train()
            steps = zip(batches(schedule.rows(first, event)), rates, shares, strict=True)
            for batch, rate, of_groups in steps:
                for group, share in zip(optimizer.param_groups, of_groups, strict=True):
                    group["lr"] = rate * share
                    # A group without a rate stays as it is, and costs no gradients.
                    for parameter in group["params"]:
                        parameter.requires_grad_(share > 0)
                optimizer.zero_grad()
                batch_weight = weight(batch)
                for rows in schedule.parts():
                    part = {name: tensor[rows] for name, tensor in batch.items()}
                    chance = Chance(settings.seed, progress.step, schedule.batch_size, rows, device)
                    with torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision):
                        total, figures = loss(forward, part, run.config, dataset.facts, chance)
                    # A sum over the part, divided by the weight of the whole batch: the gradients
                    # are the same however the batch is divided.
                    (total / batch_weight).backward()
                    totals += torch.stack([total.detach(), *figures])
                if settings.clip_norm:
                    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
                optimizer.step()
                if average is not None:
                    average.update_parameters(network)
                total_weight += batch_weight
                progress.step += 1
                logger.tick(progress.step)
                if interrupt.due():
                    break
            means = dict(zip(("loss", *FIGURES), (totals / total_weight).tolist(), strict=True))
            rate = rates[progress.step - first - 1]
            logger.training(progress.step, means | {"learning_rate": rate})

            if schedule.is_checkpoint(progress.step) or interrupt.caught:
                checkpoints.validate_and_save(
                    run, dataset, schedule, progress, logger, predict, pack, context
                )
            if interrupt.caught and not progress.is_over(schedule):
                return

        if settings.final_weights == "best":
            unpack(checkpoints.best(run))
        calibrate(final, predict, dataset)
        made_by = {
            "framework": "PyTorch",
            "framework_version": str(torch.__version__),
            "device": str(device),
            "parameters": sum(parameter.numel() for group in groups for parameter in group),
            "starts_from": starts_from(run.config),
        }
        save_model(run, dataset, schedule, progress.step, logger, predict, weights(final), made_by)
