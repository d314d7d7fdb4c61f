"""MLflow, in a local SQLite file unless MLFLOW_TRACKING_URI names a server.

`uv run mlflow ui --backend-store-uri sqlite:///runs/mlflow.db` shows the curves of all runs.
"""

import contextlib
import json
import os
import sys
import time
from typing import Literal

from mlflow import MlflowClient, entities
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from tqdm import tqdm

from .config import flatten
from .runs import Run
from .storage import write_atomic

Outcome = Literal["finished", "stopped", "failed"]
STATUS = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}

# With MLflow's own values, a server that is down would hold up the training for four minutes, and
# one that does not answer for longer.
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}


def store_of(run: Run) -> str:
    """Name the store that all runs of a folder share."""
    return f"sqlite:///{(run.path.parent / 'mlflow.db').as_posix()}"


class Tracker:
    """Record scalars as one MLflow run, in batches: one call per metric would be slow.

    `tracker.json` in the run's folder keeps the id of the MLflow run, which a resumed run goes on
    with.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        self._client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or store_of(run))
        self._last_steps: dict[str, int] = {}
        file = run.path / "tracker.json"
        kept = json.loads(file.read_bytes()).get("mlflow_run") if file.is_file() else None
        if (found := self._reopen(kept) if kept else None) is None:
            if kept:
                note = f"note: MLflow has no run {kept} (any more); the tracker begins a new one"
                tqdm.write(note, sys.stderr)
            found = self._create(run.name)
            write_atomic(file, json.dumps({"mlflow_run": found.info.run_id}).encode())
        self._run: str = found.info.run_id
        # MLflow refuses to change a parameter; those that it has are left alone.
        parameters = [
            Param(name, str(value))
            for name, value in flatten(run.config).items()
            if name not in found.data.params
        ]
        self._client.log_batch(self._run, params=parameters, synchronous=True)

    def _create(self, name: str) -> entities.Run:
        experiment = self._client.get_experiment_by_name("runs")
        where = experiment.experiment_id if experiment else self._client.create_experiment("runs")
        return self._client.create_run(where, run_name=name)

    def _reopen(self, run: str) -> entities.Run | None:
        """Set a run back to running; None when this server does not have it, or has deleted it."""
        try:
            found = self._client.get_run(run)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        if found.info.lifecycle_stage != "active":
            return None
        self._client.update_run(run, status="RUNNING")
        for name in found.data.metrics:
            history = self._client.get_metric_history(run, name)
            self._last_steps[name] = max(metric.step for metric in history)
        return found

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps.

        MLflow cannot delete single points. Those that a killed run recorded after its last
        checkpoint stay, and the resumed run, which repeats these steps, adds none to them.
        """
        now = int(time.time() * 1000)
        metrics = [
            Metric(name, value, now, step)
            for name, value in values.items()
            if step > self._last_steps.get(name, 0)
        ]
        self._client.log_batch(self._run, metrics=metrics, synchronous=True)

    def close(self, outcome: Outcome) -> None:
        """Mark the run as finished, killed (also where it can be resumed) or failed."""
        # MLflow prints a server's address of the run; our stdout is for results.
        with contextlib.redirect_stdout(sys.stderr):
            self._client.set_terminated(self._run, STATUS[outcome])
