"""Weights & Biases, offline unless you say otherwise: `wandb sync` uploads a run later.

Set WANDB_MODE=online to send figures while training; nothing leaves this machine before that.
"""

import os
from pathlib import Path

import wandb


class Tracker:
    """Record scalars as a W&B run inside the run's folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._run = wandb.init(
            dir=str(folder),
            name=name,
            mode="online" if os.environ.get("WANDB_MODE") == "online" else "offline",
            settings=wandb.Settings(silent=True),
        )

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps."""
        self._run.log(values, step=step)

    def close(self) -> None:
        """Write what is still in memory."""
        self._run.finish()
