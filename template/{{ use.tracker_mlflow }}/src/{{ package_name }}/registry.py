"""MLflow's registry of models: where `push` uploads to, beside the curves of the tracker."""

import json
import os
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .errors import UserError
from .runs import Run
from .tracking import PATIENCE, store_of


def register(run: Run, name: str, folder: Path) -> str:
    """Upload a folder as a new version of a registered model; returns `models:/NAME/VERSION`.

    The files are kept with the tracker's own run, where there is one. Raises UserError where MLflow
    refuses or does not answer.
    """
    for variable, value in PATIENCE.items():
        os.environ.setdefault(variable, value)
    try:
        client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or store_of(run))
        tracked = tracked_run(client, run)
        client.log_artifacts(tracked, str(folder), "model")
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        source = f"{client.get_run(tracked).info.artifact_uri}/model"
        version = client.create_model_version(
            name, source, tracked, tags={"run": run.name}, description=f"Run {run.name}"
        )
    except (MlflowException, OSError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"MLflow did not take {name}: {reason}") from error
    return f"models:/{name}/{version.version}"


def tracked_run(client: MlflowClient, run: Run) -> str:
    """Return the id of the tracker's run, or of a new one where the server does not have it."""
    file = run.path / "tracker.json"
    if file.is_file():
        kept: str = json.loads(file.read_bytes())["mlflow_run"]
        try:
            return str(client.get_run(kept).info.run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    experiment = client.get_experiment_by_name("runs")
    where = experiment.experiment_id if experiment else client.create_experiment("runs")
    made = client.create_run(where, run_name=run.name)
    client.set_terminated(made.info.run_id)
    return str(made.info.run_id)
