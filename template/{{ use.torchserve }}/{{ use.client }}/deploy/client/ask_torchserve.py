"""TorchServe's API for predictions; every request needs a token."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from connection import Server

SPEAKS = "TorchServe's API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the token is, and a way to see the request."""
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="the server's key_file.json; it says where it is"
    )
    parser.add_argument(
        "--curl", action="store_true", help="print the first request for `curl -K -`"
    )


class Model:
    """The one model of a server: its name, run, inputs and outputs."""

    def __init__(self, server: Server, curl: bool) -> None:
        self.server = server
        self.curl = curl
        about = server.get("/invocations")  # a request without inputs is told what to send
        self.name: str = about["model"]
        self.run: str = about.get("run", "")
        self.inputs: list[dict[str, Any]] = about["inputs"]
        self.outputs: list[dict[str, Any]] = about["outputs"]

    def predict(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute outputs by name from inputs by name; each has the rows as its first axis.

        With `curl`, the request is printed instead, and the program ends.
        """
        columns = [batch[tensor["name"]].tolist() for tensor in self.inputs]
        names = [tensor["name"] for tensor in self.inputs]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        body = json.dumps(rows if len(names) > 1 else columns[0])  # a single one has no name
        path = f"/predictions/{self.name}"
        if self.curl:
            self.print_request(path, body)
            sys.exit()
        answer = self.server.post(path, body)
        return {tensor["name"]: np.array(column(answer, tensor)) for tensor in self.outputs}

    def print_request(self, path: str, body: str) -> None:
        """Print a request as curl's settings; the token stays out of its command line."""
        print(f'url = "{self.server.url}{path}"')
        print(f'header = "Authorization: Bearer {self.server.token}"')
        print('header = "Content-Type: application/json"')
        print(f"data = {json.dumps(body)}")
        if self.server.ca:
            print(f"cacert = {json.dumps(str(self.server.ca))}")


def column(answer: list[dict[str, Any]], tensor: dict[str, Any]) -> list[Any]:
    """Take one output out of all rows; probabilities of classes come by label."""
    if "probabilities" in answer[0] and "label" in answer[0]:
        return [[row["probabilities"][label] for label in tensor["labels"]] for row in answer]
    return [row[tensor["name"]] for row in answer]


def find_model(server: Server, arguments: argparse.Namespace) -> Model:
    """Ask the server for its model, with the token of `--token-file` or of `--keys`."""
    if not server.token:
        port = urlsplit(server.url).port or 80
        keys = arguments.keys or Path("artifacts", f".torchserve-{port}", "key_file.json")
        if not keys.is_file():
            raise OSError(f"there is no {keys}; start `serve torchserve`, or see --keys")
        server.token = json.loads(keys.read_text("utf-8"))["inference"]["key"]
    return Model(server, arguments.curl)
