"""Weights & Biases, offline unless you say otherwise: `wandb sync` uploads a run later.

Set WANDB_MODE=online to send figures while training; nothing leaves this machine before that.
WANDB_MODE=disabled records nothing.
"""

import json
import os
from typing import Any, Literal

import wandb

from .config import flatten
from .runs import Run
from .storage import write_atomic

Outcome = Literal["finished", "stopped", "failed"]
EXIT_CODES = {"finished": 0, "stopped": 255, "failed": 1}  # 255 is what W&B gives Ctrl-C

# With W&B's own values, a server that is down would hold up the start for 90 seconds, and the end
# for as long as it is down. What was not sent stays on the disk, for `wandb sync`.
PATIENCE = {"WANDB_INIT_TIMEOUT": "10", "WANDB_FINISH_TIMEOUT": "30"}


class Tracker:
    """Record scalars as a W&B run inside the run's folder.

    `tracker.json` there keeps the id of the W&B run, which a resumed run goes on with. Steps that
    were recorded after the last checkpoint are repeated then: online, W&B leaves out steps that it
    has already; offline, each start writes a folder of its own, all with the same id. Rewinding a
    run (`resume_from`) needs the server.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        mode: Any = os.environ.get("WANDB_MODE") or "offline"
        file = run.path / "tracker.json"
        kept = json.loads(file.read_bytes()).get("wandb_run") if file.is_file() else None
        self._run = wandb.init(
            dir=str(run.path),
            name=run.name,
            id=kept,
            resume="allow",  # an id that the server does not know becomes a new run
            config=flatten(run.config),
            mode=mode,
            settings=wandb.Settings(silent=True),
        )
        if mode != "disabled":
            write_atomic(file, json.dumps({"wandb_run": self._run.id}).encode())

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps."""
        self._run.log(values, step=step)

    def close(self, outcome: Outcome) -> None:
        """Write what is still in memory, and say how the training ended."""
        self._run.finish(exit_code=EXIT_CODES[outcome])
