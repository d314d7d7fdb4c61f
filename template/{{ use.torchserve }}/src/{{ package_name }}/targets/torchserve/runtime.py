"""Ask a TorchServe of its own: the archive is tried where it will be used."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ...manifest import Manifest
from ...settings import ServeSettings
from ...signature import Batch, Signature, Tensor, concatenate
from .process import TorchServe, ask

ROWS = 64  # in one request
TEXT = 25  # bytes that a number takes in JSON, at most


def load(folder: Path, manifest: Manifest, precision: str) -> "Asked":
    """Start TorchServe with the archive in `folder`, on free ports, as a function.

    The function's `close` ends the server. Raises UserError when it cannot be started.
    """
    return Asked(folder, manifest)


class Asked:
    """The model behind a running server, as a function."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest, self.signature = manifest, manifest.signature
        row = max(text_bytes(self.signature.inputs), text_bytes(self.signature.outputs))
        body = max(ServeSettings().max_body_mib, -(-2 * row // 2**20))
        settings = ServeSettings(port=0, max_batch=ROWS, max_body_mib=body)
        self.rows = min(ROWS, body * 2**20 // row)
        self.server = TorchServe(folder, manifest, settings)
        try:
            self.server.wait_until_ready()
        except BaseException:
            self.server.close()
            raise

    def __call__(self, batch: Batch) -> Batch:
        """Send the inputs, some rows at a time, and put the answers together."""
        return concatenate([self.compute(p) for p in self.signature.pieces(batch, most=self.rows)])

    def compute(self, inputs: Batch) -> Batch:
        """Send one request, and make arrays of its answers; no rows need no request."""
        columns = [array.tolist() for array in inputs.values()]
        rows = list(zip(*columns, strict=True))
        one = len(columns) == 1
        body = [row[0] if one else dict(zip(inputs, row, strict=True)) for row in rows]
        answers = self.send(body) if body else []
        outputs: Batch = {}
        for tensor in self.signature.outputs:
            found = [values(self.signature, tensor, answer) for answer in answers]
            nothing = np.zeros((0, *(size or 0 for size in tensor.shape)), tensor.dtype)
            outputs[tensor.name] = np.array(found, tensor.dtype) if found else nothing
        return outputs

    def send(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Send one request; raises UserError when the server does not answer it."""
        server, body = self.server, json.dumps(rows).encode()
        path = f"/predictions/{self.manifest.model}"
        status, content = ask(server.host, server.port, path, server.token(), body)
        if status != 200:
            raise UserError(f"TorchServe answered {status}: {content.decode(errors='replace')}")
        answers: list[dict[str, Any]] = json.loads(content)
        return answers

    def close(self) -> None:
        """End the server, which nobody else asks."""
        self.server.close(at_once=True)


def values(signature: Signature, tensor: Tensor, answer: dict[str, Any]) -> Any:
    """Find an output's values in the answer for one row, where the handler puts them."""
    if len(signature.outputs) == 1 and tensor.content == "classes":
        return [answer["probabilities"][label] for label in tensor.labels]
    return answer[tensor.name]


def text_bytes(tensors: Sequence[Tensor]) -> int:
    """Return how many bytes one row takes in JSON, at most."""
    return sum(
        TEXT * math.prod(size or 1 for size in tensor.shape)
        + len(json.dumps([tensor.name, *tensor.labels]))
        for tensor in tensors
    )
