"""Samples per CPU second of several training loops that take turns: what both bodies share."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

# A rendered project; training_loop.py puts it into the environment that this runs in.
from rendered import config, data, runs, train
from rendered.interrupt import Interrupt
from rendered.journal import Journal

BATCH, CLASSES, LABEL_SMOOTHING, WEIGHT_DECAY = 64, 10, 0.05, 0.01  # as in the project's config
TURN = config.TrainSettings().checkpoint_every  # steps: with four log lines and one checkpoint
WARM_UP = 2  # turns of the rendered loop that do not count: tracing, first validation

Loop = Callable[[], float]  # trains for a while, returns the samples per CPU second


def whole_batches() -> tuple[Any, Any]:
    """Return the training images and class numbers, cut to whole batches, as arrays."""
    split = data.load(config.Config().data).train
    samples = len(split) // BATCH * BATCH
    return split.inputs[:samples], split.targets[:samples]


def take_turns(loops: Mapping[str, Loop], versions: Mapping[str, str]) -> None:
    """Run the project's own `train`, and the other loops whenever it has done a turn.

    It logs, validates and saves as by default; only the augmentation is off, as the other loops
    have none. The number of turns is the first argument. Prints all rates as JSON.
    """
    rounds = int(sys.argv[1])
    rates: dict[str, list[float]] = {name: [] for name in ("rendered loop", *loops)}

    class Stopwatch(Journal):
        """Stop the rendered loop's clock after each turn, and let the others run."""

        started = 0.0

        def training(self, step: int, figures: dict[str, float]) -> None:
            stopped = time.process_time()
            if step % TURN == 0:
                if step > WARM_UP * TURN:
                    rates["rendered loop"].append(TURN * BATCH / (stopped - self.started))
                    for name, loop in loops.items():
                        rates[name].append(loop())
                    print(f"round {step // TURN - WARM_UP} of {rounds}", file=messages)
                self.started = time.process_time()
            super().training(step, figures)

    messages, train.Journal = sys.stderr, Stopwatch
    settings = {"augment": False, "steps": (WARM_UP + rounds) * TURN}
    run = runs.create(config.read(None, settings))
    with contextlib.redirect_stderr(io.StringIO()), Interrupt() as interrupt:
        train.train(run, interrupt)
    network = dataclasses.asdict(run.config.model)
    print(json.dumps({"rates": rates, "versions": dict(versions), "network": network}))
