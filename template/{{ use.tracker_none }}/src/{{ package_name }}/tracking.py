"""No tracker: metrics.jsonl in the run's folder holds every figure."""

from pathlib import Path


class Tracker:
    """Record nothing; the place to connect a tracker of your own."""

    def __init__(self, folder: Path, name: str) -> None:
        pass

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Take figures by name, such as `train/loss`, after a number of steps."""

    def close(self) -> None:
        """Let go of what the tracker holds."""
