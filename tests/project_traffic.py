"""Hostile traffic for a server that is running: nothing may break it, hang it or make it grow.

    .venv/bin/python tests/project_traffic.py v2 http://127.0.0.1:8080 PROJECT/artifacts/onnx
    .venv/bin/python tests/project_traffic.py page http://127.0.0.1:8080 PROJECT/artifacts/tfjs
    .venv/bin/python tests/project_traffic.py tf_serving http://127.0.0.1:8501 \
        PROJECT/artifacts/tf_serving --rpc 127.0.0.1:8500 --python PROJECT/.venv/bin/python

Ten thousand requests, always the same ones: good ones with bits, values, paths, headers and
lengths changed, bytes that are no HTTP, bodies that never come, and, where the server describes
itself, what Schemathesis makes of that. No answer may have a status of 5xx or take longer than
10 s, memory must stay where it was, and after all of it the right answer must come.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traffic_kinds import Sent, good_request, hostile

REQUESTS = 10_000
DESCRIBED = 200  # of them, made by Schemathesis
INCOMPLETE = 100  # of them, with a body that never comes whole
PATIENCE = 10.0  # seconds for one answer
GROWTH = 32 * 2**20  # bytes; a leak of 4 kB for each request would be 40 MB
HERE = Path(__file__).resolve().parent


class Wire:
    """A connection that is opened anew whenever the server has closed it."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.where = (parts.hostname or "", parts.port or 80)
        self.socket: socket.socket | None = None
        self.statuses: Counter[int] = Counter()

    def send(self, sent: Sent) -> None:
        """Send bytes and read what comes of them; raises AssertionError when it is too bad."""
        try:
            self.exchange(sent)
        except TimeoutError:
            raise AssertionError(f"no answer within {PATIENCE} s to {sent.data[:300]!r}") from None
        except (ConnectionError, http.client.HTTPException):
            self.close()  # it may hang up on those who send rubbish

    def exchange(self, sent: Sent) -> None:
        """Send bytes, and read as many answers as they ask for."""
        if self.socket is None:
            self.socket = socket.create_connection(self.where, timeout=PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(sent.data)
        if not sent.whole:
            # Half a request is no hang: wait a moment for a refusal, then leave.
            self.socket.settimeout(0.01)
            with suppress(TimeoutError):
                self.read(sent)
            self.close()
            return
        if sent.answers > 1:
            self.read_all(sent)
        elif self.read(sent):
            self.close()

    def read(self, sent: Sent) -> bool:
        """Read one answer; returns whether the server closes the connection after it."""
        assert self.socket is not None
        answer = http.client.HTTPResponse(self.socket, method=sent.method)
        try:
            answer.begin()
            answer.read()
        finally:
            answer.close()
        self.statuses[answer.status] += 1
        assert answer.status < 500, f"{answer.status} for {sent.data[:300]!r}"
        return answer.will_close

    def read_all(self, sent: Sent) -> None:
        """Read the answers to requests that were sent together, the last of which says goodbye."""
        assert self.socket is not None
        received = b""
        while more := self.socket.recv(2**16):
            received += more
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
        assert len(statuses) == sent.answers, f"{len(statuses)} answers to {sent.data[:300]!r}"
        assert max(statuses) < 500, statuses
        self.statuses.update(statuses)
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def hammer(
    kind: str,
    address: str,
    folder: Path,
    rpc: str | None = None,
    python: Path | None = None,
    requests: int = REQUESTS,
) -> Counter[int]:
    """Send hostile traffic to a server: `http://HOST:PORT`, and the folder of its artifact.

    `kind` is v2 (the inference server of any target), chat, page or tf_serving. `rpc`, HOST:PORT,
    is the latter's gRPC, which needs a `python` that has grpcio. Returns how often each status
    came, and raises AssertionError when the server does what it must not.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    chance = random.Random(0)
    wire = Wire(address)
    right = answer_of(kind, address, manifest)
    for _ in range(200):
        wire.send(hostile(kind, manifest, chance))
    process = listener(address)
    before = memory(process)
    wire.statuses.clear()
    if kind in ("v2", "chat"):
        described(address, wire.statuses)
    for number in range(requests - wire.statuses.total()):
        whole = number % (requests // INCOMPLETE or 1) != 0
        wire.send(hostile(kind, manifest, chance, whole))
    wire.close()
    if rpc:
        hammer_rpc(rpc, python or Path(sys.executable), folder)
    stalled(address)
    after = memory(process)
    assert after - before < GROWTH, f"grew from {before:,} to {after:,} bytes"
    assert answer_of(kind, address, manifest) == right
    return wire.statuses


def described(address: str, statuses: Counter[int]) -> None:
    """Let Schemathesis make requests from the server's own description, good ones and bad ones."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import Case, GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    # A schema cannot say how many values a shape needs, so what fits it may still be refused.
    judges = [not_a_server_error, checks.status_code_conformance]
    judges += [checks.content_type_conformance, checks.response_schema_conformance]
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    asking = [operation for operation in operations if operation.body]
    share = max(1, DESCRIBED // len(asking) // 2)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(
                max_examples=share,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def one(case: Case[Any]) -> None:
                statuses[case.call_and_validate(timeout=PATIENCE, checks=judges).status_code] += 1

            # Of a request without any parameter there are no bad ones, and one good one.
            with suppress(Unsatisfiable):
                one()


def answer_of(kind: str, address: str, manifest: dict[str, Any]) -> Any:
    """Ask the one good question; returns the answer without what differs from time to time."""
    method, path, body = good_request(kind, manifest)
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    assert response.status == 200, content[:500]
    return json.loads(content)["choices"] if kind == "chat" else content


def stalled(address: str) -> None:
    """Open connections that say nothing or half of something; others are answered meanwhile."""
    parts = urlsplit(address)
    idle = []
    try:
        for number in range(50):
            idle.append(socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE))
            with suppress(ConnectionError):
                idle[-1].sendall(
                    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"[:number]
                )
        wire = Wire(address)
        wire.send(Sent(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert wire.statuses.total() == 1
        wire.close()
    finally:
        for one in idle:
            one.close()


def listener(address: str) -> int | None:
    """Find the process that listens at an address of this computer; None where /proc is not."""
    port = urlsplit(address).port or 80
    try:
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return None
    nodes = {
        f"socket:[{fields[9]}]"
        for fields in map(str.split, lines)
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(file.readlink()) in nodes:
                return int(file.parts[2])
    return None


def memory(process: int | None) -> int:
    """Give the resident memory of a process in bytes; 0 where it cannot be had."""
    if process is None:
        return 0
    time.sleep(0.5)  # requests that were left alone are given up
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def hammer_rpc(rpc: str, python: Path, folder: Path) -> None:
    """Send hostile calls to a gRPC server, with the environment of its project."""
    command = [str(python), str(HERE / "traffic_rpc.py"), rpc, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Hammer from the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("kind", choices=["v2", "chat", "page", "tf_serving"])
    parser.add_argument("address", metavar="http://HOST:PORT")
    parser.add_argument("folder", type=Path, help="the artifact that is served")
    parser.add_argument("--rpc", metavar="HOST:PORT")
    parser.add_argument("--python", type=Path)
    given = parser.parse_args()
    begun = time.perf_counter()
    statuses = hammer(given.kind, given.address, given.folder, given.rpc, given.python)
    print(f"{statuses.total()} answers in {time.perf_counter() - begun:.1f} s: {dict(statuses)}")


if __name__ == "__main__":
    main()
