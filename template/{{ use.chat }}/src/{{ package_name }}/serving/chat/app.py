"""The server of a language model, put together from its routes."""

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from ...chat_model import ChatModel
from ...errors import UserError
from ...generation import Options
from ...manifest import Manifest
from ...settings import ServeSettings
from .. import run
from ..access import allow_origins, describe, guards
from ..observability import Observer
from ..requests import explain_errors
from . import routes
from .engine import Engine
from .messages import ChatRequest, Error, write_error


def serve_chat(model: ChatModel, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve a language model until Ctrl-C or SIGTERM; answers under way have some seconds to end.

    The model's functions are called from several threads. Raises UserError when the model cannot
    compute or the address cannot be listened on.
    """
    check(model)
    app = create_app(model, manifest, settings)
    run.serve_app(app, settings, manifest.model, "a page to chat, and OpenAI's API below /v1")


def check(model: ChatModel) -> None:
    """Compute one token, before anybody waits for it; UserError where that fails."""
    try:
        model.generate([model.render([{"role": "user", "content": "?"}])], Options(1))
    except UserError:
        raise
    except Exception as error:  # the engines' exceptions share no narrower base
        reason = str(error).partition("\n")[0]
        raise UserError(f"the model cannot compute: {reason}") from error


def create_app(model: ChatModel, manifest: Manifest, settings: ServeSettings) -> FastAPI:
    """Make the application that answers for one model."""
    app = FastAPIOffline(title=manifest.model, version=manifest.run, redoc_url=None)
    describe(app, (ChatRequest,))
    here = f"run {manifest.run} of {manifest.model}; /docs lists its paths"
    explain_errors(app, here, write_error)
    app.add_middleware(Observer, manifest=manifest, access_log=settings.access_log)
    allow_origins(app, settings)
    errors = {"4XX": {"model": Error}, "5XX": {"model": Error}}
    shared: dict[str, Any] = {"dependencies": guards(settings), "responses": errors}
    engine = Engine(model, manifest, settings)
    app.include_router(routes.chat(engine, manifest), **shared)
    app.include_router(routes.models(manifest), **shared)
    app.include_router(routes.health())
    app.include_router(routes.page())
    return app
