"""TensorBoard: `uv run tensorboard --logdir runs` shows the curves of all runs."""

from pathlib import Path

from tensorboard.summary import Writer


class Tracker:
    """Write scalars as TensorBoard's event files into the run's folder; needs no framework."""

    def __init__(self, folder: Path, name: str) -> None:
        self._writer = Writer(str(folder / "tensorboard"))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()
