"""TensorFlow Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

import argparse
import json
from typing import Any

import manifest
import numpy as np
from connection import Server

SPEAKS = "TensorFlow Serving's REST API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the manifest has what the server does not tell, such as the outputs' labels."""


class Model:
    """The model of an artifact: its name, run, inputs and outputs."""

    def __init__(self, server: Server, about: dict[str, Any]) -> None:
        self.server = server
        self.name: str = about["model"]
        self.run: str = about["run"]
        self.inputs: list[dict[str, Any]] = about["signature"]["inputs"]
        self.outputs: list[dict[str, Any]] = about["signature"]["outputs"]

    def predict(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute outputs by name from inputs by name; each has the rows as its first axis."""
        names = [tensor["name"] for tensor in self.inputs]  # a batch may have more, for its answers
        body = json.dumps({"inputs": {name: batch[name].tolist() for name in names}})
        answer = self.server.post(f"/v1/models/{self.name}:predict", body)["outputs"]
        if len(self.outputs) == 1:  # which comes without its name
            answer = {self.outputs[0]["name"]: answer}
        return {name: np.asarray(values) for name, values in answer.items()}


def find_model(server: Server, arguments: argparse.Namespace) -> Model:
    """Read what the manifest says of the model."""
    return Model(server, manifest.read(arguments.manifest))
