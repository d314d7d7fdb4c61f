"""Who may ask a server: its token, other sites' pages; and what /docs says of its paths."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware

from ..errors import UserError
from ..settings import ServeSettings
from .requests import Refused


def allow_origins(app: FastAPI, settings: ServeSettings, headers: Sequence[str] = ()) -> None:
    """Let pages of other sites ask, where the settings name them; they may read `headers`."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=list(headers),
        )


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


def describe(app: FastAPI, bodies: Sequence[type[BaseModel]]) -> None:
    """Have /openapi.json say of bodies that are read by hand what they have to be."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _, made = models_json_schema(
                [(body, "validation") for body in bodies],
                ref_template="#/components/schemas/{model}",
            )
            found["components"]["schemas"] |= made["$defs"]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI documents it
