"""A hub that signs nonsense: nothing is lost, doubled or believed, and work goes on when it is well again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.linkage.bending import bend
from tests.linkage.exchanges import at_the_core, cancel, until
from tests.linkage.house import KONO, OPERATOR, OTSUKAWA, House
from workflows.linkage.dead_letters import DeadLetters
from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted
from workflows.linkage.worker import poll_inbox, pump_outbox


def waiting(house: House, cases: list[UUID]) -> set[tuple[str, str | None]]:
    with house.tx(KONO) as tx:
        rows = tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_outbox WHERE case_id = ANY(%s)", (cases,)
        )
        return set(rows.fetchall())


@pytest.mark.parametrize(
    "how",
    [
        lambda body: {},
        lambda body: {"results": body["results"][:-1]},
        lambda body: {"results": [body["results"][0]] * len(body["results"])},
        lambda body: {"results": [{**one, "id": "01" + "A" * 24} for one in body["results"]]},
    ],
    ids=["empty", "too few", "one for all", "of others"],
)
def test_results_that_are_not_about_what_was_sent_are_not_believed_and_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch, how: Callable[[Any], Any]
) -> None:
    cases = [house.ask(house.apply_for(person)).case_id for person in ("hanako", "taro")]
    bend(house, monkeypatch, "/v1/inquiries:batch", how)
    pump_outbox(house.worker, house.runtime, KONO)
    assert waiting(house, cases) == {("ready", "UNTRUSTED_ANSWER")}
    assert {house.state(KONO, case) for case in cases} == {"sent"}
    monkeypatch.undo()
    house.hurry()
    house.settle()
    house.check_once(cases)


def test_results_in_another_order_belong_to_the_messages_they_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two the second is refused; told the other way round, still the second."""
    good, bad = (house.ask(house.apply_for(person)).case_id for person in ("hanako", "taro"))
    with house.tx(KONO) as tx:
        (refused,) = tx.raw.execute(
            "SELECT id FROM madoguchi.linkage_outbox WHERE case_id = %s", (bad,)
        ).fetchone()

    def other_way_round(body: Any) -> Any:
        bent = [
            {"id": one["id"], "status": 403, "problem": Problem("FORBIDDEN").to_dict()}
            if one["id"] == refused
            else one
            for one in body["results"]
        ]
        return {"results": bent[::-1]}

    bend(house, monkeypatch, "/v1/inquiries:batch", other_way_round)
    pump_outbox(house.worker, house.runtime, KONO)
    assert waiting(house, [good]) == {("sent", None)}
    assert waiting(house, [bad]) == {("dead", "FORBIDDEN")}
    monkeypatch.undo()
    assert (house.state(KONO, good), house.state(KONO, bad)) == ("accepted", "dead")
    with house.tx(KONO, "web") as tx:
        DeadLetters(house.parts.clock, house.engine).replay(tx, refused, OPERATOR, "PEER_BACK")
    house.hurry()
    house.settle()
    assert house.state(KONO, good) == "answered"
    assert house.state(KONO, bad) == "answered", (
        "the hub had taken it: the same id again, and its answer fits"
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None},
        {"messages": [1]},
        {"messages": [{"lease": 1, "message": {}}]},
        {"messages": [{}]},
    ],
)
def test_an_inbox_that_has_not_its_shape_is_not_read(
    house: House, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    bend(house, monkeypatch, "/v1/inbox", lambda _: body)
    gateway = house.parts.offices.gateway(KONO)
    with pytest.raises(LinkUntrusted):
        house.runtime.inbox.poll(house.worker, KONO, gateway, wait=0)


def test_a_second_answer_under_another_id_neither_replaces_the_first_nor_takes_it_away(house: House) -> None:
    case = house.ask(house.apply_for("hanako")).case_id
    seen: list[dict[str, Any]] = []
    receive = house.runtime.inbox.receive

    def watch(database: Any, tenant: str, messages: Any) -> None:
        seen.extend(one for one in messages if one["type"] == "inquiry.answer")
        receive(database, tenant, messages)

    house.runtime.inbox.receive = watch  # type: ignore[method-assign]
    try:
        house.settle()
    finally:
        house.runtime.inbox.receive = receive  # type: ignore[method-assign]
    assert house.state(KONO, case) == "answered"

    def kept() -> Any:
        with house.tx(KONO) as tx:
            return tx.raw.execute(
                "SELECT a.sealed, i.provided_at FROM madoguchi.linkage_answer a JOIN madoguchi.linkage_inquiry i"
                " ON i.tenant = a.tenant AND i.case_id = a.case_id WHERE a.case_id = %s",
                (case,),
            ).fetchall()

    before = kept()
    assert len(before) == 1
    (answer,) = seen
    again = [{**answer, "id": envelope.new_id(house.parts.clock.now())} for _ in range(2)]
    receive(house.worker, KONO, again)
    assert kept() == before
    with house.tx(KONO) as tx:
        causes = tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_inbox WHERE id = ANY(%s)",
            ([one["id"] for one in again],),
        ).fetchall()
        tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET state = 'closed' WHERE tenant = %s AND state = 'dead'",
            (KONO,),
        )
    assert causes == [("dead", "TOO_LATE:answered")] * 2
    house.check_once([case])


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ({}, "NO_CONTENT"),
        ({"items": {"resident-record": {}}}, "NOT_ASKED"),
    ],
    ids=["nothing", "something else"],
)
def test_an_answer_sealed_well_that_holds_no_answer_is_a_dead_letter_and_an_incident(
    house: House, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any], cause: str
) -> None:
    """The holder itself goes wrong: its key, its seal, nothing of sense inside."""
    holder = house.parts.offices.gateway(OTSUKAWA)
    seal = holder.seal_answer
    monkeypatch.setattr(holder, "seal_answer", lambda _, *more: seal(content, *more))
    case = house.ask(house.apply_for("hanako")).case_id
    until(house, case, "permitted")
    for _ in range(60):
        house.round(always=True)
        with house.tx(KONO) as tx:
            dead = tx.raw.execute(
                "UPDATE madoguchi.linkage_inbox SET state = 'closed' WHERE state = 'dead' RETURNING cause"
            ).fetchall()
        if (cause,) in dead:
            break
    assert (cause,) in dead
    assert house.state(KONO, case) == "permitted", "the clock or a person ends it"
    with house.tx(KONO) as tx:
        (kept,) = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.linkage_answer WHERE case_id = %s", (case,)
        ).fetchone()
        (newest,) = tx.raw.execute(
            "SELECT kind FROM madoguchi.linkage_incident ORDER BY at DESC, id DESC LIMIT 1"
        ).fetchone()
    assert (kept, newest) == (0, cause)
    cancel(house, case)


