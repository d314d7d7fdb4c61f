"""Requests for `project_traffic.py`: a good one of each kind of server, and what becomes of it."""

from __future__ import annotations

import json
import math
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# The protocol's name of each type of elements, and how Python packs one.
DTYPES = {"float32": ("FP32", "<f"), "int32": ("INT32", "<i"), "bool": ("BOOL", "<?")}
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "HEAD"]
TRICKS = [
    "/..", "/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//",
    "/.//./", "/%00", "/%ff%fe", "/%", "/%zz", "/\\..\\..\\x", "/a?b=c&%=%", "/;a=b", "/#x",
    "/" + "a" * 9000, "/" + "a/" * 4000, "/~root", "/.git/config", "/manifest.json/",
    "/index.html/..", "*", "http://127.0.0.1/v2", "/%E4%BD%A0", "/{x}", "/v2/models/%s%n", "/V2",
    "/v2/", "/v1/models/",
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, 1e-320, 1.5,
    float("nan"), float("inf"), "", "x", "\u0000", "\ud800", "9" * 5000, "\U0001f600" * 50,
    [], {}, [[]], [None], {"": {}},
]  # fmt: skip
HEADERS: list[Callable[[random.Random], bytes]] = [
    lambda chance: (
        b"Inference-Header-Content-Length: %d" % chance.choice([0, 5, 100, 10**9, 10**30])
    ),
    lambda chance: (
        b"Inference-Header-Content-Length: " + chance.choice([b"", b"-1", b"x", b"\xb2"])
    ),
    lambda chance: b"Content-Encoding: " + chance.choice([b"gzip", b"identity", b"\xff", b""]),
    lambda chance: b"Accept: " + b"*/*," * chance.randrange(2000),
    lambda chance: b"X-Long: " + b"x" * chance.randrange(50_000),
    lambda chance: b"\r\n".join(b"X-%d: y" % i for i in range(chance.randrange(1, 500))),
    lambda chance: b"Expect: 100-continue",
    lambda chance: b"Expect: the worst",
    lambda chance: b"Connection: " + chance.choice([b"close", b"keep-alive", b"x", b"te, close"]),
    lambda chance: b"Range: bytes=" + chance.choice([b"0-0", b"-1", b"9-1", b"0-1,2-3", b"x"]),
    lambda chance: b"If-None-Match: *",
    lambda chance: b"Cookie: " + bytes(chance.choices(range(33, 255), k=40)),
    lambda chance: b"Origin: http://evil.example",
    lambda chance: b"X-Forwarded-For: 1.1.1.1, ::1, x",
    lambda chance: (
        b"Content-Type: " + chance.choice([b"text/plain", b"application/xml", b";", b""])
    ),
]
RUBBISH: list[Callable[[random.Random], bytes]] = [
    lambda chance: chance.randbytes(chance.randrange(1, 400)),
    lambda chance: b"\r\n" * chance.randrange(1, 200),
    lambda chance: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(60),
    lambda chance: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(200),
    lambda chance: b"GET / HTTP/" + chance.choice([b"0.9", b"1.2", b"9.9", b"x"]) + b"\r\n\r\n",
    lambda chance: b"GET  /  HTTP/1.1\r\nHost: x\r\n\r\n",
    lambda chance: b"GET / HTTP/1.1\nHost: x\n\n",
    lambda chance: b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    lambda chance: b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    lambda chance: b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
    lambda chance: b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    lambda chance: b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    lambda chance: b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
    lambda chance: b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % 10**30,
    lambda chance: b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
    lambda chance: (
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    lambda chance: b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
    lambda chance: b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    lambda chance: b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    lambda chance: b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    lambda chance: b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    lambda chance: (
        b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx"
    ),
    lambda chance: b"X" * chance.randrange(1, 70_000),
    lambda chance: b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
]


def png() -> bytes:
    """Make a small image, in one of the formats that servers of images read."""
    rows = b"".join(b"\0" + bytes(range(0, 256, 32)) for _ in range(8))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
    ]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# Files that people send as they are, with their types.
FILES = [(png(), "image/png"), (png(), "image/jpeg"), (b"1.5,2,1,0\n3,4,0,1\n", "text/csv")]


@dataclass
class Sent:
    """What is sent at once, and how many answers it asks for."""

    data: bytes
    method: str = "GET"  # of the answers: one to HEAD has no body
    answers: int = 1
    whole: bool = True  # False where no answer may be due


