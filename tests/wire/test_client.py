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
    """Every call there is."""
    message = inquiry(ticking())
    for name in ("inquiry_id", "provision_id", "acquisition_id", "batch_id", "record_id", "part", "item"):
        message["payload"][name] = "01"
    return [
        lambda: hub.inquire(message),
        lambda: hub.inquire_many([message]),
        lambda: hub.inquiry("01"),
        lambda: hub.cancel(message),
        lambda: hub.inbox(),
        lambda: hub.ack(["x" * 32]),
        lambda: hub.answer(message),
        lambda: hub.decide(message),
        lambda: hub.answer_many([message]),
        lambda: hub.acquire_fugo(message),
        lambda: hub.fugo("01"),
        lambda: hub.cancel_fugo(message),
        lambda: hub.change_subject(message),
        lambda: hub.put_copy(message),
        lambda: hub.open_copy_batch(message),
        lambda: hub.put_copy_part(message),
        lambda: hub.commit_copy_batch(message),
        lambda: hub.copy_results("01"),
        lambda: hub.copy_digest("local-tax", 0),
        lambda: hub.records(),
        lambda: hub.checkpoint(),
        lambda: hub.core_records(),
        lambda: hub.mark_nondisclosure(message),
        lambda: hub.freeze(message),
        lambda: hub.health(),
        lambda: hub.calendar(),
        lambda: hub.jwks(),
    ]


def test_every_call_of_the_client_is_among_those_tried(world: World, ticking: Ticking) -> None:
    hub = hub_that_says(world, ticking, b"{}")
    named = {name for name in vars(HubClient) if not name.startswith("_")}
    with hub.link:
        assert len(calls(hub, ticking)) == len(named) == 27


@pytest.mark.parametrize("place", range(27))
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


@pytest.mark.parametrize(
    "row",
    [
        "ok",
        {},
        {"status": "202"},
        {"status": True},
        {"status": 302},
        {"status": 403},
        {"status": 202, "problem": Problem("FROZEN").to_dict()},
        {"status": 403, "problem": {"msl_code": "FROZEN"}},
        {"status": 202, "id": None},
    ],
    ids=str,
)
def test_a_result_that_has_not_its_shape_spoils_the_answer(world: World, ticking: Ticking, row: Any) -> None:
    asked = inquiry(ticking())
    said = {"id": asked["id"], **row} if isinstance(row, dict) else row
    hub = hub_that_says(world, ticking, envelope.dumps({"results": [said]}))
    with hub.link, pytest.raises(LinkUntrusted):
        hub.inquire_many([asked])


def test_a_result_that_has_its_shape_is_taken(world: World, ticking: Ticking) -> None:
    asked = inquiry(ticking())
    for row in ({"status": 202}, {"status": 403, "problem": Problem("FROZEN").to_dict()}):
        hub = hub_that_says(world, ticking, envelope.dumps({"results": [{"id": asked["id"], **row}]}))
        with hub.link:
            assert hub.inquire_many([asked]) == [{"id": asked["id"], **row}]


@pytest.mark.parametrize("status", [300, 302, 304, 399])
def test_what_is_neither_an_answer_nor_a_refusal_is_not_believed(
    world: World, ticking: Ticking, status: int
) -> None:
    hub = hub_that_says(world, ticking, b'{"status":"OK","site":"hub"}', status)
    with hub.link, pytest.raises(LinkUntrusted):
        hub.health()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"msl_code": "FROZEN"},
        {**Problem("FROZEN").to_dict(), "msl_code": "ALL_WELL"},
        {**Problem("FROZEN").to_dict(), "msl_code": ["FROZEN"]},
        {**Problem("FROZEN").to_dict(), "errors": [1]},
        {**Problem("FROZEN").to_dict(), "kept": "no"},
        {**Problem("FROZEN").to_dict(), "detail": "x" * 3000},
    ],
    ids=["nothing", "half", "unknown code", "codes", "places", "kept", "flood"],
)
@pytest.mark.parametrize("status", [403, 503])
def test_a_refusal_that_is_no_problem_document_refuses_nothing(
    world: World, ticking: Ticking, said: dict[str, Any], status: int
) -> None:
    hub = hub_that_says(world, ticking, envelope.dumps(said), status)
    with hub.link, pytest.raises(LinkUntrusted):
        hub.health()


def test_what_is_said_of_another_thing_than_was_asked_about_is_not_believed(
    world: World, ticking: Ticking
) -> None:
    other, moment = envelope.new_id(ticking()), envelope.stamp(ticking())
    asked = inquiry(ticking())
    token = {"acquisition_id": other, "token": "t" * 43, "expires": moment, "status": "NUMBERED"}
    rows = {"batch_id": asked["id"], "status": "COMPLETE", "results": []}
    for said, ask in (
        (token, lambda hub: hub.acquire_fugo(asked)),
        ({"acquisition_id": other, "status": "LINKED"}, lambda hub: hub.fugo(asked["id"])),
        ({**rows, "batch_id": other, "next": None}, lambda hub: hub.copy_results(asked["id"])),
        ({**rows, "next": 7}, lambda hub: hub.copy_results(asked["id"], after=7)),
    ):
        hub = hub_that_says(world, ticking, envelope.dumps(said))
        with hub.link, pytest.raises(LinkUntrusted):
            ask(hub)
    told: list[tuple[dict[str, Any], Any]] = [
        ({**token, "acquisition_id": asked["id"]}, lambda hub: hub.acquire_fugo(asked)["token"]),
        ({**rows, "next": 8}, lambda hub: hub.copy_results(asked["id"], after=7)["next"]),
    ]
    for said, ask in told:
        hub = hub_that_says(world, ticking, envelope.dumps({**said, "more": "than is known here"}))
        with hub.link:
            assert ask(hub) in ("t" * 43, 8)
