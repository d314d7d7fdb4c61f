"""One servable, as TensorFlow Serving calls it: what REST and gRPC answer alike.

Sentences and kinds of errors are TensorFlow Serving's where it has one for the case.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...manifest import Manifest
from ...printing import counted
from ...serving.requests import Refused
from ...settings import ServeSettings
from ...signature import Batch, Tensor
from . import SIGNATURE, VERSION
from .c_api import LoaderError
from .messages import get_model_metadata_pb2, get_model_status_pb2
from .runtime import SavedModel, shape_text

AVAILABLE = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
METADATA = "signature_def"  # the only field of metadata there is


class StatusError(Refused):
    """A refusal with gRPC's status code beside HTTP's."""

    def __init__(self, message: str, status: int = 400, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message, status)
        self.code = code


class Servable:
    """One model, one version of it, and the labels that a models.config gives to the version."""

    def __init__(
        self,
        model: SavedModel,
        manifest: Manifest,
        settings: ServeSettings,
        labels: Mapping[str, int],
    ) -> None:
        self.model = model
        self.manifest = manifest
        self.settings = settings
        self.labels = labels

    def find(self, name: str, version: int | None = None, label: str | None = None) -> None:
        """Refuse to compute with a model, version or label that is not here."""
        if label is not None and name == self.manifest.model:
            version = self.labels.get(label)
            if version is None:
                raise StatusError(f"Unrecognized servable version label: {shorten(label)}")
        if not name:
            raise StatusError("ModelSpec has no name specified")
        if name != self.manifest.model or version not in (None, VERSION):
            wanted = f"Latest({shorten(name)})"
            if version is not None:
                wanted = f"Specific({shorten(name)}, {version})"
            raise StatusError(f"Servable not found for request: {wanted}", 404, "NOT_FOUND")

    def status(self, name: str, version: int | None = None) -> Any:
        """Tell the state of one version of a model, or of all; a GetModelStatusResponse."""
        if version not in (None, VERSION):
            message = f"Could not find version {version} of model {shorten(name)}"
            raise StatusError(message, 404, "NOT_FOUND")
        if name != self.manifest.model:
            message = f"Could not find any versions of model {shorten(name)}"
            raise StatusError(message, 404, "NOT_FOUND")
        response = get_model_status_pb2.GetModelStatusResponse()
        known = response.model_version_status.add(version=VERSION, state=AVAILABLE)
        known.status.SetInParent()  # no error
        return response

    def metadata(self) -> Any:
        """Describe all signatures of the model; a GetModelMetadataResponse."""
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.manifest.model
        response.model_spec.version.value = VERSION
        response.metadata[METADATA].Pack(self.signature_map())
        return response

    def signature_map(self) -> Any:
        """Give the signatures as the message that metadata carry."""
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in self.model.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        return signatures

    def inputs_of(self, signature: str) -> Sequence[Tensor]:
        """Give the inputs of a signature that the model has."""
        if signature == SIGNATURE:
            return self.manifest.signature.inputs
        return self.model.further[signature].tensors

    def predict(self, inputs: Batch, signature: str = SIGNATURE) -> Batch:
        """Compute all outputs by a signature; every input must have its type and shape."""
        given = {name: (array.dtype.name, array.shape) for name, array in inputs.items()}
        self.check(given, signature)
        try:
            return self.model.run(inputs, signature)
        except LoaderError as error:
            raise StatusError(str(error).splitlines()[0]) from error

    def check(
        self, given: Mapping[str, tuple[str, Sequence[int]]], signature: str = SIGNATURE
    ) -> None:
        """Hold the types and shapes of inputs, by name, to a signature."""
        wanted = {tensor.name: tensor for tensor in self.inputs_of(signature)}
        if given.keys() != wanted.keys():
            raise StatusError(
                f"input size does not match signature: {len(given)}!={len(wanted)}."
                f" Sent extra: {{{shorten(','.join(sorted(given.keys() - wanted.keys())))}}}."
                f" Missing but required: {{{','.join(sorted(wanted.keys() - given.keys()))}}}."
            )
        for name, (dtype, shape) in given.items():
            self.check_tensor(wanted[name], dtype, shape)
        if len({shape[0] for _, shape in given.values()}) > 1:
            raise StatusError("all inputs must have the same first dimension")

    def check_tensor(self, tensor: Tensor, dtype: str, shape: Sequence[int]) -> None:
        """Hold one input to its signature: TensorFlow would try to compute with any shape."""
        if dtype != tensor.dtype:
            raise StatusError(f"Expects {tensor.name} to be {tensor.dtype} but {dtype} is provided")
        fits = len(shape) == 1 + len(tensor.shape) and all(
            size in (None, given) for size, given in zip(tensor.shape, shape[1:], strict=True)
        )
        if not fits:
            wanted = shape_text(tensor)
            raise StatusError(f"{tensor.name} must have the shape {wanted}, not {list(shape)[:8]}")
        if min(shape) < 1:
            raise StatusError(f"{tensor.name} is empty")
        if shape[0] > self.settings.max_batch:
            most = counted(self.settings.max_batch, "row")
            raise StatusError(f"at most {most} in one request", 413)
        # A TensorProto may leave out values that repeat, and so be far shorter than its array.
        if math.prod(shape) > self.settings.max_body_mib * 2**20:
            raise StatusError(f"{tensor.name} has too many values", 413)


def shorten(text: str) -> str:
    """Shorten what a client sent, to quote it: gRPC sends errors in headers, which are short."""
    plain = text.encode("ascii", "backslashreplace").decode()
    return plain if len(plain) <= 60 else f"{plain[:60]}..."
