"""The Open Inference Protocol v2, with inputs as bytes behind the JSON.

The protocol: https://github.com/open-inference/open-inference-protocol (inference_rest.md).
"""

import argparse
import json

import numpy as np
from connection import Server

SPEAKS = "Open Inference Protocol v2"
DTYPES = {"FP32": "<f4", "INT32": "<i4", "BOOL": "?"}  # the protocol's names, and NumPy's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the server tells all there is to know."""


class Model:
    """The one model of a server: its name, run, inputs and outputs."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.name: str = server.get("/v2")["name"]  # the server's name is its model's
        about = server.get(f"/v2/models/{self.name}")
        self.run: str = about["parameters"]["run"]
        names = about["parameters"]["labels"]
        self.inputs = [tensor | {"shape": tensor["shape"][1:]} for tensor in about["inputs"]]
        self.outputs = [
            tensor | {"labels": names.get(tensor["name"])} for tensor in about["outputs"]
        ]

    def predict(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute outputs by name from inputs by name; each has the rows as its first axis."""
        entries = []
        contents: list[bytes] = []
        for tensor in self.inputs:
            values = batch[tensor["name"]].astype(DTYPES[tensor["datatype"]])
            contents.append(values.tobytes())
            entry = {"name": tensor["name"], "datatype": tensor["datatype"], "shape": values.shape}
            entries.append(entry | {"parameters": {"binary_data_size": len(contents[-1])}})
        head = json.dumps({"inputs": entries}).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Inference-Header-Content-Length": str(len(head)),
        }
        path = f"/v2/models/{self.name}/infer"
        answer = self.server.post(path, b"".join([head, *contents]), headers)
        return {o["name"]: np.reshape(o["data"], o["shape"]) for o in answer["outputs"]}


def find_model(server: Server, arguments: argparse.Namespace) -> Model:
    """Ask the server for its model."""
    return Model(server)
