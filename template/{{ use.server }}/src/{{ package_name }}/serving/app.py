"""The Open Inference Protocol v2 over HTTP: routes, limits, and the queue in front of the model."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from fastapi import FastAPI, Request, Response

from ..config import ServeSettings
from ..errors import UserError
from ..targets.manifest import Manifest
from . import listen, openapi, protocol
from .answers import constant, explain_errors
from .intake import Intake, Refused
from .site import INDEX, add_site

WAITING = 64  # requests before the model at once; the next is told to come back
QUICK_SECONDS = 0.002  # what may be computed without a worker, as it holds up all other requests
QUICK_BYTES = 2**14

Predict = Callable[[np.ndarray], np.ndarray]


def serve_predict(
    predict: Predict, manifest: Manifest, settings: ServeSettings, site: Path | None = None
) -> None:
    """Serve a model until Ctrl-C or SIGTERM; requests in flight are answered first.

    `predict` maps the manifest's first input [n, ...] to its first output [n, ...] and is called
    from several threads. `site` is the artifact's folder where its web page is to be served, too.
    Raises UserError when the model cannot compute or the address cannot be listened on.
    """
    app = create_app(predict, manifest, settings)
    offer = "Open Inference Protocol v2"
    if site is not None and INDEX in manifest.files:
        add_site(app, site, manifest)
        offer = f"a web page, and the {offer}"
    listen.run(app, settings, manifest.model, offer)


def create_app(predict: Predict, manifest: Manifest, settings: ServeSettings) -> FastAPI:
    """Make the application that answers for one model."""
    app = FastAPI(
        title=manifest.model,
        version="1",
        description="Open Inference Protocol v2, with binary tensors",
        docs_url=None,  # these two load scripts from a public network
        redoc_url=None,
        redirect_slashes=False,
    )
    model = Model(predict, manifest, settings)
    about_server = {
        "name": manifest.model,
        "version": f"{manifest.engine} {manifest.engine_version}",
        "extensions": ["binary_tensor_data"],
    }
    about_model = {
        "name": manifest.model,
        "versions": ["1"],
        "platform": f"{manifest.engine.lower().replace(' ', '')}_{manifest.target}",
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
    explain_errors(app, f"version 1 of {manifest.model}")
    return app


class Model:
    """One model and the requests on their way to it."""

    def __init__(self, predict: Predict, manifest: Manifest, settings: ServeSettings) -> None:
        self.predict = predict
        self.manifest = manifest
        self.max_batch = settings.max_batch
        self.intake = Intake(settings)
        # Engines compute without Python's lock, so the event loop goes on meanwhile.
        self.workers = ThreadPoolExecutor(min(os.cpu_count() or 1, 8), "infer")
        self.waiting = 0
        self.quick_bytes = self.warm_up()

    def warm_up(self) -> int:
        """Compute for one input, and say up to how many bytes a body needs no worker.

        Going to a worker and back costs 0.15 ms, more than all the rest where models are small.
        """
        values = protocol.values_per_row(self.manifest.inputs)
        if not values:
            return 0
        tensor = self.manifest.inputs[0]
        one = np.zeros([size or 1 for size in tensor.shape], tensor.dtype)
        try:
            self.predict(one)  # the first time takes longer
            start = time.perf_counter()
            self.predict(one)
        except Exception as error:  # the engines' exceptions share no narrower base
            raise UserError(f"the model cannot compute: {str(error).splitlines()[0]}") from error
        seconds = time.perf_counter() - start
        # Every value takes a byte at least, so a body's length bounds its batch.
        return min(QUICK_BYTES, int(values * QUICK_SECONDS / seconds))

    async def infer(self, request: Request) -> Response:
        """Answer one infer request; raises Refused."""
        header = ",".join(request.headers.getlist(protocol.HEADER)) or None
        async with self.intake.body(request) as body:
            content, headers = await self.compute(body, header)
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
        source, target = self.manifest.inputs[0].name, self.manifest.outputs[0].name
        request = protocol.decode(body, header, self.manifest, self.max_batch)
        outputs = self.predict(request.inputs[source])
        return protocol.encode(self.manifest.model, request, {target: outputs})
