"""A client for measurements: the same bytes again and again, over connections that stay open."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass


@dataclass
class Exchange:
    """One connection and the answer that is on its way: when it was asked for, what came."""

    connection: socket.socket
    asked: float = 0.0
    received: bytes = b""


class Client:
    """So many connections to one server, all in one thread, each with one request at a time."""

    def __init__(
        self, port: int, path: str, body: bytes, connections: int, patience: float
    ) -> None:
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        self.request = "\r\n".join([*lines, "", ""]).encode() + body
        self.patience = patience  # seconds without any answer: the server hangs
        self.selector = selectors.DefaultSelector()
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(connection, selectors.EVENT_READ, Exchange(connection))

    def close(self) -> None:
        """Close all connections."""
        for key in list(self.selector.get_map().values()):
            key.data.connection.close()
        self.selector.close()

    def ask(self, requests: int) -> tuple[list[float], float]:
        """Send so many requests; returns the seconds of each, and the seconds of all together."""
        exchanges: list[Exchange] = [key.data for key in self.selector.get_map().values()]
        seconds: list[float] = []
        start = time.perf_counter()
        sent = 0
        for exchange in exchanges[:requests]:
            self.send(exchange)
            sent += 1
        while len(seconds) < requests:
            ready = self.selector.select(self.patience)
            if not ready:
                raise TimeoutError(f"no answer within {self.patience} s")
            for key, _ in ready:
                exchange = key.data
                more = exchange.connection.recv(2**16)
                if not more:
                    raise ConnectionError("the server closed a connection")
                exchange.received += more
                if answer_of(exchange.received) is None:
                    continue
                seconds.append(time.perf_counter() - exchange.asked)
                if sent < requests:
                    self.send(exchange)
                    sent += 1
        return seconds, time.perf_counter() - start

    def send(self, exchange: Exchange) -> None:
        """Send the request once more."""
        exchange.received = b""
        exchange.asked = time.perf_counter()
        exchange.connection.sendall(self.request)


def answer_of(received: bytes) -> bytes | None:
    """Return the body of a whole answer, None while it is not all there; raises on any but 200."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(received[:300].decode(errors="replace"))
    lines = head.lower().split(b"\r\n")
    for line in lines:
        if line.startswith(b"content-length:"):
            return body if len(body) >= int(line[15:]) else None
    # Without a length the body comes in chunks, of which the last one is empty.
    return body if body.endswith(b"0\r\n\r\n") else None