def good_request(kind: str, manifest: dict[str, Any]) -> tuple[str, str, bytes | None]:
    """Give method, path and body of a request that is answered with 200."""
    if kind == "page":
        return "GET", "/", None
    if kind == "chat":
        chat = [{"role": "user", "content": "7th of March, 1986"}]
        asked = {"model": manifest["model"], "messages": chat, "max_tokens": 4, "stop": ["x"]}
        return "POST", "/v1/chat/completions", as_json(asked)
    inputs: list[dict[str, Any]] = manifest["signature"]["inputs"]
    if kind == "tf_serving":
        row = {tensor["name"]: nested(tensor) for tensor in inputs}
        instance = row if len(inputs) > 1 else row[inputs[0]["name"]]
        return "POST", f"/v1/models/{manifest['model']}:predict", as_json({"instances": [instance]})
    message = {"inputs": [entry(tensor) | {"data": values(tensor)} for tensor in inputs]}
    return "POST", f"/v2/models/{manifest['model']}/infer", as_json(message)


def binary_request(manifest: dict[str, Any]) -> tuple[bytes, bytes]:
    """Give the header of a request for one row, JSON, and the binary tensors that follow it."""
    entries, blobs = [], []
    for tensor in manifest["signature"]["inputs"]:
        blobs.append(packed(tensor))
        size = {"binary_data_size": len(blobs[-1])}
        entries.append(entry(tensor) | {"parameters": size})
    return as_json({"inputs": entries}), b"".join(blobs)


def entry(tensor: dict[str, Any]) -> dict[str, Any]:
    """Describe one row of an input, without its values."""
    datatype, _ = DTYPES[tensor["dtype"]]
    return {"name": tensor["name"], "datatype": datatype, "shape": [1, *row_shape(tensor)]}


def row_shape(tensor: dict[str, Any]) -> list[int]:
    """Give the shape of one row of an input; where a length is free, it is 3."""
    return [size or 3 for size in tensor["shape"]]


def good_value(tensor: dict[str, Any]) -> float | int | bool:
    """Choose a value that an input may have."""
    if tensor["dtype"] == "bool":
        return True
    low: float | None = tensor["low"]
    high: float | None = tensor["high"]
    if low is None:
        low = 0 if high is None else high - 1
    if tensor["dtype"] == "int32":
        return math.ceil(low)
    return low + ((low + 1 if high is None else high) - low) / 4


def values(tensor: dict[str, Any]) -> list[Any]:
    """Give the values of one row, flat."""
    return [good_value(tensor)] * math.prod(row_shape(tensor))


def nested(tensor: dict[str, Any]) -> Any:
    """Give the values of one row as lists in lists."""
    value: Any = good_value(tensor)
    for size in reversed(row_shape(tensor)):
        value = [value] * size
    return value


def packed(tensor: dict[str, Any]) -> bytes:
    """Give the values of one row as bytes."""
    return b"".join(struct.pack(DTYPES[tensor["dtype"]][1], value) for value in values(tensor))


def hostile(kind: str, manifest: dict[str, Any], chance: random.Random, whole: bool = True) -> Sent:
    """Make the next request."""
    method, path, body = good_request(kind, manifest)
    if not whole:
        return incomplete(method, path, body or b"x" * 100, chance)
    way = chance.random()
    if way < 0.02:
        return Sent(chance.choice(RUBBISH)(chance), whole=False)
    if way < 0.12:
        return request(chance.choice(METHODS), some_path(kind, manifest, chance), b"", chance)
    if way < 0.14:
        one = b"GET / HTTP/1.1\r\nHost: x\r\n"
        return Sent((one + b"\r\n") * 19 + one + b"Connection: close\r\n\r\n", answers=20)
    if body is None:
        return request(chance.choice(METHODS), some_path(kind, manifest, chance), b"", chance)
    if kind == "v2" and way < 0.24:
        return binary(method, path, manifest, chance)
    if kind == "v2" and way < 0.34:
        return to_clouds(manifest, chance)
    if way < 0.55:
        body = as_json(changed(json.loads(body), chance))
    elif way < 0.9:
        body = garbled(body, chance)
    elif way < 0.95:
        body = (b"[" * 20_000, b'{"inputs":' * 5000, b"1" * 50_000, b"," * 20_000)[
            chance.randrange(4)
        ]
    return request(method, path, body, chance)


