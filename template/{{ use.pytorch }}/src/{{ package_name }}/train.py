"""The training loop, from top to bottom."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from . import checkpoints, data, distributed, hardware, loader, sources, state
from .chance import Chance
from .choices import keep_choices
from .dataset import show_dataset
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
from .ranks import RANK, SIZE
from .runs import Run
from .save_model import save_model
from .schedule import Schedule
from .sharding import shard_parameters, whole

Forward = Callable[..., Any]
Tensors = dict[str, Tensor]
Losses = tuple[Tensor, list[Tensor]]  # their sum, and the sums of the FIGURES


@distributed.joined
def train(run: Run, interrupt: Interrupt) -> None:
    """Train a run's network, going on from its newest checkpoint when it has one.

    A signal that `interrupt` has caught ends the training early, with a checkpoint to go on from.
    Where a launcher has started several processes, each computes its share of every batch.
    """
    dataset = sources.load(run.config.data)
    run = keep_choices(run, dataset)
    settings = run.config.train
    schedule = Schedule(len(dataset.train), settings)
    mine = schedule.share(RANK, SIZE)
    checkpoints.check_settings(settings, dataset)
    distributed.check_settings(run.config)
    device = hardware.prepare(run.config.hardware)
    context = checkpoints.context(dataset) | hardware.fingerprint(run.config.hardware, device)
    distributed.check_equal(context)
    if run.writes:
        show_dataset(dataset, schedule.rows(0, 1)[0], run.path)
    saved = distributed.share(partial(checkpoints.newest, run.checkpoints))

    torch.manual_seed(settings.seed + RANK)  # each process drops out other units
    network = build(run.config, dataset.facts).to(device)
    if saved is None and run.writes:
        initialize(network, run.config)
    distributed.share_tensors(network.state_dict().values())
    if run.config.hardware.shard:
        shard_parameters(network)
    groups = trainable(network)
    optimizer = torch.optim.AdamW(
        [{"params": group} for group in groups], weight_decay=settings.weight_decay, fused=True
    )
    average = None
    if decay := schedule.average_decay:
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
    mixed_precision = run.config.hardware.precision == "bfloat16"

    def loss_of(network: Forward, part: Tensors, rows: slice, step: int) -> Losses:
        chance = Chance(settings.seed, step, schedule.batch_size, rows, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision):
            return loss(network, part, run.config, dataset.facts, chance)

    parts = schedule.parts(mine)  # their places in the whole batch

    def first_loss(network: nn.Module) -> Tensor:
        part = dataset.train.rows(schedule.rows(0, 1)[0, parts[0]])
        return loss_of(network, loader.to_tensors(part, device), parts[0], 0)[0]

    together = distributed.wrap(network, run.config.hardware.shard, len(groups) == 1, first_loss)
    forward = torch.compile(together) if run.config.hardware.compile else together

    # What is validated and becomes the model: the average of the weights, where there is one.
    final = network if average is None else average.module
    signature = data.signature(dataset.facts)
    predict = as_function(ServingModule(final, dataset.facts), signature, device)
    predict = distributed.spread(predict)

    pack = partial(state.pack, network, average, optimizer)
    unpack = partial(state.unpack, network, average, optimizer)
    progress = checkpoints.resume(run, context, unpack, saved)
    learnt_from = dataset.train
    if not run.config.hardware.shard:  # divided weights are whole in a step alone
        learnt_from = precompute(network, dataset.train, run.config)
    batches = loader.load(learnt_from, device, run.config.hardware.resident_share)

    # What the network measures, such as the means of batches, is measured by the first process.
    buffers = [*network.buffers(), *final.buffers()]
    stop = False

    interrupt.begin_training()
    with Logger(run, schedule, progress.step) as logger:
        while not progress.is_over(schedule):
            first, event = progress.step, schedule.next_event(progress.step)
            rates = schedule.learning_rates(first, event).tolist()
            shares = rate_shares(run.config, schedule.epochs(first, event)).tolist()
            totals = torch.zeros(1 + len(FIGURES), device=device)
            total_weight = total_norm = 0.0
            network.train()
            rows_of_steps = schedule.rows(first, event)[:, mine]
            steps = zip(batches(rows_of_steps), rates, shares, strict=True)
            for batch, rate, of_groups in steps:
                for group, share in zip(optimizer.param_groups, of_groups, strict=True):
                    group["lr"] = rate * share
                    # A group without a rate stays as it is, and costs no gradients.
                    for parameter in group["params"]:
                        parameter.requires_grad_(share > 0)
                optimizer.zero_grad()
                batch_weight, stop = distributed.agree(weight(batch), interrupt.due())
                for rows in parts:
                    here = slice(rows.start - mine.start, rows.stop - mine.start)
                    part = {name: tensor[here] for name, tensor in batch.items()}
                    with distributed.averaged(together, rows is parts[-1]):
                        total, figures = loss_of(forward, part, rows, progress.step)
                        # A sum over the part, divided by the weight of the whole batch: the
                        # gradients, which the processes average, are the same however it is cut.
                        (total / (batch_weight / SIZE)).backward()
                    totals += torch.stack([total.detach(), *figures])
                if settings.clip_norm:
                    norm = clip_grad_norm_(network.parameters(), settings.clip_norm)
                    total_norm += whole(norm)
                optimizer.step()
                if average is not None:
                    average.update_parameters(network)
                total_weight += batch_weight
                progress.step += 1
                logger.tick(progress.step)
                # What several processes have agreed on before this step holds after it.
                if stop := stop or (SIZE == 1 and interrupt.due()):
                    break
            figures_seen = (distributed.add_up(totals) / total_weight).tolist()
            means = dict(zip(("loss", *FIGURES), figures_seen, strict=True))
            if settings.clip_norm:
                means["gradient_norm"] = float(total_norm) / (progress.step - first)
            rate = rates[progress.step - first - 1]
            logger.training(progress.step, means | {"learning_rate": rate})

            if schedule.is_checkpoint(progress.step) or stop:
                distributed.share_tensors(buffers)
                checkpoints.validate_and_save(
                    run, dataset, schedule, progress, logger, predict, pack, context
                )
            if stop and not progress.is_over(schedule):
                return

        if settings.final_weights == "best":
            unpack(distributed.share(partial(checkpoints.best, run)))
        calibrate(final, predict, dataset)
        made_by = {
            "framework": "PyTorch",
            "framework_version": str(torch.__version__),
            "device": str(device),
            "parameters": sum(parameter.numel() for group in groups for parameter in group),
            "starts_from": starts_from(run.config),
        }
        save_model(run, dataset, schedule, progress, logger, predict, weights(final), made_by)
