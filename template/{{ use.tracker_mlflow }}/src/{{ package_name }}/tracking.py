"""MLflow, in a local SQLite file unless MLFLOW_TRACKING_URI names a server.

`uv run mlflow ui --backend-store-uri sqlite:///runs/mlflow.db` shows the curves of all runs.
"""

import os
import time
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric


class Tracker:
    """Record scalars as one MLflow run, in batches: one call per metric would be slow."""

    def __init__(self, folder: Path, name: str) -> None:
        store = f"sqlite:///{(folder.parent / 'mlflow.db').as_posix()}"
        self._client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI", store))
        experiment = self._client.get_experiment_by_name("runs")
        where = experiment.experiment_id if experiment else self._client.create_experiment("runs")
        self._run = self._client.create_run(where, run_name=name).info.run_id

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps."""
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics, synchronous=True)

    def close(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self._run)
