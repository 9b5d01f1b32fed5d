"""The client believes an answer only when it is signed for its request and has a shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.wire.conftest import ASKER, Ticking, World, inquiry
from workflows.linkage.wire import envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted
from workflows.linkage.wire.signatures import Request, Response, Signer


def hub_that_says(world: World, ticking: Ticking, content: bytes, status: int = 200) -> HubClient:
    """A hub that signs whatever it is told to say."""

    def answer(asked: httpx.Request) -> httpx.Response:
        request = Request(asked.method, str(asked.url), {k.lower(): v for k, v in asked.headers.items()})
        response = Response(status, {"Content-Type": "application/json"}, request)
        Signer(world.keys["hub"], ticking).sign_response(response, content)
        return httpx.Response(status, headers=response.headers, content=content)

    link = LinkClient(
        world.keys[ASKER],
        world.directory,
        ["https://hub.invalid"],
        "hub",
        now=ticking,
        transport=httpx.MockTransport(answer),
    )
    return HubClient(link)


@pytest.mark.parametrize(
    "content", [b"[]", b"7", b"null", b'"x"', b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 9999]
)
@pytest.mark.parametrize("status", [200, 403])
def test_a_signed_answer_that_is_no_object_is_not_believed(
    world: World, ticking: Ticking, content: bytes, status: int
) -> None:
    hub = hub_that_says(world, ticking, content, status)
    with hub.link, pytest.raises(LinkUntrusted):
        hub.health()


def calls(hub: HubClient, ticking: Ticking) -> list[Any]:
    """Every call whose answer is read further."""
    message = inquiry(ticking())
    return [
        lambda: hub.inquire_many([message]),
        lambda: hub.answer_many([message]),
        lambda: hub.inbox(),
        lambda: hub.acquire_fugo(message),
        lambda: hub.fugo("01"),
        lambda: hub.copy_results("01"),
        lambda: hub.records(),
        lambda: hub.core_records(),
    ]


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"results": {}, "messages": {}, "records": {}, "token": 1, "status": 1, "word": {}},
        {"results": [{}], "messages": [{}], "records": None, "token": None, "status": None, "word": None},
    ],
    ids=["nothing", "of another kind", "empty"],
)
def test_an_answer_without_the_part_it_is_asked_for_is_not_believed(
    world: World, ticking: Ticking, place: int, said: dict[str, Any]
) -> None:
    hub = hub_that_says(world, ticking, envelope.dumps(said))
    with hub.link, pytest.raises(LinkUntrusted):
        calls(hub, ticking)[place]()


def test_a_refusal_is_the_peer_s_word(world: World, ticking: Ticking) -> None:
    hub = hub_that_says(world, ticking, envelope.dumps(Problem("FROZEN").to_dict()), 403)
    with hub.link, pytest.raises(Problem, match="FROZEN"):
        hub.health()
