"""A country on a bad day: the link's peers slow, down, deaf, doubled, out of order and lying. Work goes on, nothing is lost, nothing happens twice."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests.linkage.house import KONO, OTSUKAWA, House
from tests.waiting import PATIENCE
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.worker import poll_inbox, pump_outbox

PEOPLE = ("hanako", "taro", "sakura", "ichiro", "yoshiko")


def ask_some(house: House, count: int = 5):
    return [house.ask(house.apply_for(PEOPLE[place % 5])).case_id for place in range(count)]


def keep_trying(house: House, cases, seconds: float = PATIENCE) -> None:
    """Run the loops as the worker would, going on after what a bad peer does to them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(LinkUnreachable, LinkUntrusted):
            house.round(always=True, wait=1)
        house.hurry()
        time.sleep(0.05)
        if all(house.state(KONO, case) == "answered" for case in cases) and not house.in_flight(OTSUKAWA):
            return


def suffer(house: House, hurt: Callable[[], bool], rounds: int = 40) -> None:
    """Run the loops under a fault until it has done its harm, and some more."""
    for turn in range(rounds):
        with contextlib.suppress(LinkUnreachable, LinkUntrusted):
            house.round(always=True, wait=0)
        house.hurry()
        if turn >= 4 and hurt():
            return
    raise AssertionError("the fault did no harm")


def tried_in_vain(house: House, tenant: str, cases: list[UUID]) -> bool:
    """Whether a message of one of these cases (all, when none is named) was sent and nothing came back."""
    with house.tx(tenant) as tx:
        row = tx.raw.execute(
            "SELECT EXISTS (SELECT 1 FROM madoguchi.linkage_outbox WHERE attempts > 0 AND state = 'ready'"
            " AND (case_id = ANY(%s) OR %s))",
            (cases, not cases),
        ).fetchone()
    return bool(row[0])


def test_a_clerk_works_on_while_the_hub_is_down_and_everything_catches_up_after(house):
    house.stand_ins.fault("hub", "down")
    cases = ask_some(house)
    for _ in range(4):
        pump_outbox(house.worker, house.runtime, KONO)
        house.runtime.pump.reset()
        with house.tx(KONO) as tx:
            tx.raw.execute("UPDATE madoguchi.linkage_outbox SET not_before = now() WHERE state = 'ready'")
    with house.tx(KONO) as tx:
        rows = tx.raw.execute(
            "SELECT DISTINCT state, attempts > 0, cause FROM madoguchi.linkage_outbox WHERE case_id = ANY(%s)",
            (cases,),
        ).fetchall()
    assert len(rows) == 1
    assert rows[0][:2] == ("ready", True)
    assert {house.state(KONO, case) for case in cases} == {"sent"}
    house.stand_ins.heal("hub")
    keep_trying(house, cases)
    house.check_once(cases)


def test_an_answer_of_the_hub_that_gets_lost_makes_nothing_happen_twice(house):
    house.stand_ins.fault("hub", "lose-answer", path="/v1/inquiries")
    cases = ask_some(house)
    pump_outbox(house.worker, house.runtime, KONO)
    house.stand_ins.heal("hub")
    house.stand_ins.fault("hub", "lose-answer", path="/v1/provisions")
    suffer(house, lambda: tried_in_vain(house, OTSUKAWA, []))
    house.stand_ins.heal("hub")
    keep_trying(house, cases)
    house.check_once(cases)


@pytest.mark.parametrize("kind", ["duplicate", "reorder"])
def test_messages_delivered_twice_or_out_of_order_take_effect_once(house, kind):
    house.stand_ins.fault("hub", kind)
    cases = ask_some(house)
    keep_trying(house, cases)
    house.check_once(cases)


@pytest.mark.parametrize("how", ["bad-signature", "swapped", "wrong-digest"])
def test_a_lying_hub_is_not_believed_and_the_truth_arrives_later(house, how):
    house.stand_ins.fault("hub", "lie", how=how)
    cases = ask_some(house, 3)
    with pytest.raises(LinkUntrusted):
        poll_inbox(house.worker, house.runtime, KONO, wait=0)
    suffer(house, lambda: tried_in_vain(house, KONO, cases))
    assert {house.state(KONO, case) for case in cases} == {"sent"}
    house.stand_ins.heal("hub")
    keep_trying(house, cases)
    house.check_once(cases)


