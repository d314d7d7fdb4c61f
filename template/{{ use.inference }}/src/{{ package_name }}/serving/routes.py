"""The paths of the inference server: the Open Inference Protocol v2, and what cloud services ask.

| who | asks |
|---|---|
| KServe, Triton's clients | `/v2/…`, the Open Inference Protocol |
| SageMaker | `GET /ping`, `POST /invocations` |
| Vertex AI | the paths that it names in AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE |
| KServe v1, TensorFlow Serving's clients | `GET /v1/models/NAME`, `POST /v1/models/NAME:predict` |
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from .. import answers, predictions
from ..errors import UserError
from ..manifest import Manifest
from ..signature import Batch, Signature
from .engine import Engine
from .media import read_content_type, to_utf8
from .messages import (
    HEADER,
    InferenceResponse,
    Instances,
    Predictions,
    decode,
    describe,
    encode,
    parse,
    wanted_outputs,
)
from .requests import Refused, short
from .tensors import check_batch, check_commas, check_shape, to_array

JSON = "application/json"
BINARY = "application/octet-stream"
RAW = {"schema": {"type": "string", "format": "binary"}}
# What answers of a task may be besides JSON: a function that makes each of them.
FORMS: dict[str, Callable[[Batch, Mapping[str, Any]], bytes]] = getattr(predictions, "FORMS", {})


def health(manifest: Manifest) -> APIRouter:
    """Make the paths that say whether the server lives and can answer."""
    router = APIRouter(tags=["health"])
    base, asked = f"/v2/models/{manifest.model}", os.environ.get("AIP_HEALTH_ROUTE", "/ping")
    paths = ["/v2/health/live", "/v2/health/ready", f"{base}/ready"]
    paths += [f"{base}/versions/{manifest.run}/ready", f"/v1/models/{manifest.model}", "/ping"]

    async def ready() -> dict[str, Any]:
        return {"name": manifest.model, "live": True, "ready": True}

    for path in dict.fromkeys([*paths, asked]):
        router.get(path, summary="Can the model answer?")(ready)
    # Load balancers ask here; a web page, where there is one, comes first.
    router.get("/", include_in_schema=False)(ready)
    return router


def metadata(manifest: Manifest) -> APIRouter:
    """Make the paths that describe the server and its one model, whose version is its run."""
    router = APIRouter(tags=["metadata"])
    name, run, signature = manifest.model, manifest.run, manifest.signature

    @router.get("/v2", summary="Server metadata")
    async def server() -> dict[str, Any]:
        version = f"{manifest.engine} {manifest.engine_version}"
        return {"name": name, "version": version, "extensions": ["binary_tensor_data"]}

    @router.post("/v2/repository/index", summary="List the models")
    async def index() -> list[dict[str, str]]:
        return [{"name": name, "version": run, "state": "READY", "reason": ""}]

    @router.get(f"/v2/models/{name}/versions/{run}", summary="Model metadata")
    @router.get(f"/v2/models/{name}", summary="Model metadata")
    async def model() -> dict[str, Any]:
        return {
            "name": name,
            "versions": [run],
            "platform": f"{manifest.engine.lower().replace(' ', '')}_{manifest.target}",
            "inputs": [describe(tensor) for tensor in signature.inputs],
            "outputs": [describe(tensor) for tensor in signature.outputs],
            "parameters": {
                "run": run,
                "labels": {tensor.name: tensor.labels for tensor in signature.outputs},
            },
        }

    @router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def inference(engine: Engine) -> APIRouter:
    """Make the paths that compute."""
    router = APIRouter(tags=["inference"])
    name, run = engine.manifest.model, engine.manifest.run
    infer_kinds = {BINARY: RAW, JSON: {"schema": component("InferenceRequest")}}
    rows = {"anyOf": [component("Instances"), component("InferenceRequest")]}
    predict_kinds = dict.fromkeys(predictions.MEDIA_TYPES, RAW) | {JSON: {"schema": rows}}

    async def infer(request: Request) -> Response:
        """Compute outputs for a batch of rows."""
        header = request.headers.get(HEADER)
        return await engine.respond(request, lambda body: answer_infer(engine, body, header))

    async def predict(request: Request) -> Response:
        """Predict for rows, for inputs of the Open Inference Protocol, or for a file."""
        kind, charset = read_content_type(request.headers.get("content-type", JSON))
        header = request.headers.get(HEADER)
        if header is None and kind not in predict_kinds:
            raise Refused(f"the body must be one of {', '.join(predict_kinds)}", 415)
        form = wanted_form(request.headers.get("accept", ""))
        return await engine.respond(
            request,
            lambda body: answer_any(engine, to_utf8(body, kind, charset), kind, header, form),
        )

    paths = [f"/v2/models/{name}/infer", f"/v2/models/{name}/versions/{run}/infer"]
    add_posts(router, paths, infer, infer_kinds, InferenceResponse)
    asked = os.environ.get("AIP_PREDICT_ROUTE", "/invocations")
    paths = ["/invocations", f"/v1/models/{name}:predict", asked]
    add_posts(router, paths, predict, predict_kinds, Predictions)
    return router


def add_posts(
    router: APIRouter,
    paths: Sequence[str],
    endpoint: Callable[[Request], Awaitable[Response]],
    kinds: Mapping[str, Any],
    response: type[BaseModel],
) -> None:
    """Give paths to an endpoint that reads the body by hand; `kinds` say in /docs what it takes."""
    body = {"requestBody": {"required": True, "content": kinds}}
    content = {BINARY: RAW} | dict.fromkeys(FORMS if response is Predictions else (), RAW)
    responses: dict[int | str, Any] = {200: {"model": response, "content": content}}
    for path in dict.fromkeys(paths):
        router.post(path, responses=responses, openapi_extra=body)(endpoint)


def component(name: str) -> dict[str, str]:
    """Refer to a schema of /openapi.json."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer_infer(engine: Engine, body: bytes, header: str | None) -> Response:
    """Turn the body of an infer request into its response."""
    signature, facts = engine.signature, engine.manifest.facts
    request, inputs = decode(body, header, signature, engine.max_batch, facts)
    wanted = wanted_outputs(request, signature)
    return encode(engine.manifest, wanted, request.id, engine.compute(inputs))


