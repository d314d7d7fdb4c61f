"""The checkpoints of a run: when one is due, what is measured then, and the files.

`step-00000400-0123456789abcdef.ckpt` holds the state after 400 steps; the hexadecimal digits are
the first 16 of its SHA-256, so a file says itself whether it is still what was written. The JSON
file of the same name says for people what it is.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import metrics
from .dataset import Dataset
from .errors import UserError
from .logger import Logger
from .runs import Run
from .schedule import Schedule
from .settings import TrainSettings
from .signature import Predict
from .sketches import keep_sketch
from .storage import sha256_json, write_atomic

Context = dict[str, str]
"""What a training depends on beside its state: the data, versions, the device."""


@dataclass
class Progress:
    """How far a training is, and how good its best checkpoint was; saved with the state."""

    step: int = 0
    best: float | None = None
    """the best value of the monitored metric so far"""
    best_step: int = 0
    checks: int = 0
    """validations since the best one"""

    def note(self, value: float, direction: str) -> bool:
        """Take in the monitored metric's newest value; returns whether it is the best so far."""
        sign = 1 if direction == "max" else -1
        better = self.best is None or sign * value > sign * self.best
        if better:
            self.best, self.best_step, self.checks = value, self.step, 0
        else:
            self.checks += 1
        return better

    def is_over(self, schedule: Schedule) -> bool:
        """Whether all steps are done, or the metric has not improved for too long."""
        patience = schedule.settings.patience
        return self.step >= schedule.steps or 0 < patience <= self.checks


def check_settings(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError for settings that ask for validation data where there are none."""
    if not len(dataset.validation) and (settings.final_weights == "best" or settings.patience):
        raise UserError(
            "final_weights = best and patience need validation data; hold some of the data back"
        )


def context(dataset: Dataset) -> Context:
    """Name the data that a training depends on."""
    return {"data": dataset.train.fingerprint(), "facts": sha256_json(dataset.facts)}


def resume(
    run: Run,
    context: Context,
    unpack: Callable[[bytes], tuple[Progress, Context]],
    payload: bytes | None,
) -> Progress:
    """Put the newest checkpoint's state in place with `unpack`; a new run has made no progress.

    Raises UserError when it is of other data.
    """
    if payload is None:
        return Progress()
    progress, before = unpack(payload)
    if not run.writes:
        return progress
    check_context(context, before)
    print(f"going on from step {progress.step}", file=sys.stderr)
    best = f"best-{progress.best_step:08d}-*.ckpt"
    if progress.best_step == progress.step and not any(run.checkpoints.glob(best)):
        # The training ended between its two writes: this state is the best one's, too.
        save(run.checkpoints, "best", progress.step, payload, 1, {"step": progress.step})
    return progress


def validate_and_save(
    run: Run,
    dataset: Dataset,
    schedule: Schedule,
    progress: Progress,
    logger: Logger,
    predict: Predict,
    pack: Callable[[Progress, Context], bytes],
    context: Context,
) -> None:
    """Measure the network where a checkpoint is due, and save the state that `pack` gives."""
    better = False
    result: dict[str, float] = {}
    if len(dataset.validation) and schedule.is_checkpoint(progress.step):
        result = metrics.evaluate(predict, dataset.validation, run.config, dataset.facts)
        logger.result(progress.step, "validation", result)
        name, direction = metrics.monitor(dataset.facts)
        better = progress.note(result[name], direction)
    if schedule.is_checkpoint(progress.step):
        keep_sketch(run, schedule, progress.step, predict, dataset.facts)
    payload, keep = pack(progress, context), schedule.settings.keep_checkpoints
    if not run.writes:
        return
    about: dict[str, object] = {
        "step": progress.step,
        "epoch": schedule.epoch(progress.step),
        "validation": result,
        "versions": context,
    }
    # First the state to go on from: whatever ends the training then, the rest follows from it.
    save(run.checkpoints, "step", progress.step, payload, keep, about)
    if better:
        save(run.checkpoints, "best", progress.step, payload, 1, about)


def best(run: Run) -> bytes:
    """Read the best checkpoint; UserError when it is damaged or gone."""
    if (payload := newest(run.checkpoints, "best")) is None:
        raise UserError(f"run {run.name} has lost its best checkpoint; train again")
    return payload


def save(
    folder: Path, kind: str, step: int, payload: bytes, keep: int, about: Mapping[str, object]
) -> None:
    """Write a checkpoint of a kind (`step` or `best`) and drop all but the last `keep` of it."""
    digest = hashlib.sha256(payload).hexdigest()[:16]
    file = folder / f"{kind}-{step:08d}-{digest}.ckpt"
    write_atomic(file, payload)
    write_atomic(file.with_suffix(".json"), json.dumps(about, indent=2).encode())
    for old in sorted(folder.glob(f"{kind}-*.ckpt"))[:-keep]:
        old.unlink()
        old.with_suffix(".json").unlink(missing_ok=True)


def newest(folder: Path, kind: str = "step") -> bytes | None:
    """Read the newest checkpoint of a kind; None when there is none.

    Raises UserError when its bytes are not those that were written.
    """
    files = sorted(folder.glob(f"{kind}-*.ckpt"))
    if not files:
        return None
    payload = files[-1].read_bytes()
    if hashlib.sha256(payload).hexdigest()[:16] != files[-1].stem.split("-")[-1]:
        raise UserError(
            f"checkpoint {files[-1]} is damaged; delete it to go on from the one before it"
        )
    return payload


def check_context(now: Context, then: Context) -> None:
    """Compare what a training depends on with what it was when the checkpoint was written.

    Other data are an error; another machine or library can change the last bits: a warning.
    """
    for name in now.keys() & then.keys():
        if now[name] == then[name]:
            continue
        if name in ("data", "facts"):
            raise UserError("the training data have changed since this run began; start a new one")
        print(
            f"warning: {name} was {then[name]!r} and is now {now[name]!r};"
            " the result may differ in its last bits from an uninterrupted run",
            file=sys.stderr,
        )
