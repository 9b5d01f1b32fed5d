"""One thing the server will not have, or speaks nonsense of, holds up that thing only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.linkage.bending import bend
from tests.linkage.exchanges import at_the_core, cancel
from tests.linkage.house import KONO, House
from workflows.linkage.freezes import Freezes
from workflows.linkage.link_codes import following
from workflows.linkage.link_codes.following import follow_up
from workflows.linkage.telling import tell_hub
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted
from workflows.linkage.worker import pump_outbox


def test_a_result_that_is_never_believed_leaves_the_others_of_its_batch_alone_after_a_few_tries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [house.ask(house.apply_for(person)).case_id for person in ("hanako", "taro", "sakura")]
    with house.tx(KONO) as tx:
        (ill,) = tx.raw.execute(
            "SELECT id FROM madoguchi.linkage_outbox WHERE case_id = %s", (cases[1],)
        ).fetchone()

    def spoil(body: Any) -> Any:
        return {"results": [{"id": one["id"]} if one["id"] == ill else one for one in body["results"]]}

    bend(house, monkeypatch, "/v1/inquiries:batch", spoil)
    states = []
    for _ in range(5):
        pump_outbox(house.worker, house.runtime, KONO)
        states.append([house.state(KONO, case) for case in cases])
        house.hurry()
    assert states[2] == ["sent"] * 3, "as long as it may pass, they go together"
    assert states[-1] == ["accepted", "sent", "accepted"]
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_outbox WHERE id = %s", (ill,)
        ).fetchone() == ("ready", "UNTRUSTED_ANSWER")
    monkeypatch.undo()
    house.hurry()
    house.settle()
    house.check_once(cases)


def test_of_a_peer_that_is_ill_as_a_whole_only_a_few_are_tried_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [house.ask(house.apply_for("hanako")).case_id for _ in range(5)]
    asked: list[str] = []

    def spoil(body: Any) -> Any:
        asked.append("once")
        return {}

    bend(house, monkeypatch, "/v1/inquiries:batch", spoil)
    for _ in range(4):
        pump_outbox(house.worker, house.runtime, KONO)
        house.hurry()
    assert len(asked) == 4 + 3
    with house.tx(KONO) as tx:
        assert (
            tx.raw.execute(
                "SELECT attempts, cause FROM madoguchi.linkage_outbox WHERE case_id = ANY(%s) ORDER BY seq",
                (cases,),
            ).fetchall()
            == [(4, "UNTRUSTED_ANSWER")] * 3 + [(3, "NOT_SENT")] * 2
        )
    monkeypatch.undo()
    house.hurry()
    house.settle()
    house.check_once(cases)


def test_what_goes_alone_ends_before_the_transaction_does_and_the_rest_is_as_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses what comes together, and takes 200 seconds for each that comes alone."""
    cases = [house.ask(house.apply_for("hanako")).case_id for _ in range(4)]
    gateway = house.parts.offices.gateway(KONO)
    send = gateway.inquire
    passed = [0.0]

    def slow(messages: Any, *args: Any) -> Any:
        if len(messages) > 1:
            raise Problem("FORBIDDEN")
        passed[0] += 200
        return send(messages, *args)

    def rows() -> list[Any]:
        with house.tx(KONO) as tx:
            return tx.raw.execute(
                "SELECT state, attempts, first_try IS NULL, cause FROM madoguchi.linkage_outbox"
                " WHERE case_id = ANY(%s) ORDER BY seq",
                (cases,),
            ).fetchall()

    monkeypatch.setattr(gateway, "inquire", slow)
    monkeypatch.setattr(house.runtime.pump, "passed", lambda: passed[0])
    pump_outbox(house.worker, house.runtime, KONO)
    assert rows() == [("sent", 1, False, None)] * 2 + [("ready", 0, True, "NOT_SENT")] * 2
    house.hurry()
    pump_outbox(house.worker, house.runtime, KONO)
    assert rows() == [("sent", 1, False, None)] * 4
    monkeypatch.undo()
    house.settle()
    house.check_once(cases)


