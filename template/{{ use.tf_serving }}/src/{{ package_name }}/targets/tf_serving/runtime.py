"""TensorFlow's C++ loader: load the SavedModel, hold it to its manifest, warm it up, compute."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from ...errors import UserError
from ..manifest import Manifest, Tensor
from . import SIGNATURE
from .c_api import LoaderError, Session
from .messages import NAMES, prediction_log_pb2, to_array

CHUNK = 256  # inputs computed at once; bounds the memory of a long array
WARM_UP = "assets.extra/tf_serving_warmup_requests"


def load(folder: Path, manifest: Manifest, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """Load the artifact in `folder` as a function from inputs to outputs.

    The function takes float32 [n, ...] as the manifest's first input says and gives float32
    [n, ...] as its first output says, for any n, a chunk at a time.
    Raises UserError when the SavedModel is broken or is not what the manifest describes.
    """
    model = SavedModel(folder, manifest, precision)
    name, answer = manifest.inputs[0].name, manifest.outputs[0].name

    def predict(inputs: np.ndarray) -> np.ndarray:
        # An empty array is one empty chunk, so that the outputs keep their shape.
        starts = range(0, max(len(inputs), 1), CHUNK)
        chunks = (inputs[start : start + CHUNK] for start in starts)
        return np.concatenate([model.run({name: chunk})[answer] for chunk in chunks])

    return predict


class SavedModel:
    """A SavedModel whose signature is the manifest's, warmed up; for any number of threads."""

    def __init__(self, folder: Path, manifest: Manifest, precision: str) -> None:
        """Load it; raises UserError."""
        self.folder = (folder / manifest.models[precision]).parent
        try:
            self.session = Session(self.folder)
        except LoaderError as error:
            raise UserError(f"{self.folder} is not a model TensorFlow can load: {error}") from error
        self.signatures = dict(self.session.meta_graph.signature_def)
        self.inputs, self.outputs = self.tensors(manifest)
        try:
            for request in warm_up_requests(self.folder / WARM_UP):
                self.run({name: to_array(tensor) for name, tensor in request.inputs.items()})
        except (LoaderError, DecodeError, ValueError, KeyError, struct.error) as error:
            raise UserError(f"{self.folder} does not warm up: {error}") from error

    def tensors(self, manifest: Manifest) -> tuple[dict[str, str], dict[str, str]]:
        """Give the graph's names of inputs and outputs; raises UserError for other ones."""
        signature = self.signatures.get(SIGNATURE)
        if signature is None:
            raise UserError(f"{self.folder} has no signature {SIGNATURE}; export the model again")
        for kind, wanted, found in (
            ("inputs", manifest.inputs, signature.inputs),
            ("outputs", manifest.outputs, signature.outputs),
        ):
            promised = {t.name: (t.dtype, tuple(t.shape)) for t in wanted}
            real = {name: describe(info) for name, info in found.items()}
            if not promised or promised != real:
                raise UserError(
                    f"{self.folder} has the {kind} {real}, but its manifest promises {promised};"
                    " export the model again"
                )
        return (
            {name: info.name for name, info in signature.inputs.items()},
            {name: info.name for name, info in signature.outputs.items()},
        )

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute all outputs; raises LoaderError."""
        fed = {self.inputs[name]: array for name, array in inputs.items()}
        arrays = self.session.run(fed, list(self.outputs.values()))
        return dict(zip(self.outputs, arrays, strict=True))


def describe(info: Any) -> tuple[str, tuple[int | None, ...]]:
    """Give the type and the shape of a signature's tensor as a manifest has them."""
    sizes = tuple(None if size.size < 0 else size.size for size in info.tensor_shape.dim)
    return NAMES.get(info.dtype, str(info.dtype)), sizes


def shape_text(tensor: Tensor) -> str:
    """Write a shape for people: [n, 8, 8, 1]."""
    return f"[{', '.join('n' if size is None else str(size) for size in tensor.shape)}]"


def warm_up_requests(file: Path) -> list[Any]:
    """Read the requests that a server replays before it answers; ValueError when it is damaged.

    The file is a TFRecord: length, checksum of the length, content, checksum of the content.
    """
    if not file.is_file():
        return []
    requests, content, place = [], file.read_bytes(), 0
    while place < len(content):
        (size,) = struct.unpack_from("<Q", content, place)
        record = content[place + 12 : place + 12 + size]
        place += 12 + size + 4
        if place > len(content):
            raise ValueError(f"{file.name} ends within a request")
        log = prediction_log_pb2.PredictionLog.FromString(record)
        requests.append(log.predict_log.request)
    return requests
