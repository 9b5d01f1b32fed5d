"""What is shaped well, signed well and not true: permits used twice, answers from another time, messages past their end, rows of a law that is over."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from storage.clock import FixedClock
from tests.law.tables import raw
from tests.linkage.house import KONO, OTSUKAWA, House
from workflows.law.loader import build
from workflows.linkage.inquiry.machine import InquiryMachine
from workflows.linkage.wire import envelope


@pytest.fixture
def seen(house: House) -> Iterator[list[dict[str, Any]]]:
    """Every message that comes, of both municipalities."""
    messages: list[dict[str, Any]] = []
    receive = house.runtime.inbox.receive

    def watch(database: Any, tenant: str, found: Any) -> None:
        messages.extend(copy.deepcopy(found))
        receive(database, tenant, found)

    house.runtime.inbox.receive = watch  # type: ignore[method-assign]
    yield messages
    house.runtime.inbox.receive = receive  # type: ignore[method-assign]


def dead_of(house: House, tenant: str, message_id: str) -> str | None:
    """The cause of a dead letter, which is then put away."""
    with house.tx(tenant) as tx:
        row = tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET state = 'closed' WHERE id = %s AND state = 'dead' RETURNING cause",
            (message_id,),
        ).fetchone()
    return row and row[0]


def incidents(house: House, tenant: str, message_id: str) -> list[str]:
    with house.tx(tenant) as tx:
        rows = tx.raw.execute(
            "SELECT kind FROM madoguchi.linkage_incident WHERE detail->>'message_id' = %s", (message_id,)
        )
        return [row[0] for row in rows]


@pytest.mark.parametrize(
    "new", [("id",), ("id", "provision_id")], ids=["same provision", "another provision"]
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_permit_that_comes_a_second_time_gets_no_second_answer(
    house: House, seen: list[dict[str, Any]], new: tuple[str, ...], at_once: bool
) -> None:
    case = house.ask(house.apply_for("hanako")).case_id
    house.settle()
    (request,) = [one for one in seen if one["type"] == "provision.request"]
    again = []
    for _ in range(2 if at_once else 1):
        one = copy.deepcopy(request)
        one["id"] = envelope.new_id(house.parts.clock.now())
        if "provision_id" in new:
            one["payload"]["provision_id"] = envelope.new_id(house.parts.clock.now())
        again.append(one)
    house.runtime.inbox.receive(house.worker, OTSUKAWA, again)
    for one in again:
        assert dead_of(house, OTSUKAWA, one["id"]) == "SECOND_REQUEST"
        assert incidents(house, OTSUKAWA, one["id"]) == ["SECOND_REQUEST"]
    house.settle()
    house.check_once([case])


Bend = Callable[[dict[str, Any], House], None]


def provided(minutes: float) -> Bend:
    def bend(message: dict[str, Any], house: House) -> None:
        moment = house.parts.clock.now() + timedelta(minutes=minutes)
        message["payload"]["provided_at"] = envelope.stamp(moment)

    return bend


def about(days: int) -> Bend:
    def bend(message: dict[str, Any], house: House) -> None:
        message["payload"]["as_of"] = (house.parts.clock.today() + timedelta(days=days)).isoformat()

    return bend


def other_items(message: dict[str, Any], house: House) -> None:
    message["payload"]["items"] = [{"code": "local-tax", "status": "not_registered"}]


def over(message: dict[str, Any], house: House) -> None:
    message["expires"] = envelope.stamp(house.parts.clock.now() - timedelta(minutes=2))


@pytest.mark.parametrize(
    ("bend", "cause"),
    [
        (provided(10), "IMPOSSIBLE_TIME"),
        (provided(-60 * 24), "IMPOSSIBLE_TIME"),
        (about(3), "IMPOSSIBLE_TIME"),
        (other_items, "OTHER_CONTENT"),
        (over, "MESSAGE_EXPIRED"),
    ],
    ids=["of the future", "before the question", "about the future", "not what it holds", "past its end"],
)
def test_an_answer_the_server_tells_falsely_of_is_not_taken_and_the_true_one_still_is(
    house: House, monkeypatch: pytest.MonkeyPatch, bend: Bend, cause: str
) -> None:
    """The seal holds; what the server writes on the outside does not."""
    receive = house.runtime.inbox.receive
    told: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def lie(database: Any, tenant: str, found: Any) -> None:
        receive(database, tenant, [m for m in found if m["type"] != "inquiry.answer"])
        for one in [m for m in found if m["type"] == "inquiry.answer"]:
            false = copy.deepcopy(one)
            false["id"] = envelope.new_id(house.parts.clock.now())
            bend(false, house)
            told.append((one, false))
            receive(database, tenant, [false])

    monkeypatch.setattr(house.runtime.inbox, "receive", lie)
    case = house.ask(house.apply_for("taro")).case_id
    for _ in range(60):
        house.round(always=True)
        if told:
            break
    ((true, false),) = told
    assert dead_of(house, KONO, false["id"]) == cause
    assert house.state(KONO, case) == "permitted"
    monkeypatch.undo()
    receive(house.worker, KONO, [true])
    assert house.state(KONO, case) == "answered"
    house.check_once([case])


def test_a_message_within_the_minute_that_clocks_may_differ_still_counts(house: House) -> None:
    message = envelope.build(
        "record.available",
        tenant=KONO,
        org="992011-01",
        created=house.parts.clock.now(),
        expires=house.parts.clock.now() - timedelta(seconds=30),
        payload={"upto": 1},
    )
    house.runtime.inbox.receive(house.worker, KONO, [message])
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT state FROM madoguchi.linkage_inbox WHERE id = %s", (message["id"],)
        ).fetchone() == ("done",)


def test_of_a_message_that_is_refused_nothing_is_kept_that_could_be_a_name(house: House) -> None:
    """Not even what stands where its number should."""
    name = "見本花子" * 6 + "見本"
    assert len(name) == 26
    house.runtime.inbox.receive(house.worker, KONO, [{"id": name, "type": "inquiry.answer"}])
    with house.tx(KONO) as tx:
        (detail,) = tx.raw.execute(
            "SELECT detail FROM madoguchi.linkage_incident WHERE kind = 'MALFORMED_MESSAGE' ORDER BY at DESC, id DESC LIMIT 1"
        ).fetchone()
    assert detail["message_id"] is None


def law_changes(house: House, monkeypatch: pytest.MonkeyPatch, replaced: bool) -> date:
    """From today on row 081-01 no longer holds; when `replaced`, another row allows the same."""
    today = house.parts.clock.today()
    data = raw()
    (old,) = [row for row in data["rows"] if row["id"] == "081-01"]
    new = {**old, "id": "081-01b", "valid_from": today.isoformat()}
    old["valid_to"] = today.isoformat()
    data["rows"] += [new] if replaced else []
    monkeypatch.setitem(house.parts.__dict__, "law", build(data))
    return today


@pytest.mark.parametrize("replaced", [False, True], ids=["ended", "another in its place"])
def test_a_row_that_ended_yesterday_is_neither_offered_nor_sent_and_the_attempt_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    application = house.apply_for("sakura")
    law_changes(house, monkeypatch, replaced)
    with house.tx(KONO, "web") as tx:
        offered = {one.law_row for one in house.inquiries.offers(tx, application)}
    assert ("081-01" in offered, "081-01b" in offered) == (False, replaced)
    opened = house.ask(application)
    assert opened.state == "blocked"
    assert [reason.code for reason in opened.reasons] == ["no_law_row"]
    with house.tx(KONO) as tx:
        assert not tx.raw.execute(
            "SELECT 1 FROM madoguchi.linkage_outbox WHERE case_id = %s", (opened.case_id,)
        ).fetchall()
        assert InquiryMachine(house.parts).record_cases(tx, [opened.case_id]) == 1


def test_an_inquiry_that_was_asked_yesterday_under_a_row_that_ended_at_midnight_is_decided_by_the_core(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left in time; whoever decides looks at the law of the day on which it decides. Either way there is one end and one record."""
    opened = house.ask(house.apply_for("sakura"))
    law_changes(house, monkeypatch, replaced=False)
    house.settle()
    assert house.state(KONO, opened.case_id) == "answered"
    house.check_once([opened.case_id])


