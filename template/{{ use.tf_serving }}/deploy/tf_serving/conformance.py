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
from wire import SECONDS, Answer, Server, grpc, types_pb2  # isort: skip

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

TOLERANCE = 1e-5


def close(found: list[float], server: Server) -> None:
    """Hold one row of answers against what TensorFlow itself answered at the export."""
    assert len(found) == server.classes, f"{len(found)} values, not {server.classes}"
    error = max(abs(a - b) for a, b in zip(found, server.expected, strict=True))
    assert error <= TOLERANCE, f"the answer is off by {error:.1e}"


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
    """REST: the signature, with the names, the type and the shape of the input."""
    for path in ("", "/versions/1"):
        status, answer = server.rest(f"/{server.name}{path}/metadata")
        assert status == 200, answer
        assert answer["model_spec"]["name"] == server.name
        assert answer["model_spec"]["version"] == "1"
        signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
        assert signature["method_name"] == "tensorflow/serving/predict"
        found = signature["inputs"][server.input]
        assert found["dtype"] == "DT_FLOAT"
        sizes = [size["size"] for size in found["tensor_shape"]["dim"]]
        assert sizes == ["-1", *map(str, server.shape[1:])], sizes
        assert server.output in signature["outputs"]


def rest_by_row(server: Server) -> None:
    """REST: `instances`, with and without names, one and several, by version."""
    (row,) = server.nested()
    for instances in ([row], [row] * 3, [{server.input: row}] * 2):
        for path in ("", "/versions/1"):
            body = {"signature_name": "serving_default", "instances": instances}
            status, answer = server.rest(f"/{server.name}{path}:predict", body)
            assert status == 200, answer
            assert len(answer["predictions"]) == len(instances)
            for found in answer["predictions"]:
                close(found, server)


def rest_by_column(server: Server) -> None:
    """REST: `inputs`, with and without a name."""
    for inputs in (server.nested(), {server.input: server.nested()}):
        status, answer = server.rest(f"/{server.name}:predict", {"inputs": inputs})
        assert status == 200, answer
        close(answer["outputs"][0], server)


def rest_not_a_number(server: Server) -> None:
    """REST: NaN and Infinity are numbers."""
    for value in (math.nan, math.inf, -math.inf):
        values: list[Any] = [value] * len(server.ramp)
        body = {"instances": server.nested(values)}
        status, answer = server.rest(f"/{server.name}:predict", body)
        assert status == 200, answer
        assert len(answer["predictions"][0]) == server.classes


def rest_refuses_bad_requests(server: Server) -> None:
    """REST: what is not a request for this model is 400."""
    (row,) = server.nested()
    words = json.loads(json.dumps(row).replace("0.0", '"zero"', 1))
    for body in (
        b"",
        b"{",
        [],
        {},
        {"instances": []},
        {"instances": 1},
        {"instances": [row], "inputs": [row]},
        {"instances": [row], "signature_name": 1},
        {"instances": [row], "signature_name": "other"},
        {"instances": [words]},
        {"instances": [row, row[:-1]]},
        {"instances": [[1.0, 2.0]]},
        {"instances": [{"other": row}]},
        {"inputs": {"other": [row]}},
    ):
        refused(server.rest(f"/{server.name}:predict", body), 400)
    refused(server.rest(f"/{server.name}:predict"), 400)
    refused(server.rest(f"/{server.name}:guess", {"instances": [row]}), 400)
    refused(server.rest(f"/{server.name}/labels/other:predict", {"instances": [row]}), 400)


def rest_finds_nothing_else(server: Server) -> None:
    """REST: another model or version is 404."""
    body = {"instances": server.nested()}
    for path in ("/other", f"/{server.name}/versions/7"):
        refused(server.rest(path), 404)
        refused(server.rest(f"{path}/metadata"), 404)
        refused(server.rest(f"{path}:predict", body), 404)


def grpc_predict(server: Server) -> None:
    """gRPC: answers for both ways that values travel."""
    for fields in (False, True):
        request = server.request(**{server.input: server.tensor(fields=fields)})
        for name in ("", "serving_default"):
            request.model_spec.signature_name = name
            response = server.predicting.Predict(request, timeout=SECONDS)
            output = response.outputs[server.output]
            assert output.dtype == types_pb2.DT_FLOAT
            assert [size.size for size in output.tensor_shape.dim] == [1, server.classes]
            close(list(output.float_val), server)
            assert response.model_spec.version.value == 1
            assert response.model_spec.signature_name == "serving_default"
    request.model_spec.version.value = 1
    request.output_filter.append(server.output)
    response = server.predicting.Predict(request, timeout=SECONDS)
    assert list(response.outputs) == [server.output]


def grpc_refuses_bad_requests(server: Server) -> None:
    """gRPC: what is not a request for this model is named as such."""
    predict = server.predicting.Predict
    fails(predict, server.request(name="other"), "NOT_FOUND")
    request = server.request()
    request.model_spec.version.value = 7
    fails(predict, request, "NOT_FOUND")
    request.model_spec.version_label = "other"
    fails(predict, request, "INVALID_ARGUMENT")
    request = server.request()
    request.output_filter.append("other")
    fails(predict, request, "INVALID_ARGUMENT")
    more = {server.input: server.tensor(), "other": server.tensor()}
    fails(predict, server.request(**more), "INVALID_ARGUMENT")
    fails(predict, server.request(other=server.tensor()), "INVALID_ARGUMENT")
    doubles = server.request(**{server.input: server.tensor("d")})
    fails(predict, doubles, "INVALID_ARGUMENT")
    cut = server.request()
    cut.inputs[server.input].tensor_content = b"1234"
    fails(predict, cut, "INVALID_ARGUMENT")


def grpc_status_and_metadata(server: Server) -> None:
    """gRPC: state and signature."""
    status = get_model_status_pb2.GetModelStatusRequest()
    fails(server.looking.GetModelStatus, status, "INVALID_ARGUMENT")
    status.model_spec.name = server.name
    (known,) = server.looking.GetModelStatus(status, timeout=SECONDS).model_version_status
    assert (known.version, known.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    status.model_spec.name = "other"
    fails(server.looking.GetModelStatus, status, "NOT_FOUND")
    metadata = get_model_metadata_pb2.GetModelMetadataRequest()
    metadata.model_spec.name = server.name
    fails(server.predicting.GetModelMetadata, metadata, "INVALID_ARGUMENT")
    metadata.metadata_field.append("signature_def")
    response = server.predicting.GetModelMetadata(metadata, timeout=SECONDS)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert server.input in signatures.signature_def["serving_default"].inputs


def check_label(server: Server, label: str) -> None:
    """REST and gRPC: a label stands for the version."""
    body = {"instances": server.nested()}
    status, answer = server.rest(f"/{server.name}/labels/{label}:predict", body)
    assert status == 200, answer
    close(answer["predictions"][0], server)
    request = server.request()
    request.model_spec.version_label = label
    response = server.predicting.Predict(request, timeout=SECONDS)
    close(list(response.outputs[server.output].float_val), server)


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
