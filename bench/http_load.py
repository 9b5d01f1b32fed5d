"""A small load client: keep-alive connections in one process, closed loop for the top rate, open loop for latency.

Its connections are dealt out evenly to the ports it is given, as a front server does that counts them (`least_conn`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a run gave: answers a second, and latencies in milliseconds; `bytes` of one answer."""

    rate: float
    p50: float
    p99: float
    answers: int
    size: int


def closed(
    host: str, ports: Sequence[int], requests: Sequence[bytes], seconds: float, connections: int = 8
) -> Load:
    """As many answers as possible: each connection sends as soon as it has its answer."""
    return asyncio.run(_closed(host, ports, requests, seconds, connections))


def open_loop(
    host: str,
    ports: Sequence[int],
    requests: Sequence[bytes],
    seconds: float,
    rate: float,
    connections: int = 8,
) -> Load:
    """Requests at a fixed rate; latency counts from the moment a request was due, so that waiting is not hidden."""
    return asyncio.run(_open(host, ports, requests, seconds, rate, connections))


async def _closed(
    host: str, ports: Sequence[int], requests: Sequence[bytes], seconds: float, connections: int
) -> Load:
    took: list[float] = []
    sizes: list[int] = []
    supply = itertools.cycle(requests)
    until = time.perf_counter() + seconds

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, ports[number % len(ports)])
        while (start := time.perf_counter()) < until:
            sizes.append(await _ask(reader, writer, next(supply)))
            took.append(time.perf_counter() - start)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(connections)))
    return _load(took, time.perf_counter() - start, sizes[-1])


async def _open(
    host: str, ports: Sequence[int], requests: Sequence[bytes], seconds: float, rate: float, connections: int
) -> Load:
    took: list[float] = []
    sizes: list[int] = []
    supply = itertools.cycle(requests)
    due: asyncio.Queue[float | None] = asyncio.Queue()

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, ports[number % len(ports)])
        while (at := await due.get()) is not None:
            sizes.append(await _ask(reader, writer, next(supply)))
            took.append(time.perf_counter() - at)
        writer.close()

    workers = [asyncio.create_task(one(number)) for number in range(connections)]
    begin = time.perf_counter()
    for number in range(int(seconds * rate)):
        at = begin + number / rate
        wait = at - time.perf_counter()
        if wait > 0.0005:
            await asyncio.sleep(wait)
        due.put_nowait(at)
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return _load(took, time.perf_counter() - begin, sizes[-1])


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(_first(head))
    length = _length(head)
    if length is None:
        raise RuntimeError("the answer has no length")
    await reader.readexactly(length)
    return len(head) + length


def _first(head: bytes) -> str:
    return "the server answered " + head.split(b"\r\n", 1)[0].decode("latin-1")


def _length(head: bytes) -> int | None:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return None


def _load(took: list[float], elapsed: float, size: int) -> Load:
    took.sort()
    return Load(
        rate=len(took) / elapsed,
        p50=took[len(took) // 2] * 1000,
        p99=took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
        answers=len(took),
        size=size,
    )