def test_a_slow_core_delays_and_loses_nothing(house):
    house.stand_ins.fault("core", "slow", seconds=3, delay=1)
    cases = ask_some(house, 3)
    keep_trying(house, cases)
    house.check_once(cases)


def test_a_dead_lane_does_not_hold_up_another(house):
    house.stand_ins.fault("hub", "down", path="/v1/fugo")
    with house.tx(KONO) as tx:
        case = tx.raw.execute("SELECT case_id FROM madoguchi.linkage_link_code LIMIT 1").fetchone()[0]
        from tests.linkage.house import SYSTEM
        from workflows.engine import Command

        house.engine.apply(
            tx, Command(case, "relink", SYSTEM, "番号変更", f"relink:{case}", {"reason": "NUMBER_CHANGED"})
        )
    cases = ask_some(house, 2)
    keep_trying(house, cases, seconds=15)
    house.check_once(cases)
    assert house.state(KONO, case) == "relinking"
    house.stand_ins.heal("hub")
    for _ in range(10):
        house.hurry()
        house.round()
        if house.state(KONO, case) == "linked":
            break
    assert house.state(KONO, case) == "linked"


def test_after_three_failures_the_peer_is_left_alone_for_a_while(house):
    house.stand_ins.fault("hub", "down")
    ask_some(house, 1)
    lane = next(one for one in house.runtime.lanes if one.name == "inquiry")
    gateway = house.parts.offices.gateway(KONO)
    for _ in range(3):
        with house.tx(KONO) as tx:
            tx.raw.execute("UPDATE madoguchi.linkage_outbox SET not_before = now() WHERE state = 'ready'")
        assert house.runtime.pump.drain(house.worker, KONO, gateway, lane) == 1
    assert house.runtime.pump.circuit(KONO, "inquiry").is_open
    with house.tx(KONO) as tx:
        tx.raw.execute("UPDATE madoguchi.linkage_outbox SET not_before = now() WHERE state = 'ready'")
    assert house.runtime.pump.drain(house.worker, KONO, gateway, lane) == 0


def test_after_the_budget_a_message_becomes_a_dead_letter_and_its_case_says_so(house):
    house.stand_ins.fault("hub", "down")
    (case,) = ask_some(house, 1)
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_outbox SET first_try = now() - interval '25 hours' WHERE case_id = %s",
            (case,),
        )
    pump_outbox(house.worker, house.runtime, KONO)
    assert house.state(KONO, case) == "dead"
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_outbox WHERE case_id = %s", (case,)
        ).fetchone()
    assert row[0] == "dead"
    assert row[1].startswith("BUDGET_OVER:")


def test_an_expired_permit_is_not_honoured_by_the_holder(house, monkeypatch):
    gateway = house.parts.offices.gateway(OTSUKAWA)
    real = gateway.verify_permit
    monkeypatch.setattr(
        gateway,
        "verify_permit",
        lambda token, now, digest=None: real(token, now + timedelta(minutes=30), digest),
    )
    (case,) = ask_some(house, 1)
    for _ in range(20):
        house.round(always=True)
        if house.state(KONO, case) == "expired":
            break
    assert house.state(KONO, case) == "expired"
    with house.tx(OTSUKAWA) as tx:
        row = tx.raw.execute(
            "SELECT c.state, p.outcome FROM madoguchi.linkage_provision p JOIN madoguchi.case_file c ON c.tenant = p.tenant"
            " AND c.id = p.case_id ORDER BY p.received_at DESC LIMIT 1"
        ).fetchone()
    assert row == ("invalid", "PERMIT_EXPIRED")


