"""The inference server of any model, put together from its routes."""

import importlib
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware

from ..errors import UserError
from ..manifest import Manifest
from ..settings import ServeSettings
from ..signature import Predict
from . import routes, run
from .engine import Engine
from .messages import HEADER, InferenceRequest, Instances
from .observability import Observer
from .requests import Refused, explain_errors

INDEX = "index.html"  # of a web page, where the artifact has one


class Error(BaseModel):
    """What is wrong, in one sentence."""

    error: str


def serve_predict(
    predict: Predict, manifest: Manifest, settings: ServeSettings, site: Path | None = None
) -> None:
    """Serve a model until Ctrl-C or SIGTERM; requests in flight are answered first.

    `predict` is called from several threads. `site` is the artifact's folder, whose web page is
    served, too, where it has one.
    Raises UserError when the model cannot compute or the address cannot be listened on.
    """
    page = site if INDEX in manifest.files else None
    offer = f"{'a web page, and the ' if page else ''}Open Inference Protocol v2"
    app = create_app(predict, manifest, settings, page)
    run.serve_app(app, settings, manifest.model, offer)


def create_app(
    predict: Predict, manifest: Manifest, settings: ServeSettings, site: Path | None = None
) -> FastAPI:
    """Make the application that answers for one model; `site` is the folder of its web page."""
    app = FastAPIOffline(title=manifest.model, version=manifest.run, redoc_url=None)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # as FastAPI documents it
    explain_errors(app, f"run {manifest.run} of {manifest.model}; /docs lists its paths")
    app.add_middleware(Observer, manifest=manifest, access_log=settings.access_log)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER],
        )
    errors = {"4XX": {"model": Error}, "5XX": {"model": Error}}
    shared: dict[str, Any] = {"dependencies": guards(settings), "responses": errors}
    # The first routes are found soonest.
    app.include_router(routes.inference(Engine(predict, manifest, settings)), **shared)
    if site:
        # Only projects with a web page have what serves it.
        static = importlib.import_module(".static", __package__)
        app.include_router(static.site_routes(site, manifest), **shared)
    app.include_router(routes.health(manifest))
    app.include_router(routes.metadata(manifest), **shared)
    return app


def guards(settings: ServeSettings) -> list[Any]:
    """Return what all requests but those for health have to pass: the token, if there is one."""
    if not settings.token_file:
        return []
    try:
        token = Path(settings.token_file).expanduser().read_bytes().strip()
    except OSError as error:
        raise UserError(f"the token file {settings.token_file} cannot be read: {error}") from error
    if not token:
        raise UserError(f"the token file {settings.token_file} is empty")
    return [Depends(bearer(token))]


def bearer(token: bytes) -> Callable[..., Awaitable[None]]:
    """Make the check of a request's token."""
    given_token = Annotated[
        HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))
    ]

    async def check(given: given_token) -> None:
        sent = b"" if given is None else given.credentials.encode("latin-1")
        if not secrets.compare_digest(sent, token):
            message = "the header Authorization must be `Bearer` and the server's token"
            raise Refused(message, 401, {"WWW-Authenticate": "Bearer"})

    return check


def describe(app: FastAPI) -> dict[str, Any]:
    """Make the content of /openapi.json; bodies that are read by hand need their schemas here."""
    if not app.openapi_schema:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        _, made = models_json_schema(
            [(InferenceRequest, "validation"), (Instances, "validation")],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= made["$defs"]
        app.openapi_schema = document
    return app.openapi_schema
