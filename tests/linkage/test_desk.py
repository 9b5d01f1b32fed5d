"""Cancelling, dead letters, and what an operator does with them."""

from __future__ import annotations

import pytest

from tests.linkage.house import BOSS, CLERK, KONO, OPERATOR, OTHER_BOSS
from workflows.engine import Command
from workflows.linkage.dead_letters import DeadLetterRefused, DeadLetters
from workflows.linkage.inquiry.machine import InquiryMachine


def cancel(house, case_id):
    with house.tx(KONO, "web") as tx:
        return house.engine.apply(
            tx, Command(case_id, "cancel", CLERK, "取り消す", f"cancel:{case_id}", {"reason": "MISTAKE"})
        )


def test_an_inquiry_that_has_not_left_is_taken_back_without_a_word_to_the_hub(house):
    opened = house.ask(house.apply_for("sakura"))
    cancel(house, opened.case_id)
    house.settle()
    assert house.state(KONO, opened.case_id) == "cancelled"
    with house.tx(KONO) as tx:
        rows = tx.raw.execute(
            "SELECT type, state, cause FROM madoguchi.linkage_outbox WHERE case_id = %s", (opened.case_id,)
        ).fetchall()
        assert rows == [("inquiry.request", "closed", "CANCELLED")]
        assert InquiryMachine(house.parts).record_cases(tx, [opened.case_id]) == 1


def test_an_inquiry_that_left_is_cancelled_at_the_hub_and_a_late_answer_changes_nothing(house):
    opened = house.ask(house.apply_for("sakura"))
    house.round((KONO,), wait=0)
    cancel(house, opened.case_id)
    house.settle()
    assert house.state(KONO, opened.case_id) == "cancelled"
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT count(*) FROM madoguchi.linkage_answer WHERE case_id = %s", (opened.case_id,)
        ).fetchone() == (0,)
        sent = tx.raw.execute(
            "SELECT state FROM madoguchi.linkage_outbox WHERE case_id = %s AND type = 'inquiry.cancel'",
            (opened.case_id,),
        ).fetchall()
    assert sent == [("sent",)]


@pytest.fixture
def dead(house):
    """An inquiry the hub refuses for good: the hub has frozen the item, and we have lifted no freeze lately."""
    with house.tx(KONO) as tx:
        tx.raw.execute("UPDATE madoguchi.linkage_freeze SET released_at = released_at - interval '1 hour'")
        tx.raw.execute("DELETE FROM madoguchi.linkage_told WHERE tenant = %s AND kind = 'freeze'", (KONO,))
    house.parts.offices.gateway(KONO)._hub.freeze(freeze(house, "freeze"))
    opened = house.ask(house.apply_for("sakura"))
    house.settle()
    yield opened
    house.parts.offices.gateway(KONO)._hub.freeze(freeze(house, "release"))


def freeze(house, action):
    from workflows.linkage.wire import envelope

    return envelope.build(
        "freeze",
        tenant=KONO,
        org="992011-01",
        created=house.parts.clock.now(),
        payload={"scope": "item", "value": "local-tax", "action": action, "reason": "TEST"},
    )


def test_a_message_the_hub_refuses_for_good_is_kept_with_its_cause(house, dead):
    assert house.state(KONO, dead.case_id) == "dead"
    with house.tx(KONO, "web") as tx:
        letters = DeadLetters(house.parts.clock, house.engine).list(tx)
    (letter,) = [one for one in letters if one.case_id == dead.case_id]
    assert (letter.direction, letter.lane, letter.cause) == ("out", "inquiry", "FROZEN")