def test_an_answer_that_crosses_a_cancellation_is_a_dead_letter_that_says_so_and_leaves_nothing(
    house: House,
) -> None:
    case = house.ask(house.apply_for("taro")).case_id
    until(house, case, "permitted")
    for _ in range(100):
        house.round((OTSUKAWA,), always=True)
        if at_the_core(
            house, "SELECT 1 FROM hub.inquiry WHERE status = 'ANSWERED' AND id = %s", message_of(house, case)
        ):
            break
    cancel(house, case)
    poll_inbox(house.worker, house.runtime, KONO, wait=10)
    assert house.state(KONO, case) == "cancelled"
    with house.tx(KONO) as tx:
        causes = tx.raw.execute("SELECT cause FROM madoguchi.linkage_inbox WHERE state = 'dead'").fetchall()
        kept = tx.raw.execute(
            "SELECT i.provided_at, a.case_id FROM madoguchi.linkage_inquiry i LEFT JOIN madoguchi.linkage_answer a"
            " ON a.tenant = i.tenant AND a.case_id = i.case_id WHERE i.case_id = %s",
            (case,),
        ).fetchall()
        tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET state = 'closed' WHERE tenant = %s AND state = 'dead'",
            (KONO,),
        )
    assert ("TOO_LATE:cancelled",) in causes
    assert kept == [(None, None)]


