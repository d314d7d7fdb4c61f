"""TensorFlow's C++ loader: load the SavedModel, hold it to its manifest, warm it up, compute."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from ...errors import UserError
from ...manifest import Manifest
from ...signature import Batch, Predict, Tensor, concatenate
from . import SIGNATURE
from .c_api import LoaderError, Session
from .messages import NAMES, prediction_log_pb2, to_array

WARM_UP = "assets.extra/tf_serving_warmup_requests"


def load(folder: Path, manifest: Manifest, precision: str) -> Predict:
    """Load the artifact in `folder` as a function; threads may share it.

    Raises UserError when the SavedModel is broken or is not what the manifest describes.
    """
    model = SavedModel(folder, manifest, precision)

    def predict(batch: Batch) -> Batch:
        return concatenate([model.run(piece) for piece in manifest.signature.pieces(batch)])

    return predict


class SavedModel:
    """A SavedModel whose signature is the manifest's, warmed up; for any number of threads."""

    def __init__(self, folder: Path, manifest: Manifest, precision: str) -> None:
        """Load it; raises UserError."""
        self.folder = (folder / manifest.file(precision)).parent
        try:
            self.session = Session(self.folder)
        except LoaderError as error:
            raise UserError(f"{self.folder} is not a model TensorFlow can load: {error}") from error
        self.signatures = dict(self.session.meta_graph.signature_def)
        self.inputs, self.outputs = self.tensors(manifest)
        self.further = {
            name: FurtherSignature.read(signature)
            for name, signature in self.signatures.items()
            if name != SIGNATURE and signature.inputs
        }
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
            ("inputs", manifest.signature.inputs, signature.inputs),
            ("outputs", manifest.signature.outputs, signature.outputs),
        ):
            promised = {t.name: (t.dtype, (None, *t.shape)) for t in wanted}
            real = {name: describe(info) for name, info in found.items()}
            if promised != real:
                raise UserError(
                    f"{self.folder} has the {kind} {real}, but its manifest promises {promised};"
                    " export the model again"
                )
        return (
            {name: info.name for name, info in signature.inputs.items()},
            {name: info.name for name, info in signature.outputs.items()},
        )

    def run(self, inputs: Batch, signature: str = SIGNATURE) -> Batch:
        """Compute all outputs by one of the signatures; raises LoaderError."""
        names, outputs = self.inputs, self.outputs
        if signature != SIGNATURE:
            names, outputs = self.further[signature].inputs, self.further[signature].outputs
        fed = {names[name]: array for name, array in inputs.items()}
        arrays = self.session.run(fed, list(outputs.values()))
        return dict(zip(outputs, arrays, strict=True))


@dataclass(frozen=True)
class FurtherSignature:
    """A signature of the SavedModel beside the one that the manifest describes."""

    tensors: tuple[Tensor, ...]
    """its inputs; strings are of the type object"""
    inputs: dict[str, str]
    """the graph's names of inputs and outputs"""
    outputs: dict[str, str]

    @classmethod
    def read(cls, signature: Any) -> "FurtherSignature":
        """Read a SignatureDef."""
        tensors = []
        for name, info in signature.inputs.items():
            dtype, shape = describe(info)
            tensors.append(Tensor(name, dtype, shape[1:], "values"))  # type: ignore[arg-type]
        return cls(
            tuple(tensors),
            {name: info.name for name, info in signature.inputs.items()},
            {name: info.name for name, info in signature.outputs.items()},
        )


def describe(info: Any) -> tuple[str, tuple[int | None, ...]]:
    """Give the type and the shape of a tensor in a signature of the SavedModel."""
    sizes = tuple(None if size.size < 0 else size.size for size in info.tensor_shape.dim)
    return NAMES.get(info.dtype, str(info.dtype)), sizes


def shape_text(tensor: Tensor) -> str:
    """Write the shape of a batch for people, such as [n, 8]; a ? is any size."""
    sizes = ["n", *("?" if size is None else str(size) for size in tensor.shape)]
    return f"[{', '.join(sizes)}]"


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
