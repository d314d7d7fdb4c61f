"""The model behind all paths: one queue in front of it, and threads that compute."""

import asyncio
import math
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from ..answers import SEVERAL_CALLS
from ..errors import UserError
from ..manifest import Manifest
from ..settings import ServeSettings
from ..signature import Batch, Predict, count
from .batching import Batcher
from .observability import ROWS
from .requests import BodyReader, Refused

WAITING = 64  # requests before the model at once; the next is refused with 429
# A thread costs 0.1 ms, a quarter of the whole time of a request to a small model. So models that
# took less than this for a row, when they were exported, compute small requests without one.
QUICK_MILLISECONDS = 0.5
QUICK_BYTES = 2**14


class Engine:
    """The model and the requests on their way to it; `predict` is called from several threads."""

    def __init__(self, predict: Predict, manifest: Manifest, settings: ServeSettings) -> None:
        self.manifest = manifest
        self.signature = manifest.signature
        self.max_batch = settings.max_batch
        self.bodies = BodyReader(settings)
        self.waiting = 0
        self.rows = ROWS.labels(manifest.model, manifest.run)
        try:
            predict(self.signature.zeros(1))
        except Exception as error:  # the engines' exceptions share no narrower base
            reason = str(error).partition("\n")[0]
            raise UserError(f"the model cannot compute: {reason}") from error
        measured = manifest.verification.get(manifest.precision, {})
        quick = measured.get("median_ms", math.inf) < QUICK_MILLISECONDS and not SEVERAL_CALLS
        self.quick_bytes = QUICK_BYTES if quick and not settings.batch_wait_ms else 0
        threads = min(os.cpu_count() or 1, 8)
        if settings.batch_wait_ms:
            predict = Batcher(predict, settings.max_batch, settings.batch_wait_ms)
            threads = WAITING  # all of them wait for one that computes
        self.predict = predict
        # Engines compute without Python's lock, so the event loop goes on meanwhile.
        self.workers = ThreadPoolExecutor(threads, "infer")

    async def respond(self, request: Request, answer: Callable[[bytes], Response]) -> Response:
        """Read a request's body, and make the answer to it, in a thread if that takes long.

        Raises Refused: 429 where too many wait, 503 where the server stops before the end.
        """
        try:
            async with self.bodies.read(request) as body:
                if len(body) <= self.quick_bytes:
                    return answer(body)
                if self.waiting >= WAITING:
                    raise Refused(f"{WAITING} requests wait already; try again soon", 429)
                self.waiting += 1
                try:
                    loop = asyncio.get_running_loop()
                    return await loop.run_in_executor(self.workers, answer, body)
                finally:
                    self.waiting -= 1
        except asyncio.CancelledError:
            # uvicorn cancels what is left after the time for a graceful shutdown.
            print(f"stopped within a request to {request.url.path}", file=sys.stderr, flush=True)
            raise Refused("the server stops; ask another one", 503) from None

    def compute(self, inputs: Batch) -> Batch:
        """Compute outputs; raises Refused when they are not finite."""
        self.rows.observe(count(inputs))
        outputs = self.predict(inputs)
        if not all(np.isfinite(array).all() for array in outputs.values()):
            raise Refused("the inputs are too extreme: the model's answer is not finite")
        return outputs
