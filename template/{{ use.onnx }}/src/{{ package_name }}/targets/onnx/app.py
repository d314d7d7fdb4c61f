"""The HTTP side of the server: routes, limits, and the queue in front of the model."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ...config import ServeSettings
from ...errors import UserError
from ..manifest import Manifest
from . import openapi, protocol
from .protocol import Refused

BODY_SECONDS = 30  # for a client to finish the body of its request
WAITING = 64  # requests before the model at once; the next is told to come back
QUICK_SECONDS = 0.002  # what may be computed without a worker, as it holds up all other requests
QUICK_BYTES = 2**14
BODIES = 4  # times the body limit: bytes of all requests under way


def create_app(session: Any, manifest: Manifest, settings: ServeSettings) -> FastAPI:
    """Make the application that answers for one model.

    `session` is an `onnxruntime.InferenceSession` that `runtime.open_session` has checked.
    """
    app = FastAPI(
        title=manifest.model,
        version="1",
        description="Open Inference Protocol v2, with binary tensors",
        docs_url=None,  # these two load scripts from a public network
        redoc_url=None,
        redirect_slashes=False,
    )
    model = Model(session, manifest, settings)
    about_server = {
        "name": manifest.model,
        "version": f"ONNX Runtime {onnxruntime.__version__}",
        "extensions": ["binary_tensor_data"],
    }
    about_model = {
        "name": manifest.model,
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [protocol.describe(tensor) for tensor in manifest.inputs],
        "outputs": [protocol.describe(tensor) for tensor in manifest.outputs],
        "parameters": {"classes": list(manifest.classes), "run": manifest.run},
    }
    base = f"/v2/models/{manifest.model}"
    answers: list[tuple[str, str, object]] = [
        ("/v2", "Server metadata", about_server),
        ("/v2/health/live", "Is the server running?", {"live": True}),
        ("/v2/health/ready", "Can the server answer?", {"ready": True}),
    ]
    for path in (base, f"{base}/versions/1"):
        answers.append((path, "Model metadata", about_model))
        answers.append(
            (f"{path}/ready", "Can the model answer?", {"name": manifest.model, "ready": True})
        )
        app.post(
            f"{path}/infer",
            summary="Compute outputs",
            operation_id=f"infer{path.replace('/', '_')}",
            openapi_extra=openapi.infer_request(manifest, settings),
            responses=openapi.infer_responses(manifest),
        )(model.infer)
    for path, summary, answer in answers:
        app.get(
            path,
            summary=summary,
            operation_id=f"get{path.replace('/', '_')}",
            responses=openapi.constant(answer),
        )(constant(answer))

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, Refused) else 400
        return failure(str(error), status)

    async def unroutable(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = protocol.short(request.url.path)
        message = f"{request.method} is not allowed for {path}"
        if error.status_code == 404:
            message = f"nothing is at {path}; this server has version 1 of {manifest.model}"
        return failure(message, error.status_code, error.headers)

    async def broken(request: Request, error: Exception) -> Response:
        return failure("the server failed; its log says why", 500)

    app.add_exception_handler(Refused, refuse)
    app.add_exception_handler(HTTPException, unroutable)
    app.add_exception_handler(Exception, broken)
    return app


def failure(message: str, status: int, headers: Any = None) -> Response:
    """Say what is wrong, in the protocol's form."""
    body = protocol.dump({"error": message})
    return Response(body, status, headers=headers, media_type="application/json")


def constant(answer: object) -> Any:
    """Make an endpoint that always gives `answer`."""
    body = protocol.dump(answer)

    async def endpoint() -> Response:
        return Response(body, media_type="application/json")

    return endpoint


class Model:
    """One model and the requests on their way to it."""

    def __init__(self, session: Any, manifest: Manifest, settings: ServeSettings) -> None:
        self.session = session
        self.manifest = manifest
        self.max_batch = settings.max_batch
        self.max_body = settings.max_body_mib * 2**20
        # ONNX Runtime computes without Python's lock, so the event loop goes on meanwhile.
        self.workers = ThreadPoolExecutor(min(os.cpu_count() or 1, 8), "infer")
        self.waiting = 0
        self.held = 0
        self.quick_bytes = self.warm_up()

    def warm_up(self) -> int:
        """Compute for one input, and say up to how many bytes a body needs no worker.

        Going to a worker and back costs 0.15 ms, more than all the rest where models are small.
        """
        values = protocol.values_per_row(self.manifest.inputs)
        if not values:
            return 0
        one = {
            tensor.name: np.zeros([size or 1 for size in tensor.shape], tensor.dtype)
            for tensor in self.manifest.inputs
        }
        try:
            self.session.run(None, one)  # the first time takes longer
            start = time.perf_counter()
            self.session.run(None, one)
        except Exception as error:  # ONNX Runtime's exceptions share no narrower base
            raise UserError(f"the model cannot compute: {str(error).splitlines()[0]}") from error
        seconds = time.perf_counter() - start
        # Every value takes a byte at least, so a body's length bounds its batch.
        return min(QUICK_BYTES, int(values * QUICK_SECONDS / seconds))

    async def infer(self, request: Request) -> Response:
        """Answer one infer request; raises Refused."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused("the body must be sent without content-encoding", 415)
        header = ",".join(request.headers.getlist(protocol.HEADER)) or None
        chunks: list[bytes] = []
        try:
            await self.read(request, chunks)
            content, headers = await self.compute(b"".join(chunks), header)
        finally:
            self.held -= sum(map(len, chunks))
        return Response(content, headers=headers)

    async def compute(self, body: bytes, header: str | None) -> tuple[bytes, dict[str, str]]:
        """Compute at once what is quick, and in a worker what is not."""
        if len(body) <= self.quick_bytes:
            return self.answer(body, header)
        if self.waiting >= WAITING:
            raise Refused(f"{WAITING} requests wait already; try again in a moment", 429)
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.workers, self.answer, body, header)
        finally:
            self.waiting -= 1

    def answer(self, body: bytes, header: str | None) -> tuple[bytes, dict[str, str]]:
        """Turn the body of a request into the body and the headers of its response."""
        request = protocol.decode(body, header, self.manifest, self.max_batch)
        arrays = self.session.run(list(request.outputs), request.inputs)
        return protocol.encode(
            self.manifest.model, request, dict(zip(request.outputs, arrays, strict=True))
        )

    async def read(self, request: Request, chunks: list[bytes]) -> None:
        """Read a body into `chunks` within the limits of size and time, or raise Refused."""
        # A length that is no number never gets here: the HTTP parser refuses it.
        if int(request.headers.get("content-length", "0")) > self.max_body:
            raise self.too_large()
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    chunks.append(chunk)
                    size += len(chunk)
                    self.held += len(chunk)
                    if size > self.max_body:
                        raise self.too_large()
                    if self.held > BODIES * self.max_body:
                        raise Refused("too many large requests at once; try again in a moment", 429)
        except TimeoutError:
            raise Refused(f"the body did not arrive within {BODY_SECONDS} s", 408) from None
        except ClientDisconnect:
            raise Refused("the client left") from None

    def too_large(self) -> Refused:
        """Name the limit of a body."""
        return Refused(f"the body may have at most {self.max_body} bytes", 413)
