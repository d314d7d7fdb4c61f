"""Sketches: how answers become better over a training, as pictures, where the task draws them.

`predictions.py` may have `sketch(model, facts)`, which draws some answers as a PNG. They are kept
in the run's folder `sketches` at the first, second, fourth, eighth … checkpoint and at the last.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import predictions
from .runs import Run
from .schedule import Schedule
from .signature import Predict
from .storage import write_atomic

FOLDER = "sketches"
Draw = Callable[[Predict, Mapping[str, Any]], bytes]


def keep_sketch(
    run: Run, schedule: Schedule, step: int, predict: Predict, facts: Mapping[str, Any]
) -> None:
    """Draw what the network answers at a checkpoint, if this is one of those that are drawn."""
    draw: Draw | None = getattr(predictions, "sketch", None)
    checkpoint = step // schedule.settings.checkpoint_every
    power_of_two = checkpoint & (checkpoint - 1) == 0
    if draw is None or not (power_of_two or step == schedule.steps):
        return
    picture = draw(predict, facts)  # every process of a training has a part in it
    if not run.writes:
        return
    folder = run.path / FOLDER
    folder.mkdir(exist_ok=True)
    write_atomic(folder / f"step-{step:08d}.png", picture)
