"""Ask a TorchServe of its own: the archive is tried where it will be used."""

import json
from pathlib import Path

import numpy as np

from ...settings import ServeSettings
from ...errors import UserError
from ...manifest import Manifest
from .process import TorchServe, ask

ROWS = 64  # in one request
TEXT = 25  # bytes that a number takes in JSON, at most


def load(folder: Path, manifest: Manifest, precision: str) -> "Asked":
    """Start TorchServe with the archive in `folder`, on free ports, as a function.

    The function takes float32 [n, ...] as the manifest's first input says and gives float32
    [n, ...] as its first output says, for any n. Its `close` ends the server.
    Raises UserError when the server cannot be started.
    """
    return Asked(folder, manifest)


class Asked:
    """The model behind a running server, as a function."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        shape = [size or 1 for size in manifest.inputs[0].shape]
        self.row_bytes = TEXT * int(np.prod(shape))
        self.manifest = manifest
        body = max(ServeSettings().max_body_mib, -(-2 * self.row_bytes // 2**20))
        settings = ServeSettings(port=0, max_batch=ROWS, max_body_mib=body)
        self.rows = min(ROWS, body * 2**20 // self.row_bytes)
        self.server = TorchServe(folder, manifest, settings)
        try:
            self.server.wait_until_ready()
        except BaseException:
            self.server.close()
            raise

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Send `inputs`, some rows at a time."""
        classes = self.manifest.classes
        rows: list[list[float]] = []
        for first in range(0, len(inputs), self.rows):
            for answer in self.send(inputs[first : first + self.rows]):
                rows.append([answer["probabilities"][name] for name in classes])
        return np.array(rows, np.float32).reshape(len(inputs), len(classes))

    def send(self, inputs: np.ndarray) -> list[dict[str, dict[str, float]]]:
        """Send one request; raises UserError when the server does not answer it."""
        server = self.server
        path = f"/predictions/{self.manifest.model}"
        body = json.dumps(inputs.tolist()).encode()
        status, content = ask(server.host, server.port, path, server.token(), body)
        if status != 200:
            raise UserError(f"TorchServe answered {status}: {content.decode(errors='replace')}")
        answers: list[dict[str, dict[str, float]]] = json.loads(content)
        return answers

    def close(self) -> None:
        """End the server."""
        self.server.close()