def test_a_permit_for_another_inquiry_or_another_body_is_refused(house):
    from workflows.linkage.gateway import ContentRefused

    (case,) = ask_some(house, 1)
    house.settle()
    with house.tx(OTSUKAWA) as tx:
        permit = tx.raw.execute(
            "SELECT permit FROM madoguchi.linkage_provision ORDER BY received_at DESC LIMIT 1"
        ).fetchone()[0]
    assert house.state(KONO, case) == "answered"
    now = house.parts.clock.now()
    with pytest.raises(ContentRefused):
        house.parts.offices.gateway(KONO).verify_permit(permit, now)
    with pytest.raises(ContentRefused):
        house.parts.offices.gateway(OTSUKAWA).verify_permit(permit, now, "x" * 43)
    forged = permit[:-6] + ("AAAAAA" if not permit.endswith("AAAAAA") else "BBBBBB")
    with pytest.raises(ContentRefused):
        house.parts.offices.gateway(OTSUKAWA).verify_permit(forged, now)


def test_an_answer_nobody_waits_for_and_one_that_was_altered_become_dead_letters_and_hold_up_nothing(house):
    import copy

    from workflows.linkage.wire import envelope

    (case,) = ask_some(house, 1)
    pump_outbox(house.worker, house.runtime, KONO)
    gateway = house.parts.offices.gateway(KONO)
    house.round((OTSUKAWA,), always=True)
    answer = None
    for _ in range(20):
        leased = gateway.inbox((), 50, 1)
        permitted = [one.message for one in leased if one.message["type"] == "inquiry.permitted"]
        house.runtime.inbox.receive(house.worker, KONO, permitted)
        found = [one for one in leased if one.message["type"] == "inquiry.answer"]
        gateway.ack([one.lease for one in leased if one not in found])
        if found:
            answer = found[0]
            break
        house.round((OTSUKAWA,), always=True)
    assert answer is not None
    stray = copy.deepcopy(answer.message)
    stray["id"] = envelope.new_id(house.parts.clock.now())
    stray["payload"]["inquiry_id"] = envelope.new_id(house.parts.clock.now())
    altered = copy.deepcopy(answer.message)
    altered["id"] = envelope.new_id(house.parts.clock.now())
    head, key, nonce, text, tag = altered["payload_jwe"].split(".")
    altered["payload_jwe"] = ".".join((head, key, nonce, text[:-4] + "AAAA", tag))
    house.runtime.inbox.receive(
        house.worker, KONO, [stray, altered, {"id": "nonsense"}, None, answer.message]
    )
    gateway.ack([answer.lease])
    assert house.state(KONO, case) == "answered"
    with house.tx(KONO) as tx:
        causes = dict(
            tx.raw.execute(
                "SELECT id, cause FROM madoguchi.linkage_inbox WHERE state = 'dead' AND id = ANY(%s)",
                ([stray["id"], altered["id"]],),
            ).fetchall()
        )
        kinds = {
            row[0]
            for row in tx.raw.execute(
                "SELECT kind FROM madoguchi.linkage_incident WHERE at > now() - interval '20 seconds'"
            )
        }
    assert causes == {stray["id"]: "UNKNOWN_INQUIRY", altered["id"]: "SEAL_BROKEN"}
    assert {"MALFORMED_MESSAGE", "SEAL_BROKEN"} <= kinds


def test_the_same_id_with_another_content_is_noted_and_not_acted_on(house):
    import copy

    (case,) = ask_some(house, 1)
    house.settle()
    assert house.state(KONO, case) == "answered"
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT id FROM madoguchi.linkage_inbox WHERE type = 'record.available' ORDER BY received_at DESC LIMIT 1"
        ).fetchone()
    from workflows.linkage.wire import envelope

    message = envelope.build(
        "record.available",
        tenant=KONO,
        org="992011-01",
        created=house.parts.clock.now(),
        id_=row[0] if row else None,
        payload={"upto": 10**6},
    )
    house.runtime.inbox.receive(house.worker, KONO, [copy.deepcopy(message)])
    if row is None:
        message["payload"]["upto"] += 1
        house.runtime.inbox.receive(house.worker, KONO, [message])
    with house.tx(KONO) as tx:
        found = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.linkage_incident WHERE kind = 'SAME_ID_OTHER_CONTENT' AND detail->>'message_id' = %s",
            (message["id"],),
        ).fetchone()
    assert found == (1,)