def binary(method: str, path: str, manifest: dict[str, Any], chance: random.Random) -> Sent:
    """Make a request with binary tensors, of which the header or the bytes are changed."""
    text, data = binary_request(manifest)
    way = chance.random()
    if way < 0.3:
        text = as_json(changed(json.loads(text), chance))
    elif way < 0.8:
        data = garbled(data, chance)
    length = len(text) if way < 0.9 else chance.randrange(2 * len(text))
    header = b"Inference-Header-Content-Length: %d" % length
    return request(method, path, text + data, chance, always=[header])


def to_clouds(manifest: dict[str, Any], chance: random.Random) -> Sent:
    """Make a request as cloud services do: rows, or a file; most of them are changed."""
    path = chance.choice(["/invocations", f"/v1/models/{manifest['model']}:predict"])
    inputs: list[dict[str, Any]] = manifest["signature"]["inputs"]
    rows: Any = {"instances": [{tensor["name"]: nested(tensor) for tensor in inputs}]}
    if len(inputs) == 1 and chance.random() < 0.5:
        rows = {"instances": [nested(inputs[0])]}
    way = chance.random()
    if way < 0.5:
        body, kind = as_json(changed(rows, chance)), "application/json"
    else:
        body, kind = chance.choice(FILES)
    if way > 0.3:
        body = garbled(body, chance)
    return request("POST", path, body, chance, always=[f"Content-Type: {kind}".encode()])


def request(
    method: str, path: str, body: bytes, chance: random.Random, always: Sequence[bytes] = ()
) -> Sent:
    """Put a request together, with headers that nobody asked for."""
    headers = [*always, *(chance.choice(HEADERS)(chance) for _ in range(chance.randrange(3)))]
    # Together they stay below what a head may have; what is longer is among the rubbish.
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: x", *headers]
    if body and chance.random() < 0.1:
        cut = chance.randrange(len(body))
        pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        lines.append(b"Transfer-Encoding: chunked")
    elif body or method == "POST":
        lines.append(b"Content-Length: %d" % len(body))
    return Sent(b"\r\n".join([*lines, b"", b""]) + body, method)


def incomplete(method: str, path: str, body: bytes, chance: random.Random) -> Sent:
    """Promise more than comes."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode()
    data = head + body
    return Sent(data[: chance.randrange(1, len(data))], whole=False)


def some_path(kind: str, manifest: dict[str, Any], chance: random.Random) -> str:
    """Choose a path that is there, or a trick, or both."""
    files = [f"/{name}" for name in manifest["files"]]
    known = [
        "/",
        "/v2",
        "/v2/health/ready",
        "/openapi.json",
        good_request(kind, manifest)[1],
        *files,
    ]
    path = chance.choice(known)
    if chance.random() < 0.7:
        trick = chance.choice(TRICKS)
        path = chance.choice([trick, path + trick, trick + path])
    return path


def changed(value: Any, chance: random.Random) -> Any:
    """Change a few places of a message: other values, missing keys, keys that nobody knows."""
    for _ in range(chance.randrange(1, 4)):
        value = changed_once(value, chance)
    return value


def changed_once(value: Any, chance: random.Random) -> Any:
    """Change one place."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        way = chance.random()
        if way < 0.15:
            return {name: entry for name, entry in value.items() if name != key}
        if way < 0.25:
            return value | {chance.choice(["", "id", "parameters", "outputs", "x"]): odd(chance)}
        return value | {key: changed_once(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        way = chance.random()
        if way < 0.1:
            return value[:place]
        if way < 0.2:
            return value + value
        return [*value[:place], changed_once(value[place], chance), *value[place + 1 :]]
    return odd(chance)


def odd(chance: random.Random) -> Any:
    """Choose a value that few expect."""
    value = chance.choice(ODD)
    for _ in range(chance.choice([0, 0, 0, 1, 3, 300])):
        value = [value]
    return value


def garbled(body: bytes, chance: random.Random) -> bytes:
    """Change bits, cut, double and insert bytes."""
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(changed) or 1)
        way = chance.randrange(4)
        if way == 0 and changed:
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1:
            changed[place:place] = chance.randbytes(chance.randrange(1, 9))
        elif way == 2:
            del changed[place : place + chance.randrange(1, 50)]
        else:
            changed[place:place] = changed[place : place + chance.randrange(1, 50)]
    return bytes(changed)


def as_json(value: Any) -> bytes:
    """Write JSON as Python does it, with NaN and halves of characters."""
    return json.dumps(value).encode("utf-8", "surrogatepass")
