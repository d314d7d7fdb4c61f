"""TensorFlow Serving's gRPC API: PredictionService and ModelService, in a thread of their own."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import DecodeError, Message

from ...errors import UserError
from ...serving.run import SHUTDOWN_SECONDS
from . import SIGNATURE
from .messages import (
    NAMES,
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    shape_of,
    to_array,
    to_proto,
)
from .servable import METADATA, Servable, StatusError, shorten

WAITING = 64  # requests before the model at once; the next is refused
OPTIONS = {
    "grpc.so_reuseport": 0,  # a busy port is busy
    "grpc.max_concurrent_streams": WAITING,  # of one client
    "grpc.max_metadata_size": 16 * 2**10,
    # Clients that stall or are gone do not hold their connections forever.
    "grpc.max_connection_idle_ms": 300_000,
    "grpc.max_connection_age_ms": 3_600_000,
    "grpc.max_connection_age_grace_ms": 60_000,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
}

Handler = Callable[[Any], Message]


class GrpcServer:
    """A gRPC server over one model; the event loop in its thread waits for clients that stall."""

    def __init__(self, servable: Servable) -> None:
        self.servable = servable
        self.workers = ThreadPoolExecutor(min(os.cpu_count() or 1, 8), "grpc")
        self.waiting = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="grpc", daemon=True)

    def start(self, host: str, port: int) -> int:
        """Listen on `port`, or on a free one when it is busy or 0; returns which one it is."""
        self.thread.start()
        return asyncio.run_coroutine_threadsafe(self.open(host, port), self.loop).result()

    async def open(self, host: str, port: int) -> int:
        """Start the server in its own event loop."""
        limit = self.servable.settings.max_body_mib * 2**20
        options = OPTIONS | {"grpc.max_receive_message_length": limit}
        self.server = grpc.aio.server(options=list(options.items()))
        self.server.add_generic_rpc_handlers(
            (
                self.service(
                    "PredictionService",
                    Predict=(predict_pb2.PredictRequest, self.predict),
                    GetModelMetadata=(
                        get_model_metadata_pb2.GetModelMetadataRequest,
                        self.metadata,
                    ),
                ),
                self.service(
                    "ModelService",
                    GetModelStatus=(get_model_status_pb2.GetModelStatusRequest, self.status),
                ),
            )
        )
        shown = f"[{host}]" if ":" in host else host
        for wanted in (port, 0) if port else (0,):
            try:
                bound: int = self.server.add_insecure_port(f"{shown}:{wanted}")
            except RuntimeError:
                continue
            if bound:
                await self.server.start()
                return bound
        raise UserError(f"cannot listen on {host} for gRPC")

    def stop(self) -> None:
        """Let requests in flight finish, then end."""
        ending = asyncio.run_coroutine_threadsafe(self.server.stop(SHUTDOWN_SECONDS), self.loop)
        ending.result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.workers.shutdown()

    def service(self, name: str, **methods: tuple[Any, Handler]) -> Any:
        """Make a service of functions from a request's message to a response's."""
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(
                self.method(kind, function),
                response_serializer=lambda message: message.SerializeToString(),
            )
            for method, (kind, function) in methods.items()
        }
        return grpc.method_handlers_generic_handler(f"tensorflow.serving.{name}", handlers)

    def method(self, kind: Any, function: Handler) -> Callable[[bytes, Any], Awaitable[Message]]:
        """Make a handler of a function: a message that cannot be read is the client's mistake."""

        def answer(content: bytes) -> Message:
            try:
                return function(kind.FromString(content))
            except DecodeError as error:
                raise StatusError(f"the request is not a {kind.__name__}") from error

        async def handler(content: bytes, context: Any) -> Message:
            try:
                if self.waiting >= WAITING:
                    message = f"{WAITING} requests wait already; try again in a moment"
                    raise StatusError(message, 429, "RESOURCE_EXHAUSTED")
                self.waiting += 1
                try:
                    return await self.loop.run_in_executor(self.workers, answer, content)
                finally:
                    self.waiting -= 1
            except StatusError as error:
                await context.abort(grpc.StatusCode[error.code], str(error))
                raise

        return handler

    def predict(self, request: Any) -> Message:
        """Answer PredictionService.Predict."""
        spec = request.model_spec
        self.find(spec)
        signature = spec.signature_name or SIGNATURE
        if signature not in (SIGNATURE, *self.servable.model.further):
            message = f'Serving signature key "{shorten(spec.signature_name)}" not found.'
            raise StatusError(message, code="FAILED_PRECONDITION")
        arrays = self.arrays(request.inputs, signature)
        wanted = list(request.output_filter) or list(self.servable.model.outputs)
        for place, name in enumerate(wanted):
            if name not in self.servable.model.outputs:
                raise StatusError(f"output tensor alias not found in signature: {shorten(name)}")
            if name in wanted[:place]:
                raise StatusError(f"duplicate output tensor alias: {name}")
        outputs = self.servable.predict(arrays, signature)
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(self.servable.metadata().model_spec)
        response.model_spec.signature_name = signature
        for name in wanted:
            response.outputs[name].CopyFrom(to_proto(outputs[name]))
        return response

    def arrays(self, tensors: Mapping[str, Any], signature: str) -> dict[str, np.ndarray]:
        """Read the inputs; their shapes first, as a few bytes may announce a huge array."""
        shapes = {
            name: (NAMES.get(tensor.dtype, f"type {tensor.dtype}"), shape_of(tensor))
            for name, tensor in tensors.items()
        }
        self.servable.check(shapes, signature)
        try:
            return {name: to_array(tensor) for name, tensor in tensors.items()}
        except (ValueError, OverflowError) as error:
            raise StatusError(f"tensor parsing error: {error}") from error

    def metadata(self, request: Any) -> Message:
        """Answer PredictionService.GetModelMetadata."""
        if not request.HasField("model_spec"):
            raise StatusError("Missing ModelSpec")
        if not request.metadata_field:
            raise StatusError("GetModelMetadataRequest must specify at least one metadata_field")
        for name in request.metadata_field:
            if name != METADATA:
                raise StatusError(f"Metadata field {shorten(name)} is not supported")
        self.find(request.model_spec)
        found: Message = self.servable.metadata()
        return found

    def status(self, request: Any) -> Message:
        """Answer ModelService.GetModelStatus."""
        if not request.HasField("model_spec"):
            raise StatusError("Missing ModelSpec")
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        found: Message = self.servable.status(spec.name, version)
        return found

    def find(self, spec: Any) -> None:
        """Refuse a model, a version or a label that is not here."""
        version = spec.version.value if spec.HasField("version") else None
        label = spec.version_label if spec.HasField("version_label") else None
        self.servable.find(spec.name, version, label)
