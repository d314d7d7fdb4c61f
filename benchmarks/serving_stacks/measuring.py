"""Servers as processes: started, asked in turns, weighed, stopped."""

from __future__ import annotations

import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from .client import Client
from .servers import Server

SLICE = 100  # requests to one server before it is the next one's turn
WARM_UP = 200
CONNECTIONS = (1, 16)
PATIENCE = 120  # seconds to get ready
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Running:
    """A server's process and all that it starts; ready once the block begins."""

    def __init__(self, server: Server, path: str, body: bytes, variables: dict[str, str]) -> None:
        self.server, self.path, self.body = server, server.path or path, body
        tools = f"{server.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        self.variables = kept | variables | {"PATH": tools}
        self.seconds: dict[int, list[float]] = {}
        self.whole = dict.fromkeys(CONNECTIONS, 0.0)
        self.cpu = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.seconds = {connections: [] for connections in CONNECTIONS}
        self.whole = dict.fromkeys(CONNECTIONS, 0.0)
        self.cpu = 0.0

    def __enter__(self) -> Running:
        """Start the server and wait for its first answer."""
        self.folder = tempfile.TemporaryDirectory(prefix="pickone-server-")
        self.port = free_port()
        folder = Path(self.folder.name)
        command = self.server.command(self.port, folder)
        with (folder / "log").open("wb") as log:
            begun = time.perf_counter()
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=self.variables | {"BENTOML_HOME": self.folder.name},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait(begun + PATIENCE)
        except BaseException:
            print((folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)
            self.__exit__(None, None, None)
            raise
        self.started = time.perf_counter() - begun
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        for process in [self.process.pid, *family(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()

    def wait(self, end: float) -> None:
        """Ask until it answers."""
        while True:
            assert self.process.poll() is None, f"{self.server.name} ended by itself"
            try:
                self.ask(1, 1, patience=10)
                return
            except OSError:  # not there yet, or no more than an error so far
                if time.perf_counter() > end:
                    raise
            time.sleep(0.02)

    def ask(self, requests: int, connections: int, patience: float = 60) -> None:
        """Send requests, and keep their times."""
        before = self.cpu_seconds()
        client = Client(self.port, self.path, self.body, connections, patience)
        try:
            seconds, whole = client.ask(requests)
        finally:
            client.close()
        self.seconds[connections] += seconds
        self.whole[connections] += whole
        if connections == 1:
            self.cpu += self.cpu_seconds() - before

    def cpu_seconds(self) -> float:
        """Add up what all its processes have computed so far."""
        ticks = 0
        for process in [self.process.pid, *family(self.process.pid)]:
            with suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self) -> float:
        """Add up the resident memory of all its processes: 10^6 bytes."""
        pages = 0
        for process in [self.process.pid, *family(self.process.pid)]:
            with suppress(OSError):
                pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * PAGE / 1e6

    def median(self, connections: int = 1) -> float:
        """Give the median in milliseconds."""
        return statistics.median(self.seconds[connections]) * 1e3

    def figures(self) -> dict[str, float]:
        """Give all figures by the words of the table's head."""
        found: dict[str, float] = {}
        for connections, seconds in self.seconds.items():
            found[f"p50 ms, {connections}"] = self.median(connections)
            found[f"p99 ms, {connections}"] = statistics.quantiles(seconds, n=100)[98] * 1e3
            found[f"per s, {connections}"] = len(seconds) / self.whole[connections]
        found["CPU ms"] = self.cpu / len(self.seconds[1]) * 1e3
        found["MB"] = self.memory()
        found["start s"] = self.started
        return found


def take_turns(running: list[Running], requests: int) -> None:
    """Ask all of them, a slice each at a time; what they did before does not count."""
    for connections in CONNECTIONS:
        for server in running:
            server.ask(WARM_UP, connections)
    for server in running:
        server.forget()
    for connections in CONNECTIONS:
        for _ in range(requests // SLICE):
            for server in running:
                server.ask(SLICE, connections)


def family(process: int) -> list[int]:
    """List all processes that descend from one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, ahead = [], [process]
    while ahead:
        born = children.get(ahead.pop(), [])
        found += born
        ahead += born
    return found


def free_port() -> int:
    """Find a port that is free with the nine after it, below those that clients are given."""
    while True:
        port = random.randrange(12_000, 30_000)
        with ExitStack() as held, suppress(OSError):
            for number in range(10):
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port + number))
            return port
