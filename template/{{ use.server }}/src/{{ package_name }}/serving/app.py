"""The Open Inference Protocol v2 over HTTP: routes, limits, and the queue in front of the model."""

import asyncio
import importlib
import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import UserError
from ..manifest import Manifest
from ..settings import ServeSettings
from ..signature import Predict, Tensor
from . import openapi, protocol, run
from .requests import BodyReader, Refused
from .responses import BROKEN, application, constant, failure

INDEX = "index.html"  # of a web page, where the artifact has one
WAITING = 64  # requests before the model at once; the next is refused with 429
QUICK_SECONDS = 0.002  # what may be computed without a worker, as it holds up all other requests
QUICK_BYTES = 2**14
WARM_UP = 10  # times the model computes before the first request


def serve_predict(
    predict: Predict, manifest: Manifest, settings: ServeSettings, site: Path | None = None
) -> None:
    """Serve a model until Ctrl-C or SIGTERM; requests in flight are answered first.

    `predict` is called from several threads. `site` is the artifact's folder, whose web page is
    served, too, where it has one.
    Raises UserError when the model cannot compute or the address cannot be listened on.
    """
    offer, more = "Open Inference Protocol v2", []
    if site is not None and INDEX in manifest.files:
        # Only projects with a web page have what serves it.
        static = importlib.import_module(".static", __package__)
        offer, more = f"a web page, and the {offer}", static.site_routes(site, manifest)
    run.serve_app(create_app(predict, manifest, settings, more), settings, manifest.model, offer)


def create_app(
    predict: Predict, manifest: Manifest, settings: ServeSettings, more: Sequence[Route] = ()
) -> ASGIApp:
    """Make the application that answers for one model, and for `more`."""
    inputs, outputs = manifest.signature.inputs, manifest.signature.outputs
    about_server = {
        "name": manifest.model,
        "version": f"{manifest.engine} {manifest.engine_version}",
        "extensions": ["binary_tensor_data"],
    }
    about_model = {
        "name": manifest.model,
        "versions": ["1"],
        "platform": f"{manifest.engine.lower().replace(' ', '')}_{manifest.target}",
        "inputs": [protocol.describe(tensor) for tensor in inputs],
        "outputs": [protocol.describe(tensor) for tensor in outputs],
        "parameters": {
            "run": manifest.run,
            "labels": {t.name: t.labels for t in outputs if t.labels},
        },
    }
    base = f"/v2/models/{manifest.model}"
    ready = {"name": manifest.model, "ready": True}
    constants: dict[str, tuple[str, object]] = {
        "/v2": ("Server metadata", about_server),
        "/v2/health/live": ("Is the server running?", {"live": True}),
        "/v2/health/ready": ("Can the server answer?", {"ready": True}),
    }
    for path in (base, f"{base}/versions/1"):
        constants[path] = ("Model metadata", about_model)
        constants[f"{path}/ready"] = ("Can the model answer?", ready)
    infer = [f"{base}/infer", f"{base}/versions/1/infer"]
    model = Model(predict, manifest, settings)
    routes = [Route(path, model, methods=["POST"]) for path in infer]
    routes += [Route(path, constant(content)) for path, (_, content) in constants.items()]
    document = openapi.document(manifest, settings, constants, infer)
    routes.append(Route("/openapi.json", constant(document)))
    routed = application([*routes, *more], f"version 1 of {manifest.model}")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # The way through the router would take longer than many a model does.
        direct = scope["path"] in infer and scope["method"] == "POST"
        await (model if direct else routed)(scope, receive, send)

    return app


class Model:
    """One model and the requests on their way to it."""

    def __init__(self, predict: Predict, manifest: Manifest, settings: ServeSettings) -> None:
        self.predict = predict
        self.manifest = manifest
        self.max_batch = settings.max_batch
        self.bodies = BodyReader(settings)
        # Engines compute without Python's lock, so the event loop goes on meanwhile.
        self.workers = ThreadPoolExecutor(min(os.cpu_count() or 1, 8), "infer")
        self.waiting = 0
        self.quick_bytes = self.warm_up()

    def warm_up(self) -> int:
        """Compute for one row, and say up to how many bytes a body needs no worker.

        Going to a worker and back costs 0.15 ms, more than all the rest where models are small.
        """
        signature = self.manifest.signature
        one = signature.zeros(1)
        moments = [time.perf_counter()]
        try:
            for _ in range(WARM_UP):
                self.predict(one)
                moments.append(time.perf_counter())
        except Exception as error:  # the engines' exceptions share no narrower base
            reason = str(error).partition("\n")[0]
            raise UserError(f"the model cannot compute: {reason}") from error
        seconds = min(end - start for start, end in pairwise(moments))  # others disturb the rest
        return min(QUICK_BYTES, int(least_bytes(signature.inputs) * QUICK_SECONDS / seconds))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one infer request."""
        headers = dict(scope["headers"])
        try:
            body = await self.bodies.read(headers, receive)
            try:
                content, fields = await self.compute(body, headers.get(protocol.HEADER))
            finally:
                self.bodies.release(body)
        except Refused as refused:
            await failure(str(refused), refused.status)(scope, receive, send)
            return
        except Exception:
            await failure(BROKEN, 500)(scope, receive, send)
            raise  # for the log
        fields.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def compute(self, body: bytes, header: bytes | None) -> protocol.Response:
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

    def answer(self, body: bytes, header: bytes | None) -> protocol.Response:
        """Turn the body of a request into the body and the headers of its response."""
        request = protocol.decode(body, header, self.manifest.signature, self.max_batch)
        return protocol.encode(self.manifest.model, request, self.predict(request.inputs))


def least_bytes(inputs: Sequence[Tensor]) -> int:
    """Return how many bytes of a body one row takes at least; 0 where a length is left open.

    In JSON every value takes two bytes at least, so a body's length bounds its batch.
    """
    rows = [
        math.prod(size or 0 for size in tensor.shape) * min(2, np.dtype(tensor.dtype).itemsize)
        for tensor in inputs
    ]
    return sum(rows) if all(rows) else 0
