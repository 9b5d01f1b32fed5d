"""A hub that signs nonsense: nothing is lost, doubled or believed, and work goes on when it is well again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.linkage.house import BOSS, KONO, OPERATOR, OTSUKAWA, House
from tests.linkage.test_core_match import at_the_core, cancel, until
from tests.linkage.test_records import ask_one, sync_state
from workflows.engine import Command
from workflows.linkage.dead_letters import DeadLetters
from workflows.linkage.wire import envelope
from workflows.linkage.wire.client import Answer
from workflows.linkage.wire.retry import LinkUntrusted
from workflows.linkage.worker import poll_inbox, pump_outbox, sync_records


def bend(house: House, monkeypatch: pytest.MonkeyPatch, path: str, how: Callable[[Any], Any]) -> None:
    """The hub's true answers on a path, bent after their signature was checked: what a hub gone wrong would sign."""
    link = house.parts.offices.gateway(KONO)._link
    call = link.call

    def bent(method: str, target: str, *args: Any, **named: Any) -> Answer:
        answer = call(method, target, *args, **named)
        return Answer(answer.status, how(answer.body), answer.replayed) if target.startswith(path) else answer

    monkeypatch.setattr(link, "call", bent)


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
        lambda body: {"results": None},
        lambda body: {"results": body["results"][:-1]},
        lambda body: {"results": body["results"] + body["results"][:1]},
        lambda body: {"results": [body["results"][0]] * len(body["results"])},
        lambda body: {"results": [{**one, "id": "01" + "A" * 24} for one in body["results"]]},
        lambda body: {"results": [{**one, "status": "202"} for one in body["results"]]},
        lambda body: {"results": ["ok"] * len(body["results"])},
    ],
    ids=["empty", "null", "too few", "too many", "one for all", "of others", "status as text", "no objects"],
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
            {"id": one["id"], "status": 403, "problem": {"msl_code": "FORBIDDEN", "errors": None}}
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


@pytest.fixture
def looked_into(house: House) -> Any:
    """What was found to be tampered with is resolved by a supervisor, and the list is read on from there."""
    yield
    with house.tx(KONO) as tx:
        (case,) = tx.raw.execute("SELECT case_id FROM madoguchi.linkage_record_sync").fetchone()
        if house.engine.case(tx, case).state == "tampered":
            given = {"reason": "TEST"}
            house.engine.apply(
                tx,
                Command(
                    case,
                    "resolve",
                    BOSS,
                    "調べた",
                    f"resolve:{envelope.new_id(house.parts.clock.now())}",
                    given,
                ),
            )
    sync_records(house.worker, house.runtime, KONO, force=True)
    assert sync_state(house)[0] == "synced"


@pytest.mark.usefixtures("looked_into")
@pytest.mark.parametrize(
    "how",
    [
        lambda record: {},
        lambda record: "record",
        lambda record: {**record, "seq": str(record["seq"])},
        lambda record: {**record, "items": None},
        lambda record: {**record, "asker": "甲野市"},
        lambda record: {k: v for k, v in record.items() if k != "digest"},
        lambda record: {**record, "requested_at": "2026-02-30T00:00:00Z"},
        lambda record: {**record, "氏名": "見本 花子"},
    ],
    ids=["empty", "text", "seq", "items", "asker", "digest", "time", "more"],
)
def test_a_record_that_has_not_its_shape_stops_the_reading_and_is_not_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, how: Callable[[Any], Any]
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    last = sync_state(house)[1]
    ask_one(house)
    bend(
        house,
        monkeypatch,
        "/v1/records?",
        lambda body: {**body, "records": [how(r) for r in body["records"]]},
    )
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house) == ("tampered", last)
    monkeypatch.undo()


@pytest.mark.usefixtures("looked_into")
@pytest.mark.parametrize("mark", [{}, {"seq": "1", "root": "A"}, {"seq": None, "root": 7}], ids=str)
def test_a_checkpoint_that_has_not_its_shape_stops_the_reading(
    house: House, monkeypatch: pytest.MonkeyPatch, mark: dict[str, Any]
) -> None:
    bend(house, monkeypatch, "/v1/records/checkpoints", lambda _: mark)
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house)[0] == "tampered"
    monkeypatch.undo()


@pytest.mark.usefixtures("looked_into")
def test_records_that_vanish_after_they_were_read_are_noticed_though_nothing_new_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    bend(house, monkeypatch, "/v1/records/checkpoints", lambda body: {**body, "seq": body["seq"] - 1})
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house)[0] == "tampered"
    monkeypatch.undo()


def test_a_gap_is_said_once_and_reading_goes_on_when_it_is_filled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    ask_one(house)

    def counted() -> tuple[int, int]:
        with house.tx(KONO) as tx:
            return tx.raw.execute(
                "SELECT (SELECT count(*) FROM madoguchi.linkage_incident WHERE kind = 'RECORDS_GAP'),"
                " (SELECT count(*) FROM madoguchi.step s JOIN madoguchi.linkage_record_sync r USING (tenant, case_id))"
            ).fetchone()

    before = counted()
    bend(
        house,
        monkeypatch,
        "/v1/records?",
        lambda body: {**body, "records": [{**one, "seq": one["seq"] + 1} for one in body["records"]]},
    )
    for _ in range(3):
        assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert counted() == (before[0] + 1, before[1] + 2)
    monkeypatch.undo()
    assert sync_records(house.worker, house.runtime, KONO, force=True) > 0
    assert sync_state(house)[0] == "synced"


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
