"""Try a running server: does it speak TensorFlow Serving's REST and gRPC, and answer right?

    python deploy/tf_serving/conformance.py [--url 127.0.0.1:8080] [--grpc 127.0.0.1:8081]

It is the same for the official image and for this project's stand-in, which says what the two have
in common. It reads the artifact's manifest and needs `grpcio` and `tensorflow-serving-api`, and
nothing of this project but `wire.py` beside it.
"""

import argparse
import json
import math
import sys
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

# First, as it finds TensorFlow's messages without importing TensorFlow.
from wire import SECONDS, TYPES, Answer, Server, flat, grpc  # isort: skip

from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

TOLERANCE = 1e-5  # of the largest value of an output, or of 1


def close(found: dict[str, Any], server: Server) -> None:
    """Hold one row of answers against what TensorFlow itself answered at the export."""
    assert found.keys() == server.expected.keys(), f"outputs {list(found)}"
    for name, expected in server.expected.items():
        values, wanted = flat(found[name]), flat(expected)
        assert len(values) == len(wanted), f"{len(values)} values of {name}, not {len(wanted)}"
        error = max(abs(a - b) for a, b in zip(values, wanted, strict=True))
        most = TOLERANCE * max(1.0, *map(abs, wanted))
        assert error <= most, f"the answer {name} is off by {error:.1e}"


def refused(answer: Answer, status: int) -> None:
    """Hold an error against TensorFlow Serving's form."""
    assert answer[0] == status, f"status {answer[0]} instead of {status}: {str(answer[1])[:100]}"
    assert list(answer[1]) == ["error"] and isinstance(answer[1]["error"], str), answer[1]


def fails(call: Callable[[Any], Any], request: Any, code: str) -> None:
    """Hold an error of gRPC against its kind."""
    try:
        call(request)
    except grpc.RpcError as error:
        found = error.code().name
        assert found == code, f"{found} instead of {code}: {error.details()}"
    else:
        raise AssertionError(f"answered instead of {code}")


def rest_status(server: Server) -> None:
    """REST: the state of the model and of its version."""
    for path in ("", "/versions/1"):
        status, answer = server.rest(f"/{server.name}{path}")
        assert status == 200, answer
        known = [v for v in answer["model_version_status"] if v["version"] == "1"]
        assert known[0]["state"] == "AVAILABLE", answer
        assert known[0]["status"] == {"error_code": "OK", "error_message": ""}, answer


def rest_metadata(server: Server) -> None:
    """REST: the signature, with the names, the types and the shapes of inputs and outputs."""
    for path in ("", "/versions/1"):
        status, answer = server.rest(f"/{server.name}{path}/metadata")
        assert status == 200, answer
        assert answer["model_spec"]["name"] == server.name
        assert answer["model_spec"]["version"] == "1"
        signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
        assert signature["method_name"] == "tensorflow/serving/predict"
        for side, tensors in (("inputs", server.inputs), ("outputs", server.outputs)):
            assert signature[side].keys() == {tensor["name"] for tensor in tensors}
            for tensor in tensors:
                found = signature[side][tensor["name"]]
                assert found["dtype"] == TYPES[tensor["dtype"]][0], found
                shape = [size["size"] for size in found["tensor_shape"]["dim"]]
                assert shape == ["-1", *(str(size or -1) for size in tensor["shape"])], shape


def rest_by_row(server: Server) -> None:
    """REST: `instances`, one and several, by version; without a name where there is one input."""
    row = server.instance()
    bodies: list[list[Any]] = [[row], [row] * 3]
    if len(row) == 1:
        bodies += [list(row.values()), list(row.values()) * 2]
    for instances in bodies:
        for path in ("", "/versions/1"):
            body = {"signature_name": "serving_default", "instances": instances}
            status, answer = server.rest(f"/{server.name}{path}:predict", body)
            assert status == 200, answer
            assert len(answer["predictions"]) == len(instances)
            for found in answer["predictions"]:
                close(server.by_name(found), server)


