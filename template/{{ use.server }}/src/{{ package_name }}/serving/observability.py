"""What a server tells of itself: request ids, figures for Prometheus, the access log."""

import json
import re
import sys
import time
import uuid
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..manifest import Manifest

REQUEST_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)
# https://www.w3.org/TR/trace-context/#traceparent-header
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

ABOUT = ("model", "run")
REQUESTS = Counter("inference_requests", "answered requests", [*ABOUT, "route", "status"])
SECONDS = Histogram(
    "inference_seconds",
    "from a request to its answer",
    [*ABOUT, "route"],
    buckets=[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
)
ROWS = Histogram("inference_rows", "rows of a request", ABOUT, buckets=[2**n for n in range(11)])
QUEUE = Gauge("inference_queue", "requests under way", ABOUT)


class Observer:
    """Middleware that gives requests an id, counts them, and writes the access log."""

    def __init__(self, app: ASGIApp, manifest: Manifest, access_log: bool) -> None:
        self.app = app
        self.about = (manifest.model, manifest.run)
        self.queue = QUEUE.labels(*self.about)
        self.access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        start = time.perf_counter()
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        identity, trace = given.get(b"x-request-id", ""), given.get(b"traceparent", "")
        marks = {"x-request-id": identity if REQUEST_ID.fullmatch(identity) else uuid.uuid4().hex}
        if TRACEPARENT.fullmatch(trace):
            marks["traceparent"] = trace
        # Load balancers ask with HEAD, too; uvicorn leaves out the body of the answer.
        inner = dict(scope, method="GET") if scope["method"] == "HEAD" else scope
        status = 499  # nginx's number for a client that left without an answer

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = [(name.encode(), value.encode()) for name, value in marks.items()]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        with self.queue.track_inprogress():
            try:
                await self.app(inner, receive, send_marked)
            finally:
                seconds = time.perf_counter() - start
                # Only known paths are labels: a client could invent any number of others.
                route = getattr(inner.get("route"), "path", "other")
                REQUESTS.labels(*self.about, route, status).inc()
                SECONDS.labels(*self.about, route).observe(seconds)
                if self.access_log:
                    line = {
                        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "client": (scope["client"] or ("",))[0],
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "milliseconds": round(seconds * 1000, 3),
                    }
                    print(json.dumps(line | marks), file=sys.stderr, flush=True)
