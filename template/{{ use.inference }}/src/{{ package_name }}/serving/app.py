"""The inference server of any model, put together from its routes."""

import importlib
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel

from ..manifest import Manifest
from ..settings import ServeSettings
from ..signature import Predict
from . import routes, run
from .access import allow_origins, describe, guards
from .engine import Engine
from .messages import HEADER, InferenceRequest, Instances
from .observability import Observer
from .requests import explain_errors

BODIES = (InferenceRequest, Instances)
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
    describe(app, BODIES)
    explain_errors(app, f"run {manifest.run} of {manifest.model}; /docs lists its paths")
    app.add_middleware(Observer, manifest=manifest, access_log=settings.access_log)
    allow_origins(app, settings, [HEADER])
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
