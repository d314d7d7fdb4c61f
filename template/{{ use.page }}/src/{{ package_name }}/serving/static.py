"""A static web site: exactly the files that an artifact's manifest names, and nothing else."""

import mimetypes
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response

from ..manifest import FILE, Manifest
from ..settings import ServeSettings
from . import run
from .requests import explain_errors

INDEX = "index.html"
# What Python's table lacks, or takes from a system where it may be wrong.
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
}
# Everything comes from this server; WebAssembly is compiled, and a user's own files are shown.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:;"
        " img-src 'self' data: blob:; connect-src 'self' data: blob:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-cache",
}


def serve_site(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve an artifact that is a web site; returns when Ctrl-C or SIGTERM has stopped the server.

    Raises UserError when the address cannot be listened on.
    """
    app = FastAPI(openapi_url=None)
    explain_errors(app, f"the page of {manifest.model} at /")
    app.include_router(site_routes(folder, manifest))
    run.serve_app(app, settings, manifest.model, "a web page")


def site_routes(folder: Path, manifest: Manifest) -> APIRouter:
    """Give a path to every file of an artifact, and `/` to its page."""
    router = APIRouter(include_in_schema=False)
    files = {f"/{name}": folder / name for name in [*manifest.files, FILE]}
    if INDEX in manifest.files:
        files["/"] = folder / INDEX
    for path, file in files.items():
        router.add_api_route(path, file_endpoint(file), methods=["GET", "HEAD"])
    return router


def file_endpoint(file: Path) -> Callable[[], Response]:
    """Make an endpoint that gives one file; it is read for each request, as it may be large."""
    kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]

    def endpoint() -> Response:
        # The files were held against their hashes when the server started.
        content = file.read_bytes()
        return Response(content, headers=HEADERS, media_type=kind or "application/octet-stream")

    return endpoint