def rest_by_column(server: Server) -> None:
    """REST: `inputs`, by name, and without a name where there is one input."""
    columns = {name: [value] for name, value in server.instance().items()}
    bodies: list[Any] = [columns]
    if len(columns) == 1:
        bodies += columns.values()
    for inputs in bodies:
        status, answer = server.rest(f"/{server.name}:predict", {"inputs": inputs})
        assert status == 200, answer
        outputs = server.by_name(answer["outputs"])
        close({name: rows[0] for name, rows in outputs.items()}, server)


def rest_not_a_number(server: Server) -> None:
    """REST: NaN and Infinity are numbers."""
    for value in (math.nan, math.inf, -math.inf):
        row = dict(server.row)
        for tensor in server.inputs:
            if tensor["dtype"] == "float32":
                row[tensor["name"]] = [value] * len(row[tensor["name"]])
        body = {"instances": [server.instance(row)]}
        status, answer = server.rest(f"/{server.name}:predict", body)
        assert status == 200, answer
        for name, found in server.by_name(answer["predictions"][0]).items():
            assert len(flat(found)) == len(flat(server.expected[name]))


def rest_refuses_bad_requests(server: Server) -> None:
    """REST: what is not a request for this model is 400."""
    row, name = server.instance(), server.inputs[0]["name"]
    text = server.instance(server.row | {name: ["text"] * len(server.row[name])})
    short = row | {name: row[name][:-1] if isinstance(row[name], list) else [row[name]]}
    deep = row | {name: [[row[name]]]}
    for body in (
        b"",
        b"{",
        [],
        {},
        {"instances": []},
        {"instances": 1},
        {"instances": [row], "inputs": {key: [value] for key, value in row.items()}},
        {"instances": [row], "signature_name": 1},
        {"instances": [row], "signature_name": "other"},
        {"instances": [text]},
        {"instances": [row, short]},
        {"instances": [deep]},
        {"instances": [{"other": row[name]}]},
        {"instances": [row | {"other": 1}]},
        {"inputs": {"other": [row[name]]}},
    ):
        refused(server.rest(f"/{server.name}:predict", body), 400)
    refused(server.rest(f"/{server.name}:predict"), 400)
    refused(server.rest(f"/{server.name}:guess", {"instances": [row]}), 400)
    refused(server.rest(f"/{server.name}/labels/other:predict", {"instances": [row]}), 400)


def rest_finds_nothing_else(server: Server) -> None:
    """REST: another model or version is 404."""
    body = {"instances": [server.instance()]}
    for path in ("/other", f"/{server.name}/versions/7"):
        refused(server.rest(path), 404)
        refused(server.rest(f"{path}/metadata"), 404)
        refused(server.rest(f"{path}:predict", body), 404)


def grpc_predict(server: Server) -> None:
    """gRPC: answers for both ways that values travel."""
    request = server.request()
    for fields in (False, True):
        request = server.request(inputs=server.tensors(fields))
        for name in ("", "serving_default"):
            request.model_spec.signature_name = name
            response = server.predictions.Predict(request, timeout=SECONDS)
            close(grpc_outputs(response, server), server)
            assert response.model_spec.version.value == 1
            assert response.model_spec.signature_name == "serving_default"
    request.model_spec.version.value = 1
    for tensor in server.outputs:
        request.output_filter[:] = [tensor["name"]]
        response = server.predictions.Predict(request, timeout=SECONDS)
        assert list(response.outputs) == [tensor["name"]]


def grpc_outputs(response: Any, server: Server) -> dict[str, Any]:
    """Read a response of one row: flat lists by the outputs' names."""
    found = {}
    for tensor in server.outputs:
        output, (dtype, field, _) = response.outputs[tensor["name"]], TYPES[tensor["dtype"]]
        assert types_pb2.DataType.Name(output.dtype) == dtype
        shape = [size.size for size in output.tensor_shape.dim]
        assert len(shape) == 1 + len(tensor["shape"]) and shape[0] == 1, shape
        found[tensor["name"]] = list(getattr(output, field))
    return found


