"""What a training chooses by what is there, where nobody has said: kept with the run."""

import os

from .dataset import Dataset
from .runs import Run


def keep_choices(run: Run, dataset: Dataset, batch_size: int) -> Run:
    """Write into the run's settings what the data have chosen, and the number of threads.

    A resumed run has to compute in the same way: another number of threads, say, changes the last
    bits of the weights.
    """
    run = run.settle("data", **dataset.chosen)
    if run.config.hardware.threads:
        return run
    from .hardware import choose_threads  # which imports the framework

    split = dataset.train
    batch = split.nbytes // max(len(split), 1) * batch_size
    return run.settle("hardware", threads=choose_threads(batch))


def available_cpus() -> int:
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
