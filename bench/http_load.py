"""A small load client: keep-alive connections in one thread, closed loop for the top rate, open loop for latency.

It shares the machine with the servers it asks, so it costs as little as it can: plain sockets and one ``select``. Its connections
are dealt out evenly to the ports it is given, and a request goes where fewest are under way, as a front server does (`least_conn`).
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

PATIENCE = 30.0
"""Seconds without any answer after which a run is given up."""


@dataclass(frozen=True)
class Load:
    """What a run gave: answers a second, and latencies in milliseconds; `bytes` of one answer."""

    rate: float
    p50: float
    p99: float
    answers: int
    size: int


class _Wire:
    """One connection, with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = 0.0
        self._got = bytearray()
        self._whole = 0

    def fileno(self) -> int:
        """For ``select``."""
        return self.socket.fileno()

    def send(self, request: bytes, since: float) -> None:
        """Ask; ``since`` is the moment its latency counts from."""
        self.since = since
        self._got.clear()
        self._whole = 0
        self.socket.sendall(request)

    def receive(self) -> int:
        """Take what has come. Returns the bytes of the answer when it is whole, 0 before.

        :raises RuntimeError: when the answer is not a 200 with a length, or the server hangs up.
        """
        came = self.socket.recv(262_144)
        if not came:
            raise RuntimeError("the server closed a connection")
        self._got += came
        if not self._whole:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return 0
            self._whole = end + 4 + _length(bytes(self._got[:end]))
        return self._whole if len(self._got) >= self._whole else 0


def closed(
    host: str, ports: Sequence[int], requests: Sequence[bytes], seconds: float, connections: int = 8
) -> Load:
    """As many answers as possible: each connection sends as soon as it has its answer."""
    supply = itertools.cycle(requests)
    wires = _connect(host, ports, connections)
    took: list[float] = []
    begin = time.perf_counter()
    for wire in wires:
        wire.send(next(supply), time.perf_counter())
    size, busy = 0, set(wires)
    while busy:
        for wire, length in _answers(busy, PATIENCE):
            now = time.perf_counter()
            took.append(now - wire.since)
            size = length
            if now < begin + seconds:
                wire.send(next(supply), now)
            else:
                busy.remove(wire)
    return _load(wires, took, time.perf_counter() - begin, size)


def open_loop(
    host: str,
    ports: Sequence[int],
    requests: Sequence[bytes],
    seconds: float,
    rate: float,
    connections: int = 8,
) -> Load:
    """Requests at a fixed rate; latency counts from the moment a request was due, so that waiting is not hidden."""
    supply = itertools.cycle(requests)
    wires = _connect(host, ports, connections)
    took: list[float] = []
    free = [wires[number :: len(ports)] for number in range(len(ports))]
    busy = dict[_Wire, list[_Wire]]()
    begin = time.perf_counter()
    dues = deque(begin + number / rate for number in range(int(seconds * rate)))
    size = 0
    while dues or busy:
        now = time.perf_counter()
        while dues and any(free) and dues[0] <= now:
            least = max(free, key=len)
            wire = least.pop()
            busy[wire] = least
            wire.send(next(supply), dues.popleft())
        wait = max(0.0, dues[0] - time.perf_counter()) if dues and any(free) else PATIENCE
        for wire, length in _answers(busy, wait):
            took.append(time.perf_counter() - wire.since)
            size = length
            busy.pop(wire).append(wire)
    return _load(wires, took, time.perf_counter() - begin, size)


def _connect(host: str, ports: Sequence[int], connections: int) -> list[_Wire]:
    return [_Wire((host, ports[number % len(ports)])) for number in range(connections)]


def _answers(busy: Collection[_Wire], wait: float) -> Iterator[tuple[_Wire, int]]:
    """The connections whose answer is whole, with its bytes; ``select`` because it counts microseconds, epoll does not."""
    ready = select.select(busy, (), (), wait)[0]
    if not ready and wait == PATIENCE:
        raise RuntimeError(f"no answer in {PATIENCE:.0f} seconds")
    for wire in ready:
        if length := wire.receive():
            yield wire, length


def _length(head: bytes) -> int:
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError("the server answered " + head.split(b"\r\n", 1)[0].decode("latin-1"))
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise RuntimeError("the answer has no length")


def _load(wires: Sequence[_Wire], took: list[float], elapsed: float, size: int) -> Load:
    for wire in wires:
        wire.socket.close()
    took.sort()
    return Load(
        rate=len(took) / elapsed,
        p50=took[len(took) // 2] * 1000,
        p99=took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
        answers=len(took),
        size=size,
    )