def grpc_refuses_bad_requests(server: Server) -> None:
    """gRPC: what is not a request for this model is named as such."""
    predict, name = server.predictions.Predict, server.inputs[0]["name"]
    fails(predict, server.request(name="other"), "NOT_FOUND")
    request = server.request()
    request.model_spec.version.value = 7
    fails(predict, request, "NOT_FOUND")
    request.model_spec.version_label = "other"
    fails(predict, request, "INVALID_ARGUMENT")
    request = server.request()
    request.output_filter.append("other")
    fails(predict, request, "INVALID_ARGUMENT")
    tensors = server.tensors()
    fails(predict, server.request(inputs=tensors | {"other": tensors[name]}), "INVALID_ARGUMENT")
    fails(predict, server.request(inputs={"other": tensors[name]}), "INVALID_ARGUMENT")
    fails(predict, server.request(inputs=server.other_type()), "INVALID_ARGUMENT")
    request = server.request()
    request.inputs[name].tensor_content += b"1"
    fails(predict, request, "INVALID_ARGUMENT")


def grpc_status_and_metadata(server: Server) -> None:
    """gRPC: state and signature."""
    status = get_model_status_pb2.GetModelStatusRequest()
    fails(server.models.GetModelStatus, status, "INVALID_ARGUMENT")
    status.model_spec.name = server.name
    (known,) = server.models.GetModelStatus(status, timeout=SECONDS).model_version_status
    assert (known.version, known.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    status.model_spec.name = "other"
    fails(server.models.GetModelStatus, status, "NOT_FOUND")
    metadata = get_model_metadata_pb2.GetModelMetadataRequest()
    metadata.model_spec.name = server.name
    fails(server.predictions.GetModelMetadata, metadata, "INVALID_ARGUMENT")
    metadata.metadata_field.append("signature_def")
    response = server.predictions.GetModelMetadata(metadata, timeout=SECONDS)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    found = signatures.signature_def["serving_default"]
    assert found.inputs.keys() == {tensor["name"] for tensor in server.inputs}


def check_label(server: Server, label: str) -> None:
    """REST and gRPC: a label stands for the version."""
    body = {"instances": [server.instance()]}
    status, answer = server.rest(f"/{server.name}/labels/{label}:predict", body)
    assert status == 200, answer
    close(server.by_name(answer["predictions"][0]), server)
    request = server.request()
    request.model_spec.version_label = label
    response = server.predictions.Predict(request, timeout=SECONDS)
    close(grpc_outputs(response, server), server)


CHECKS: tuple[Callable[[Server], None], ...] = (
    rest_status,
    rest_metadata,
    rest_by_row,
    rest_by_column,
    rest_not_a_number,
    rest_refuses_bad_requests,
    rest_finds_nothing_else,
    grpc_predict,
    grpc_refuses_bad_requests,
    grpc_status_and_metadata,
)


def main() -> None:
    """Run all checks and say how each went."""
    parser = argparse.ArgumentParser(description="Try a server that speaks TensorFlow Serving.")
    parser.add_argument("--url", default="127.0.0.1:8080", metavar="HOST:PORT")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="default: the port after --url's")
    parser.add_argument("--label", help="a label of version 1, such as stable")
    manifest = Path("artifacts/tf_serving/manifest.json")
    parser.add_argument("--manifest", type=Path, default=manifest, metavar="FILE")
    given = parser.parse_args()
    host, _, port = given.url.rpartition(":")
    rpc = given.grpc or f"{host}:{int(port) + 1}"
    try:
        server = Server(given.url, rpc, json.loads(given.manifest.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"error: {given.manifest} is not the manifest of an export: {error}")
    checks = {check.__name__: check for check in CHECKS}
    if given.label:
        checks[f"label_{given.label}"] = lambda server: check_label(server, given.label)
    failed = 0
    for name, check in checks.items():
        try:
            check(server)
        except urllib.error.URLError:
            sys.exit("error: no server answers there; start one with `serve tf_serving`")
        except (AssertionError, LookupError, TypeError, ValueError, grpc.RpcError) as error:
            failed += 1
            print(f"FAILED {name}: {error}")
        else:
            print(f"ok     {name}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
