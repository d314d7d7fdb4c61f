"""TensorFlow Serving's REST API: paths, limits, and the queue in front of the model."""

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...serving.requests import BodyReader, explain_errors
from . import SIGNATURE, rest_json
from .servable import METADATA, Servable, StatusError, shorten

WAITING = 64  # requests before the model at once; the next is refused
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

MODEL = r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
POST_PATH = re.compile(rf"{MODEL}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
GET_PATH = re.compile(rf"{MODEL}(/metadata)?", re.IGNORECASE | re.ASCII)


def create_app(servable: Servable) -> Starlette:
    """Make the application that answers for one model."""
    app = Starlette(routes=[Route("/{rest:path}", Rest(servable).answer, methods=METHODS)])
    explain_errors(app, f"TensorFlow Serving's API below /v1/models/{servable.manifest.model}")
    return app


class Rest:
    """The requests on their way to the model."""

    def __init__(self, servable: Servable) -> None:
        self.servable = servable
        self.bodies = BodyReader(servable.settings)
        self.workers = ThreadPoolExecutor(min(os.cpu_count() or 1, 8), "rest")
        self.waiting = 0

    async def answer(self, request: Request) -> Response:
        """Answer any request below /v1/, in either case as there; raises Refused."""
        path = request.scope["raw_path"].decode("latin-1")
        if not path.lower().startswith("/v1/"):
            raise HTTPException(404)
        pattern = {"POST": POST_PATH, "GET": GET_PATH}.get(request.method)
        match = pattern.fullmatch(path) if pattern else None
        if not match:
            raise StatusError(f"Malformed request: {request.method} {shorten(path)}")
        name, label = unquote(match[1]), match[3] and unquote(match[3])
        version = int(match[2]) if match[2] and len(match[2]) < 19 else None
        if match[2] and version is None:
            raise StatusError(f"Failed to convert version: {shorten(match[2])} to numeric.")
        if request.method == "POST":
            async with self.bodies.read(request) as body:
                content = await self.compute(body, name, version, label, match[4].lower())
        elif match[4]:
            content = self.metadata(name, version, label)
        else:
            content = rest_json.dump(to_dict(self.servable.status(name, version)))
        return Response(content, media_type="application/json")

    async def compute(
        self, body: bytes, name: str, version: int | None, label: str | None, method: str
    ) -> bytes:
        """Compute in a worker: TensorFlow needs no lock of Python's meanwhile."""
        self.servable.find(name, version, label)
        if method != "predict":
            raise StatusError(f"the model has no signature for {method}; use predict")
        if self.waiting >= WAITING:
            message = f"{WAITING} requests wait already; try again in a moment"
            raise StatusError(message, 429, "RESOURCE_EXHAUSTED")
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.workers, self.predict, body)
        finally:
            self.waiting -= 1

    def predict(self, body: bytes) -> bytes:
        """Turn the body of a request into the body of its response."""
        inputs, limit = self.servable.manifest.signature.inputs, self.servable.settings.max_batch
        further = {name: each.tensors for name, each in self.servable.model.further.items()}
        signature, arrays, row = rest_json.decode(body, inputs, limit, further)
        return rest_json.encode(self.servable.predict(arrays, signature or SIGNATURE), row)

    def metadata(self, name: str, version: int | None, label: str | None) -> bytes:
        """Describe the model's signatures."""
        self.servable.find(name, version, label)
        spec = to_dict(self.servable.metadata().model_spec)
        found = {METADATA: to_dict(self.servable.signature_map())}
        return rest_json.dump({"model_spec": spec, "metadata": found})


def to_dict(message: Any) -> dict[str, Any]:
    """Turn a message into JSON's objects, empty fields and all."""
    found: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found