@pytest.fixture
def swapped(house: House) -> Iterator[None]:
    """The hub gives one person's sealed copy out as another's."""
    two = [house.addressee(OTSUKAWA, person) for person in ("hanako", "taro")]
    swap = (
        "UPDATE hub.copy AS a SET sealed = b.sealed FROM hub.copy AS b WHERE a.org = '992020-01' AND b.org = a.org"
        " AND b.item = a.item AND a.danban = ANY(%s) AND b.danban = ANY(%s) AND a.danban <> b.danban"
    )
    at_the_core(house, swap, two, two)
    yield
    at_the_core(house, swap, two, two)


@pytest.mark.usefixtures("swapped")
def test_a_copy_that_is_not_ours_is_never_provided_and_holds_up_nobody_else(house: House) -> None:
    cases = {person: house.ask(house.apply_for(person)).case_id for person in ("hanako", "taro", "sakura")}
    house.settle()
    assert {person: house.state(KONO, case) for person, case in cases.items()} == {
        "hanako": "refused",
        "taro": "refused",
        "sakura": "answered",
    }
    exchanges = [exchange_of(house, cases[person]) for person in ("hanako", "taro")]
    with house.tx(OTSUKAWA) as tx:
        found = tx.raw.execute(
            "SELECT c.state, p.outcome, (SELECT count(*) FROM madoguchi.linkage_incident i WHERE i.kind = 'COPY_BROKEN'"
            " AND i.detail->>'case_id' = c.id::text), (SELECT array_agg(o.type || ' ' || o.state ORDER BY o.seq)"
            " FROM madoguchi.linkage_outbox o WHERE o.case_id = c.id) FROM madoguchi.linkage_provision p"
            " JOIN madoguchi.case_file c ON c.tenant = p.tenant AND c.id = p.case_id WHERE p.exchange_id = ANY(%s)",
            (exchanges,),
        ).fetchall()
    told = ["provision.answer closed", "provision.decision sent"]
    assert found == [("refused", "NOT_PROVIDABLE", 1, told)] * 2
    for tenant in (KONO, OTSUKAWA):
        assert {row[2] for one in exchanges for row in house.records(tenant, one)} == {"NOT_PROVIDABLE"}


def exchange_of(house: House, case: UUID) -> str:
    with house.tx(KONO) as tx:
        return tx.raw.execute(
            "SELECT exchange_id FROM madoguchi.linkage_inquiry WHERE case_id = %s", (case,)
        ).fetchone()[0]


def message_of(house: House, case: UUID) -> str:
    with house.tx(KONO) as tx:
        return tx.raw.execute(
            "SELECT message_id FROM madoguchi.linkage_inquiry WHERE case_id = %s", (case,)
        ).fetchone()[0]


def test_the_desk_hears_of_a_message_for_another_municipality_and_nothing_of_it_is_kept(house: House) -> None:
    now = house.parts.clock.now()
    for tenant, org in ((OTSUKAWA, "992020-01"), ("999999", "999999-01"), ("000000", "000000-01")):
        message = envelope.build(
            "record.available", tenant=tenant, org=org, created=now, payload={"upto": 10**9}
        )
        house.runtime.inbox.receive(house.worker, KONO, [message])
        with house.tx(KONO) as tx:
            assert tx.raw.execute(
                "SELECT kind, detail->>'code' FROM madoguchi.linkage_incident WHERE detail->>'message_id' = %s",
                (message["id"],),
            ).fetchall() == [("MALFORMED_MESSAGE", "TENANT_MISMATCH")]
            assert not tx.raw.execute(
                "SELECT 1 FROM madoguchi.linkage_inbox WHERE id = %s", (message["id"],)
            ).fetchall()
            (available,) = tx.raw.execute("SELECT available FROM madoguchi.linkage_record_sync").fetchone()
            assert available < 10**9