def test_what_the_server_refuses_to_be_told_holds_up_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    while tell_hub(house.worker, house.runtime, KONO):
        pass
    freezes = Freezes(house.parts.clock)
    values = ["aa", "bb", "cc", "dd", "ee"]
    with house.tx(KONO) as tx:
        for value in values:
            freezes.freeze(tx, "item", value, reason="SUSPICION", actor="staff:boss")
    gateway = house.parts.offices.gateway(KONO)
    tell = gateway.tell

    def refuse(message: Any) -> Any:
        if message["payload"]["value"] in ("aa", "cc"):
            raise Problem("SCHEMA_INVALID")
        return tell(message)

    monkeypatch.setattr(gateway, "tell", refuse)
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        tell_hub(house.worker, house.runtime, KONO, limit=2)
    found = at_the_core(house, "SELECT value FROM hub.freeze WHERE value = ANY(%s) ORDER BY 1", values)
    assert found == [("bb",), ("dd",), ("ee",)]
    monkeypatch.undo()
    assert tell_hub(house.worker, house.runtime, KONO) == 2
    with house.tx(KONO) as tx:
        for value in values:
            freezes.release(tx, "item", value, actor="staff:boss2")
    assert tell_hub(house.worker, house.runtime, KONO) == 5


@pytest.mark.parametrize("failure", [Problem("FORBIDDEN"), LinkUntrusted(Problem("SCHEMA_INVALID"))], ids=str)
def test_an_acquisition_that_cannot_be_asked_about_does_not_come_first_every_time(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Two wait; the first asked about answers with nonsense."""
    with house.tx(KONO) as tx:
        two = tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET asked_at = NULL WHERE case_id IN"
            " (SELECT case_id FROM madoguchi.linkage_link_code WHERE live AND acquisition_id IS NOT NULL ORDER BY case_id LIMIT 2)"
            " RETURNING case_id, acquisition_id"
        ).fetchall()
    waiting = [(case, number, "cs_accepted") for case, number in sorted(two)]
    assert len(waiting) == 2
    ill = waiting[0][1]

    def read(tx: Any, runtime: Any, limit: int) -> list[Any]:
        rows = tx.raw.execute(
            "SELECT case_id FROM madoguchi.linkage_link_code WHERE case_id = ANY(%s) AND asked_at IS NULL ORDER BY case_id",
            ([case for case, _, _ in waiting],),
        ).fetchall()
        return [one for one in waiting if (one[0],) in rows]

    gateway = house.parts.offices.gateway(KONO)

    def status(acquisition: str) -> str:
        if acquisition == ill:
            raise failure
        return "LINKED"

    monkeypatch.setattr(following, "_waiting", read)
    monkeypatch.setattr(gateway, "link_code_status", status)
    with pytest.raises(type(failure)):
        follow_up(house.worker, house.runtime, KONO)
    assert follow_up(house.worker, house.runtime, KONO) == 1
    assert follow_up(house.worker, house.runtime, KONO) == 0


def test_a_cancellation_that_is_answered_with_nonsense_does_not_spoil_the_inquiries_beside_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = house.ask(house.apply_for("taro")).case_id
    pump_outbox(house.worker, house.runtime, KONO)
    cancel(house, given_up)
    other = house.ask(house.apply_for("hanako")).case_id
    bend(
        house,
        monkeypatch,
        "/v1/inquiries/",
        lambda body: {"cancelled": True},
    )
    pump_outbox(house.worker, house.runtime, KONO)
    assert house.state(KONO, other) == "accepted"
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_outbox WHERE case_id = %s AND type = 'inquiry.cancel'",
            (given_up,),
        ).fetchone() == ("ready", "UNTRUSTED_ANSWER")
    monkeypatch.undo()
    house.hurry()
    house.settle()
    assert house.state(KONO, other) == "answered"
