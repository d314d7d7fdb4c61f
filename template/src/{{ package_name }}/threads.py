"""How many CPU threads a training uses, where nobody has said."""

import os

from .dataset import Split
from .runs import Run

LARGE = 2**20  # bytes of a batch: with less, threads wait for each other longer than they compute


def keep_threads(run: Run, split: Split, batch_size: int) -> Run:
    """Choose the number of threads for a run that has none, and keep it with the run.

    Another number changes the last bits of the weights, so a resumed run has to have the same one.
    """
    if run.config.hardware.threads:
        return run
    batch = split.nbytes // max(len(split), 1) * batch_size
    return run.settle("hardware", threads=available_cpus() if batch >= LARGE else 1)


def available_cpus() -> int:
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
