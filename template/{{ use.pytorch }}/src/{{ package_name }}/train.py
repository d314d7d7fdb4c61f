"""The training loop, from top to bottom."""

import math

import numpy as np
import torch

from . import checkpoint, hardware, metrics, vault
from .augment import augment
from .data import load
from .errors import UserError
from .finish import finish
from .inference import predict
from .interrupt import Interrupt
from .journal import Journal
from .model import Network, loss, score
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

    torch.manual_seed(settings.seed)
    network = Network(run.config.model, data.train.inputs.shape[1:], len(data.classes))
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        network.parameters(), weight_decay=settings.weight_decay, fused=True
    )
    forward = torch.compile(network) if run.config.hardware.compile else network
    mixed_precision = run.config.hardware.precision == "bfloat16"

    # All samples live on the device: picking rows there is faster than any loader.
    inputs = torch.from_numpy(data.train.inputs).to(device)
    targets = torch.from_numpy(data.train.targets).to(device)

    step, best = 0, -math.inf
    context = {"data": data.train.fingerprint()} | hardware.fingerprint(run.config.hardware, device)
    if (payload := vault.newest(run.checkpoints)) is not None:
        step, best, saved_context = checkpoint.unpack(payload, network, optimizer)
        vault.check_context(context, saved_context)

    with Journal(run, schedule, step) as journal:
        while step < schedule.steps:
            event = schedule.next_event(step)  # until then, nothing but training
            rates = schedule.learning_rates(step, event).tolist()
            total_loss = torch.zeros((), device=device)
            total_score = torch.zeros((), device=device)
            first = step
            network.train()
            for rows, rate in zip(
                torch.from_numpy(schedule.rows(step, event)).to(device), rates, strict=True
            ):
                images, labels = inputs[rows], targets[rows]
                if run.config.data.augment:
                    images = augment(images, settings.seed, step)
                optimizer.param_groups[0]["lr"] = rate
                with torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision):
                    logits = forward(images)
                    batch_loss = loss(logits, labels, settings.label_smoothing)
                optimizer.zero_grad()
                batch_loss.backward()
                optimizer.step()
                total_loss += batch_loss.detach()
                total_score += score(logits.detach(), labels)
                step += 1
                if interrupt.caught:
                    break
            means = {
                "loss": total_loss.item() / (step - first),
                metrics.SCORE: total_score.item() / (step - first),
            }
            journal.training(step, means | {"learning_rate": rates[step - first - 1]})

            if schedule.is_checkpoint(step) and len(data.validation):
                outputs = predict(network, data.validation.inputs, device)
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
        outputs = predict(network, data.test.inputs, device)
        made_by = {
            "framework": "PyTorch",
            "framework_version": str(torch.__version__),
            "device": str(device),
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
        }
        finish(run, data, schedule, journal, weights(network), outputs, made_by)


def weights(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """Return all that the network has learnt, by name, as arrays."""
    return {
        name: value.detach().cpu().contiguous().numpy()
        for name, value in network.state_dict().items()
    }
