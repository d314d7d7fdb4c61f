"""Hostile calls to a gRPC server that speaks TensorFlow Serving's API, for `project_traffic.py`.

python traffic_rpc.py HOST:PORT PROJECT/artifacts/tf_serving

Runs with a Python that has grpcio. The one good message is written by hand, so that its bits can be
changed. No call may end as the server's fault or take longer than 10 s.
"""

from __future__ import annotations

import json
import random
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
from traffic_kinds import packed, row_shape

CALLS = 1500
PATIENCE = 10.0
FAULTS = {"UNKNOWN", "INTERNAL", "DEADLINE_EXCEEDED", "UNAVAILABLE", "DATA_LOSS", "ABORTED"}
PREDICT = "/tensorflow.serving.PredictionService/Predict"
DTYPES = {"float32": 1, "int32": 3, "bool": 10}  # TensorFlow's numbers of element types
METHODS = [
    *(
        f"/tensorflow.serving.PredictionService/{name}"
        for name in ("Classify", "Regress", "MultiInference", "GetModelMetadata", "predict")
    ),
    "/tensorflow.serving.ModelService/GetModelStatus",
    "/tensorflow.serving.ModelService/HandleReloadConfigRequest",
    "/x/y",
]


def part(number: int, content: bytes) -> bytes:
    """Write one field of a message: its number, its length, its bytes."""
    assert len(content) < 2**14
    length = [len(content)] if len(content) < 128 else [len(content) & 127 | 128, len(content) >> 7]
    return bytes([number << 3 | 2, *length]) + content


def predict_request(manifest: dict[str, Any]) -> bytes:
    """Write a PredictRequest for one row."""
    message = part(1, part(1, manifest["model"].encode()))
    for tensor in manifest["signature"]["inputs"]:
        sizes = b"".join(part(2, b"\x08" + bytes([size])) for size in (1, *row_shape(tensor)))
        content = bytes([0x08, DTYPES[tensor["dtype"]]]) + part(2, sizes) + part(4, packed(tensor))
        message += part(2, part(1, tensor["name"].encode()) + part(2, content))
    return message


def garbled(content: bytes, chance: random.Random) -> bytes:
    """Change bits, cut and insert bytes; at times all of it."""
    changed = bytearray(content)
    for _ in range(chance.randrange(5)):
        place = chance.randrange(len(changed) or 1)
        way = chance.randrange(3)
        if way == 0 and changed:
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1:
            changed[place:place] = chance.randbytes(chance.randrange(1, 9))
        else:
            del changed[place : place + chance.randrange(1, 50)]
    return chance.choice([bytes(changed)] * 8 + [b"", chance.randbytes(chance.randrange(200))])


def main() -> None:
    """Call, and say how often each code came."""
    address, folder = sys.argv[1:]
    chance = random.Random(0)
    good = predict_request(json.loads(Path(folder, "manifest.json").read_text(encoding="utf-8")))
    host, port = address.split(":")
    for _ in range(100):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as rubbish:
            rubbish.sendall(
                chance.choice([b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) + chance.randbytes(200)
            )
    codes: Counter[str] = Counter()
    with grpc.insecure_channel(address) as channel:
        for number in range(CALLS):
            last = number == CALLS - 1
            method = PREDICT if last or chance.random() < 0.7 else chance.choice(METHODS)
            content = good if last else garbled(good, chance)
            try:
                channel.unary_unary(method)(content, timeout=PATIENCE)
                code = "OK"
            except grpc.RpcError as error:
                code = error.code().name
                assert code not in FAULTS, f"{method}: {error}: {content!r}"
            codes[code] += 1
    assert code == "OK", f"the good call ended as {code}"
    print(dict(codes))


if __name__ == "__main__":
    main()