def wanted_form(accepted: str) -> str:
    """Choose what an answer is, of a task that has further forms; empty for JSON."""
    return next((form for form in FORMS if form in accepted.lower()), "")


def answer_any(
    engine: Engine, body: bytes, kind: str, header: str | None, form: str = ""
) -> Response:
    """Answer in the form in which the request came, or in one that it accepts."""
    signature, limit, facts = engine.signature, engine.max_batch, engine.manifest.facts
    if header is None and kind == JSON:
        check_commas(body, signature, limit)
        rows = parse(Instances, body).instances
        if rows is None:
            return answer_infer(engine, body, None)
        if JSON not in predictions.MEDIA_TYPES or has_inputs(rows, signature):
            outputs = engine.compute(read_rows(rows, signature, limit))
            return JSONResponse({"predictions": by_row(outputs)})
    if header is not None:
        return answer_infer(engine, body, header)
    notes: list[str] = []  # what people should know of the values
    try:
        inputs = predictions.decode(body, kind, facts, notes)
    except UserError as error:
        raise Refused(str(error)) from None
    for tensor in signature.inputs:
        check_shape(inputs[tensor.name].shape, tensor, limit)
    checked = inputs | check_batch(inputs, signature)
    # What `decode` found beside the inputs, such as names of rows, goes into the answer.
    outputs = inputs | answers.compute(engine.compute, checked, signature, facts)
    if form:
        return Response(FORMS[form](outputs, facts), media_type=form)
    found = {"predictions": predictions.encode(outputs, facts)}
    return JSONResponse(found | ({"notes": notes} if notes else {}))


def has_inputs(rows: list[Any], signature: Signature) -> bool:
    """Say whether rows are the model's inputs, rather than what the task makes inputs from."""
    names = {tensor.name for tensor in signature.inputs}
    if not rows or not isinstance(rows[0], dict):
        return not rows or not isinstance(rows[0], str)  # no input is made of texts
    return bool(rows[0]) and rows[0].keys() <= names


def read_rows(rows: list[Any], signature: Signature, max_batch: int) -> Batch:
    """Turn rows into inputs: where there is one input only, its name may be left out."""
    names = [tensor.name for tensor in signature.inputs]
    if len(names) == 1 and not any(isinstance(row, dict) for row in rows):
        rows = [{names[0]: row} for row in rows]
    for row in rows:
        if not isinstance(row, dict) or row.keys() != set(names):
            given = ", ".join(map(short, row)) if isinstance(row, dict) else short(row)
            raise Refused(f"an instance must be an object with {', '.join(names)}, not {given}")
    batch = {
        tensor.name: to_array([row[tensor.name] for row in rows], tensor, max_batch)
        for tensor in signature.inputs
    }
    return check_batch(batch, signature)


def by_row(outputs: Batch) -> list[Any]:
    """Turn outputs into an answer for each row; a single output goes without its name."""
    columns = {name: array.tolist() for name, array in outputs.items()}
    if len(columns) == 1:
        return list(next(iter(columns.values())))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
