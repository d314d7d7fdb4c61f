"""No tracker: metrics.jsonl in the run's folder holds every figure."""

from typing import Literal

from .runs import Run

Outcome = Literal["finished", "stopped", "failed"]


class Tracker:
    """Record nothing; the place to connect a tracker of your own.

    Any exception in here ends the tracking with a warning; the training goes on.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        """Begin, or go on after `first_step` steps where a run is resumed."""

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Take figures by name, such as `train/loss`, after a number of steps."""

    def close(self, outcome: Outcome) -> None:
        """Let go of what the tracker holds."""
