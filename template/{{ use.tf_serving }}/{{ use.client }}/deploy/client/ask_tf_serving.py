"""TensorFlow Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from connection import Server

SPEAKS = "TensorFlow Serving's REST API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file that has what the server does not know: names along the outputs' last axis."""
    parser.add_argument(
        "--manifest",
        type=Path,
        default=Path("artifacts", "tf_serving", "manifest.json"),
        metavar="FILE",
        help="the artifact's; default: %(default)s",
    )


class Model:
    """The model of an artifact: its name, inputs and outputs."""

    def __init__(self, server: Server, manifest: dict[str, Any]) -> None:
        self.server = server
        self.name: str = manifest["model"]
        self.inputs: list[dict[str, Any]] = manifest["signature"]["inputs"]
        self.outputs: list[dict[str, Any]] = manifest["signature"]["outputs"]

    def predict(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute outputs by name from inputs by name; each has the rows as its first axis."""
        body = json.dumps({"inputs": {name: array.tolist() for name, array in batch.items()}})
        answer = self.server.post(f"/v1/models/{self.name}:predict", body)["outputs"]
        if len(self.outputs) == 1:  # which comes without its name
            answer = {self.outputs[0]["name"]: answer}
        return {name: np.asarray(values) for name, values in answer.items()}


def find_model(server: Server, arguments: argparse.Namespace) -> Model:
    """Read what the manifest says of the model."""
    if not arguments.manifest.is_file():
        raise OSError(f"there is no {arguments.manifest}; see --manifest")
    return Model(server, json.loads(arguments.manifest.read_text("utf-8")))
