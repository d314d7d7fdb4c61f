"""The content of /openapi.json: schemas made from the model's own signature."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..manifest import Manifest
from ..settings import ServeSettings
from ..signature import Tensor
from .protocol import DATATYPES, HEADER, bounds

ERRORS = {
    400: "The request is not valid, or not for this model",
    408: "The body did not arrive in time",
    413: "The body or the batch is too large",
    415: "The body is compressed",
    429: "Too many requests at once",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
LENGTH = {"type": "integer", "minimum": 0}


def document(
    manifest: Manifest,
    settings: ServeSettings,
    constants: Mapping[str, tuple[str, object]],
    infer: Sequence[str],
) -> dict[str, Any]:
    """Describe a server: the constants (by path: summary and content) and the paths that infer."""
    paths: dict[str, Any] = {}
    for path, (summary, content) in constants.items():
        responses = {"200": _json("The answer", {"const": content})}
        paths[path] = {"get": _operation("get", path, summary, responses)}
    for path in infer:
        operation = _operation("infer", path, "Compute outputs", infer_responses(manifest))
        paths[path] = {"post": operation | infer_request(manifest, settings)}
    about = {
        "title": manifest.model,
        "version": "1",
        "description": "Open Inference Protocol v2, with binary tensors",
    }
    return {"openapi": "3.1.0", "info": about, "paths": paths}


def infer_request(manifest: Manifest, settings: ServeSettings) -> dict[str, Any]:
    """Describe an infer request: JSON, or a JSON header with binary tensors after it."""
    outputs = [
        _tensor(t, {"parameters": _object({"binary_data": {"type": "boolean"}})}, ["name"])
        for t in manifest.signature.outputs
    ]
    inputs = [_input(t, settings.max_batch) for t in manifest.signature.inputs]
    schema = {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": _object({"binary_data_output": {"type": "boolean"}}),
            "inputs": {
                "type": "array",
                "minItems": len(inputs),
                "maxItems": len(inputs),
                "items": {"oneOf": inputs},
            },
            "outputs": {"type": "array", "maxItems": len(outputs), "items": {"oneOf": outputs}},
        },
    }
    length = {
        "name": HEADER.decode(),
        "in": "header",
        "description": "bytes of JSON at the start of the body; the rest is binary data",
        "schema": LENGTH,
    }
    content = {"application/json": {"schema": schema}, "application/octet-stream": BINARY}
    return {"parameters": [length], "requestBody": {"required": True, "content": content}}


def infer_responses(manifest: Manifest) -> dict[str, Any]:
    """Describe the responses to an infer request."""
    outputs = [
        _tensor(t, {"data": {"type": "array"}}, ["name", "datatype", "shape", "data"])
        for t in manifest.signature.outputs
    ]
    schema = {
        "type": "object",
        "required": ["model_name", "model_version", "outputs"],
        "properties": {
            "id": {"type": "string"},
            "model_name": {"const": manifest.model},
            "model_version": {"const": "1"},
            "outputs": {"type": "array", "minItems": 1, "items": {"oneOf": outputs}},
        },
    }
    answer = _json("The outputs", schema)
    answer["content"]["application/octet-stream"] = BINARY
    answer["headers"] = {HEADER: {"description": "as in the request", "schema": LENGTH}}
    responses = {"200": answer}
    for status, text in ERRORS.items():
        responses[str(status)] = _json(text, ERROR)
    return responses


def _input(tensor: Tensor, max_batch: int) -> dict[str, Any]:
    values = f"values {bounds(tensor)}".rstrip()
    data = {"type": "array", "description": f"{values}, in row-major order, flat or nested"}
    more = {"data": data, "parameters": _object({"binary_data_size": LENGTH})}
    entry = _tensor(tensor, more, ["name", "datatype", "shape"])
    entry["properties"]["shape"]["prefixItems"][0]["maximum"] = max_batch
    return entry


def _tensor(tensor: Tensor, more: dict[str, Any], required: list[str]) -> dict[str, Any]:
    sizes = [
        {"type": "integer", "minimum": 1} if size is None else {"const": size}
        for size in (None, *tensor.shape)
    ]
    shape = {
        "type": "array",
        "minItems": len(sizes),
        "maxItems": len(sizes),
        "prefixItems": sizes,
    }
    properties = {
        "name": {"const": tensor.name},
        "datatype": {"const": DATATYPES[tensor.dtype]},
        "shape": shape,
    }
    return {"type": "object", "required": required, "properties": properties | more}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _operation(verb: str, path: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    name = f"{verb}{path.replace('/', '_')}"
    return {"summary": summary, "operationId": name, "responses": responses}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
