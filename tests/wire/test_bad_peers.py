"""A peer over a real socket that is broken, slow, endless, compressed or not the peer at all: nothing is believed, nobody waits for ever."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.wire.conftest import ASKER, Ticking, World
from workflows.linkage.wire import client, envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.wire.signatures import Request, Response, Signer

HEALTH = b'{"status":"OK","site":"hub"}'
Speak = Callable[[socket.socket, Request], None]


@contextmanager
def peer(speak: Speak) -> Iterator[str]:
    """A peer that reads one request after the other and answers each as told; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        base = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    head = b""
                    while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                        head += more
                    first, *fields = head.partition(b"\r\n\r\n")[0].decode().split("\r\n")
                    if first:
                        method, target, _ = first.split(" ")
                        headers = {k.lower(): v for k, v in (field.split(": ", 1) for field in fields)}
                        with suppress(OSError):  # the client went away, as it should
                            speak(connection, Request(method, base + target, headers))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield base
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def signed(
    world: World, ticking: Ticking, request: Request, content: bytes, status: int = 200, **more: str
) -> bytes:
    """An answer on the wire, truly the hub's."""
    headers = {"Content-Type": more.pop("kind", "application/json")}
    Signer(world.keys["hub"], ticking).sign_response(Response(status, headers, request), content)
    headers |= {"Content-Length": str(len(content)), **{k.replace("_", "-"): v for k, v in more.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}Connection: close\r\n\r\n".encode() + content


def ask(world: World, ticking: Ticking, *sites: str, read_timeout: float = 5.0) -> dict[str, Any]:
    with LinkClient(world.keys[ASKER], world.directory, sites, "hub", now=ticking) as link:
        return link.call("GET", "/v1/health", read_timeout=read_timeout).body


def test_the_peer_of_these_tests_is_believed_when_nothing_is_wrong(world: World, ticking: Ticking) -> None:
    with peer(lambda line, request: line.sendall(signed(world, ticking, request, HEALTH))) as base:
        assert ask(world, ticking, base)["status"] == "OK"


def test_half_an_answer_is_none(world: World, ticking: Ticking) -> None:
    with (
        peer(lambda line, request: line.sendall(signed(world, ticking, request, HEALTH)[:-5])) as base,
        pytest.raises(LinkUnreachable),
    ):
        ask(world, ticking, base)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<p>hello</p>\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://login.invalid/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nNo",
    ],
    ids=["a page", "elsewhere", "a refusal"],
)
def test_who_stands_in_between_and_speaks_for_itself_is_not_believed(
    world: World, ticking: Ticking, said: bytes
) -> None:
    with peer(lambda line, _: line.sendall(said)) as base, pytest.raises(LinkUntrusted):
        ask(world, ticking, base)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x00\x00", b"HTTP/9.9 perhaps\r\n\r\n"])
def test_what_is_no_http_at_all_is_nobody(world: World, ticking: Ticking, said: bytes) -> None:
    with peer(lambda line, _: line.sendall(said)) as base, pytest.raises(LinkUnreachable):
        ask(world, ticking, base)


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "application/jsonp", ""])
def test_an_answer_that_does_not_say_that_it_is_json_is_not_read(
    world: World, ticking: Ticking, kind: str
) -> None:
    with (
        peer(lambda line, request: line.sendall(signed(world, ticking, request, HEALTH, kind=kind))) as base,
        pytest.raises(LinkUntrusted),
    ):
        ask(world, ticking, base)


def test_a_compressed_answer_is_not_unpacked(world: World, ticking: Ticking) -> None:
    bomb = gzip.compress(b" " * 5_000_000)

    def speak(line: socket.socket, request: Request) -> None:
        line.sendall(signed(world, ticking, request, bomb, Content_Encoding="gzip"))

    with peer(speak) as base, pytest.raises(LinkUntrusted, match="compressed"):
        ask(world, ticking, base)


def test_an_answer_larger_than_any_body_may_be_is_not_taken_to_its_end(
    world: World, ticking: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "MAX_BODY", 200_000)
    sent = []

    def speak(line: socket.socket, request: Request) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        for _ in range(2000):
            line.sendall(b"x" * 65536)
            sent.append(1)

    with peer(speak) as base, pytest.raises(LinkUntrusted, match="BODY_TOO_LARGE"):
        ask(world, ticking, base)
    assert len(sent) < 2000


def test_an_answer_that_comes_byte_by_byte_is_given_up(
    world: World, ticking: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time; the whole does not."""
    monkeypatch.setattr(client, "WHOLE", 0.5)
    over = threading.Event()

    def speak(line: socket.socket, request: Request) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.02):
            line.sendall(b" ")

    started = time.monotonic()
    with peer(speak) as base:
        with pytest.raises(LinkUnreachable, match="does not end"):
            ask(world, ticking, base)
        over.set()
    assert time.monotonic() - started < 60


def test_a_peer_that_takes_the_request_and_says_nothing_is_given_up(world: World, ticking: Ticking) -> None:
    over = threading.Event()
    with peer(lambda line, _: bool(over.wait(20)) and None) as base:
        with pytest.raises(LinkUnreachable):
            ask(world, ticking, base, read_timeout=0.2)
        over.set()


def test_the_other_site_is_asked_when_the_first_breaks_off(world: World, ticking: Ticking) -> None:
    with (
        peer(lambda line, request: line.sendall(signed(world, ticking, request, HEALTH)[:-5])) as bad,
        peer(lambda line, request: line.sendall(signed(world, ticking, request, HEALTH))) as good,
    ):
        assert ask(world, ticking, bad, good)["status"] == "OK"


def test_a_clock_that_runs_ahead_is_not_believed_beyond_a_minute(world: World, ticking: Ticking) -> None:
    """Ours against the hub's: a minute of difference is allowed, more is an answer of another hour."""
    for off, believed in ((50, True), (-50, True), (400, False), (-400, False)):
        hubs = Ticking()
        hubs.move(seconds=off)
        with peer(
            lambda line, request, hubs=hubs: line.sendall(signed(world, hubs, request, HEALTH))
        ) as base:
            if believed:
                assert ask(world, ticking, base)["status"] == "OK"
                continue
            with pytest.raises(LinkUntrusted, match="SIGNATURE_EXPIRED"):
                ask(world, ticking, base)