def test_a_dead_letter_goes_out_again_with_the_same_id_and_is_answered(house, dead):
    desk = DeadLetters(house.parts.clock, house.engine)
    with house.tx(KONO) as tx:
        (before,) = tx.raw.execute(
            "SELECT id, body FROM madoguchi.linkage_outbox WHERE case_id = %s", (dead.case_id,)
        ).fetchall()
    with pytest.raises(DeadLetterRefused) as refused, house.tx(KONO, "web") as tx:
        desk.replay(tx, before[0], CLERK, "PEER_BACK")
    assert refused.value.code == "NOT_ALLOWED"
    house.parts.offices.gateway(KONO)._hub.freeze(freeze(house, "release"))
    with house.tx(KONO, "web") as tx:
        desk.replay(tx, before[0], OPERATOR, "PEER_BACK")
    with pytest.raises(DeadLetterRefused) as refused, house.tx(KONO, "web") as tx:
        desk.replay(tx, before[0], OPERATOR, "PEER_BACK")
    assert refused.value.code == "NOT_DEAD"
    house.settle()
    assert house.state(KONO, dead.case_id) == "answered"
    with house.tx(KONO) as tx:
        (after,) = tx.raw.execute(
            "SELECT id, body FROM madoguchi.linkage_outbox WHERE case_id = %s", (dead.case_id,)
        ).fetchall()
    assert (after[0], bytes(after[1])) == (before[0], bytes(before[1]))


def test_closing_a_dead_letter_takes_two_persons(house, dead):
    desk = DeadLetters(house.parts.clock, house.engine)
    with house.tx(KONO, "web") as tx:
        letter = next(one for one in desk.list(tx) if one.case_id == dead.case_id)
        assert desk.close(tx, letter.id, OPERATOR, "PAPER_INSTEAD") is False
    with pytest.raises(DeadLetterRefused) as refused, house.tx(KONO, "web") as tx:
        desk.close(tx, letter.id, OPERATOR, "PAPER_INSTEAD")
    assert refused.value.code == "SAME_PERSON"
    with house.tx(KONO, "web") as tx:
        assert desk.close(tx, letter.id, OTHER_BOSS, "PAPER_INSTEAD") is True
    assert house.state(KONO, dead.case_id) == "closed_manual"
    with house.tx(KONO, "web") as tx:
        assert all(one.id != letter.id for one in desk.list(tx))


def test_a_proposal_to_close_what_came_in_ends_when_it_is_worked_on_again(house):
    desk = DeadLetters(house.parts.clock, house.engine)
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_inbox (tenant, id, type, digest, state, not_before, received_at)"
            " VALUES (%s, 'OLD-PROPOSAL', 'unknown', '', 'dead', now(), now())",
            (KONO,),
        )
    with house.tx(KONO, "web") as tx:
        assert desk.close(tx, "OLD-PROPOSAL", OPERATOR, "MISTAKE") is False
        assert desk.get(tx, "OLD-PROPOSAL").proposed_by == OPERATOR.id
        desk.replay(tx, "OLD-PROPOSAL", OTHER_BOSS, "PEER_BACK")
        tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET state = 'dead' WHERE tenant = %s AND id = 'OLD-PROPOSAL'",
            (KONO,),
        )
    with house.tx(KONO, "web") as tx:
        assert desk.get(tx, "OLD-PROPOSAL").proposed_by is None
        assert desk.close(tx, "OLD-PROPOSAL", OTHER_BOSS, "MISTAKE") is False


def test_a_decision_waits_for_open_inquiries(house):
    from workflows.engine import Refused

    application = house.apply_for("sakura")
    house.ask(application)
    with house.tx(KONO, "web") as tx:
        house.engine.apply(tx, Command(application, "start_review", CLERK, "審査", f"review:{application}"))
    with pytest.raises(Refused) as refused, house.tx(KONO, "web") as tx:
        house.engine.apply(tx, Command(application, "grant", CLERK, "認める", f"grant0:{application}"))
    assert [reason.code for reason in refused.value.reasons] == ["inquiry_open"]
    house.settle()
    with house.tx(KONO, "web") as tx:
        assert (
            house.engine.apply(
                tx, Command(application, "grant", BOSS, "認める", f"grant:{application}")
            ).after
            == "decided_granted"
        )