@pytest.mark.parametrize(("day", "certainty"), [("2026-06-25", "practice"), ("2026-06-26", "read")])
def test_a_row_says_plainly_whether_the_wording_of_that_day_was_read(
    house: House, monkeypatch: pytest.MonkeyPatch, day: str, certainty: str
) -> None:
    application = house.apply_for("hanako")
    monkeypatch.setitem(house.parts.__dict__, "clock", FixedClock(datetime.fromisoformat(f"{day}T03:00:00Z")))
    with house.tx(KONO, "web") as tx:
        offers = house.inquiries.offers(tx, application)
    (tax,) = [one for one in offers if one.law_row == "081-01"]
    assert (tax.certainty, tax.read, tax.read_from) == (certainty, certainty == "read", date(2026, 6, 26))
    assert tax.source.startswith("命令2条の表106の項・108条")
    # Rows that were added from the text are not offered for a day before it.
    later = {row.id for row in house.parts.law.rows if row.period.valid_from == date(2026, 6, 26)}
    assert later
    assert not later & {one.law_row for one in offers if day < "2026-06-26"}


def test_a_type_the_profile_does_not_have_is_an_incident_and_one_nobody_waits_for_a_dead_letter(
    house: House,
) -> None:
    common: dict[str, Any] = {"tenant": KONO, "org": "992011-01", "created": house.parts.clock.now()}
    unknown = [envelope.build(type_, **common) for type_ in ("selfinfo.request", "notice.receipt")]
    unasked = envelope.build("fugo.acquire", **common, danban=house.addressee(KONO, "taro"))
    house.runtime.inbox.receive(house.worker, KONO, [*unknown, unasked])
    assert dead_of(house, KONO, unasked["id"]) == "UNKNOWN_TYPE"
    for one in unknown:
        assert incidents(house, KONO, one["id"]) == ["MALFORMED_MESSAGE"]
        assert dead_of(house, KONO, one["id"]) is None
    assert house.parts.offices.gateway(KONO).inbox(["JTK", "OSR"], 10, 0) == []
