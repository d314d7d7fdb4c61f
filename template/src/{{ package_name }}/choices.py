"""What a training chooses by what is there, where nobody has said: kept with the run."""

import dataclasses
import os
from collections.abc import Callable

from . import task
from .dataset import Dataset
from .runs import Run
from .schedule import Schedule

CHOOSE: Callable[..., dict[str, dict[str, object]]] | None = getattr(task, "choose", None)


def keep_choices(run: Run, dataset: Dataset) -> Run:
    """Write into the run's settings what the data and the task choose, and the number of threads.

    A task chooses by its other settings where `task.py` has `choose(data, model, train)`. Only what
    nobody has set is chosen. A resumed run has to compute in the same way: another number of
    threads, say, changes the last bits of the weights.
    """
    now = run.config
    by_settings = CHOOSE(now.data, now.model, now.train) if CHOOSE else {}
    for section, chosen in [("data", dataset.chosen), *by_settings.items()]:
        settings = getattr(run.config, section)
        defaults = {field.name: field.default for field in dataclasses.fields(settings)}
        left = {n: v for n, v in chosen.items() if getattr(settings, n) == defaults[n]}
        run = run.keep_settings(section, **left)
    if run.config.hardware.threads:
        return run
    from .hardware import choose_threads  # which imports the framework

    split = dataset.train
    size = split.nbytes // max(len(split), 1) * Schedule(len(split), run.config.train).batch_size
    return run.keep_settings("hardware", threads=choose_threads(size))


def available_cpus() -> int:
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
