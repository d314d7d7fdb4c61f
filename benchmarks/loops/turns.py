"""Samples per CPU second of several training loops that take turns: what both bodies share."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import numpy as np

# A rendered project; training_loop.py puts it into the environment that this runs in.
from rendered import config, data, runs, train
from rendered.interrupt import Interrupt
from rendered.logger import Logger

CONFIG = config.Config()
DATA = data.load(CONFIG.data)
BATCH, WEIGHT_DECAY = CONFIG.train.batch_size, CONFIG.train.weight_decay
LABEL_SMOOTHING = CONFIG.train.label_smoothing
TURN = CONFIG.train.log_every  # steps of the rendered loop
ROUND = CONFIG.train.checkpoint_every  # steps: whole turns, with one checkpoint
WARM_UP = 2  # rounds of the rendered loop that do not count: tracing, first validation

Loop = Callable[[], float]  # trains for a moment, returns CPU seconds per sample


def whole_batches() -> tuple[Any, Any]:
    """Return the training images, 0 to 1, and class numbers, cut to whole batches, as arrays."""
    rows = DATA.train.rows(np.arange(len(DATA.train) // BATCH * BATCH))
    return rows["images"].astype(np.float32) / 255, rows["labels"]


def take_turns(loops: Mapping[str, Loop], versions: Mapping[str, str]) -> None:
    """Run the project's own `train`, and the other loops whenever it logs.

    It logs, validates and saves as by default; only the augmentation is off, as the other loops
    have none. The number of rounds is the first argument. Prints one rate per loop and round, in
    samples per CPU second, as JSON.
    """
    rounds = int(sys.argv[1])
    turns: dict[str, list[float]] = {name: [] for name in ("rendered loop", *loops)}

    class Stopwatch(Logger):
        """Stop the rendered loop's clock after each turn, and let the others run."""

        started = 0.0

        def training(self, step: int, figures: dict[str, float]) -> None:
            stopped = time.process_time()
            if step > WARM_UP * ROUND:
                turns["rendered loop"].append((stopped - self.started) / (TURN * BATCH))
                for name, loop in loops.items():
                    turns[name].append(loop())
            self.started = time.process_time()
            super().training(step, figures)

    settings = {"augment": False, "steps": (WARM_UP + rounds) * ROUND}
    run = runs.create(config.read(None, settings))
    with mock.patch.object(train, "Logger", Stopwatch), Interrupt(run) as interrupt:
        train.train(run, interrupt)
    each = ROUND // TURN  # turns of a round
    rates = {
        name: [each / sum(costs[i : i + each]) for i in range(0, len(costs), each)]
        for name, costs in turns.items()
    }
    network = dataclasses.asdict(run.config.model)
    print(json.dumps({"rates": rates, "versions": dict(versions), "network": network}))
