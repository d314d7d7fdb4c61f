"""The paths of the chat server: OpenAI's, and what load balancers and Prometheus ask.

| who | asks |
|---|---|
| OpenAI's clients | `GET /v1/models`, `POST /v1/chat/completions` |
| Kubernetes, load balancers | `GET /health`, `/v2/health/live`, `/v2/health/ready` |
| SageMaker, Vertex AI | `GET /ping`, or the path that AIP_HEALTH_ROUTE names |
| people | `GET /`, the page |
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ...manifest import Manifest
from ..requests import Refused, short
from .answers import EVENTS, Answer, EventStream
from .engine import Engine
from .messages import ChatAnswer, ChatRequest, Model, Models

PAGE = Path(__file__).parent / "page"
SAFE = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def health() -> APIRouter:
    """Make the paths that say whether the server lives and can answer."""
    router = APIRouter(tags=["health"])

    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    paths = ["/health", "/v2/health/live", "/v2/health/ready", "/ping"]
    for path in dict.fromkeys([*paths, os.environ.get("AIP_HEALTH_ROUTE", "/ping")]):
        router.get(path, summary="Can the model answer?")(ready)
    return router


def page() -> APIRouter:
    """Make the paths of the page; they need no token, as the page asks for it."""
    router = APIRouter(include_in_schema=False)
    for file in sorted(PAGE.iterdir()):
        path = "/" if file.name == "index.html" else f"/{file.name}"
        router.get(path)(sender(file))
    return router


def sender(file: Path) -> Callable[[], Awaitable[Response]]:
    """Make the function that sends a file."""

    async def send() -> Response:
        return FileResponse(file, headers=SAFE)

    return send


def models(manifest: Manifest) -> APIRouter:
    """Make the paths that name the model."""
    router = APIRouter(tags=["models"])
    chats = [case["messages"] for case in manifest.facts["cases"]]
    asked = [sum(said["role"] == "user" for said in chat) for chat in chats]
    single = bool(asked) and set(asked) == {1}
    model = Model(id=manifest.model, owned_by=manifest.run, single_turn=single)

    @router.get("/v1/models", summary="List the models")
    async def listed() -> Models:
        return Models(data=[model])

    @router.get("/v1/models/{name}", summary="The model")
    async def one(name: str) -> Model:
        check_name(name, manifest)
        return model

    @router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def check_name(name: str, manifest: Manifest) -> None:
    """Refuse another model's name than the served one's."""
    if name != manifest.model:
        message = f"there is no model {short(name)} here; the only one is {manifest.model}"
        raise Refused(message, 404, code="model_not_found")


def chat(engine: Engine, manifest: Manifest) -> APIRouter:
    """Make the path that answers."""
    router = APIRouter(tags=["chat"])
    schema = {"schema": {"$ref": f"#/components/schemas/{ChatRequest.__name__}"}}
    body = {"requestBody": {"required": True, "content": {"application/json": schema}}}
    responses: dict[int | str, Any] = {200: {"model": ChatAnswer, "content": {EVENTS: {}}}}

    def accept(asked: ChatRequest) -> None:
        check_name(asked.model or manifest.model, manifest)

    @router.post("/v1/chat/completions", responses=responses, openapi_extra=body)
    async def complete(request: Request) -> Response:
        """Write the next answer in a chat, whole or as a stream of its pieces."""
        async with engine.bodies.read(request) as content:
            asked, task = await engine.prepare(content, accept)
        answer = Answer(engine, task, manifest)
        if asked.stream:
            stream = answer.events(asked.stream_options.include_usage)
            return EventStream(stream, headers=SAFE)
        return Response(await answer.whole(request), media_type="application/json")

    return router
