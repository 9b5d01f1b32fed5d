"""What every machine of the tables has in common: the office's own steps, words for each refusal, nowhere a dead end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacy_assessment.forms import FILE, Place
from privacy_assessment.machines import KINDS, documents
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.models import CASE_KINDS
from privacy_assessment.statements.redactions import lift, redact
from privacy_assessment.statements.store import read_draft
from tests.privacy_assessment.world import BOSS, CENTRE, CLERK
from workflows.engine import Actor

WAYS = [("basic", "local"), ("focused", "local"), ("full", "local"), ("full", "national")]


def internal(tx, position, code, role, other=False, before="submit"):
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_internal_step (tenant, before_trigger, code, position, label, role, other_person, source)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, '甲野市事務取扱要綱（見本）')",
        (tx.tenant, before, code, position, f"手続{code}", role, other),
    )


def test_internal_steps_of_the_office_are_data_and_are_asked_for_in_order(tx, office):
    internal(tx, 1, "kacho", "supervisor")
    internal(tx, 2, "joho", "coordinator", other=True)
    statement = office.drafting(tx, "basic")
    assert office.refused(tx, statement, "submit")["confirmations_missing"]["steps"] == "手続kacho、手続joho"
    assert "not_in_turn" in office.refused(tx, statement, "confirm", CENTRE, before="submit", step="joho")
    assert "not_your_confirmation" in office.refused(
        tx, statement, "confirm", CLERK, before="submit", step="kacho"
    )
    both = Actor("staff", "boss-2", frozenset({"supervisor", "coordinator"}))
    office.step(tx, statement, "confirm", both, before="submit", step="kacho")
    assert "same_person" in office.refused(tx, statement, "confirm", both, before="submit", step="joho")
    office.step(tx, statement, "confirm", CENTRE, before="submit", step="joho")
    assert "not_in_turn" in office.refused(tx, statement, "confirm", CENTRE, before="submit", step="joho")
    office.step(tx, statement, "submit")


def test_sending_back_needs_remarks_and_undoes_the_confirmations(tx, office):
    internal(tx, 1, "kacho", "supervisor")
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "confirm", BOSS, before="submit", step="kacho")
    assert "no_remarks" in office.refused(tx, statement, "send_back", BOSS, threads=[])
    thread = office.notes.open_thread(tx, statement.id, "form2", "f2.1.1.2", "to_fix", "具体的に", BOSS.id)
    office.step(tx, statement, "send_back", BOSS, threads=[thread])
    assert "confirmations_missing" in office.refused(tx, statement, "submit")


def test_what_is_left_out_or_put_back_after_a_confirmation_is_confirmed_anew(tx, office):
    """Otherwise one person alone could change the public text after the others have looked."""
    internal(tx, 1, "kacho", "supervisor")
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "confirm", BOSS, before="submit", step="kacho")
    wanted = Redaction(Place("f2.1.1.2"), "10-1", "捜査に支障", 0, 5)
    key = redact(tx, office.clock, statement.id, "form2", wanted, CLERK.id)
    assert "confirmations_missing" in office.refused(tx, statement, "submit")
    office.step(tx, statement, "confirm", BOSS, before="submit", step="kacho")
    assert lift(tx, office.clock, key, CLERK.id)
    assert "confirmations_missing" in office.refused(tx, statement, "submit")
    assert not lift(tx, office.clock, key, CLERK.id)


def test_every_refusal_has_words_and_every_step_of_the_tables_its_document(office):
    registry = office.engine.registry
    for name in KINDS:
        definition = registry.kind(name).newest
        for trigger in documents()[name]:
            assert trigger == "open" or trigger in definition.triggers, (name, trigger)
            found = definition.opening if trigger == "open" else definition.triggers[trigger]
            assert found.article, (name, trigger)
        assert office.engine.picture(name).startswith("<svg")


def test_no_state_is_a_dead_end(office):
    for name in KINDS:
        definition = office.engine.registry.kind(name).newest
        reached, todo = set(), [definition.initial]
        while todo:
            state = todo.pop()
            if state in reached:
                continue
            reached.add(state)
            todo += [
                move.to for one in definition.triggers.values() for move in one.moves if move.source == state
            ]
        assert reached == set(definition.states), name
        for state in definition.states.values():
            ways = {m.to for t in definition.triggers.values() for m in t.moves if m.source == state.name} - {
                state.name
            }
            assert state.final or ways, (name, state.name)


def test_the_state_says_who_may_write(tx, office):
    statement = office.drafting(tx, "full")
    office.write(tx, statement, "form4", "f4.1.1.2", "書ける")
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    with pytest.raises(ValueError, match="変えられません"):
        office.write(tx, statement, "form4", "f4.1.1.2", "公示中に変える")
    assert read_draft(tx, statement.id, "form4").document.get("f4.1.1.2") == "書ける"
    assert FILE in read_draft(tx, statement.id, "form4").document.rows


def test_a_threshold_that_rises_while_writing_stops_the_lower_kind(tx, office):
    statement = office.drafting(tx, "basic")
    office.statements.judge(tx, CLERK, "rise", statement.id, office.figures(400_000))
    found = office.refused(tx, statement, "submit")
    assert found["kind_too_low"]["owed"] == "基礎項目評価及び全項目評価"
    made = office.statements.plan_again(tx, CENTRE, "again", statement.id, "full")
    assert made.kind == "full"
    assert made.forms == ("form2", "form4")
    assert office.state(tx, made) == "planned"
    assert office.engine.case(tx, made.case_id).parent == statement.case_id
    assert read_draft(tx, made.id, "form2").document.get("f2.1.1.1") == "個人住民税に関する事務"


def test_publishing_by_hand_ends_the_reserved_day(tx, office):
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "submit")
    office.step(tx, statement, "schedule_publication", day=office.today + timedelta(days=5))
    office.step(tx, statement, "publish")
    office.clock.advance(days=6)
    assert office.engine.fire_due_deadlines(tx) == []
    assert office.state(tx, statement) == "published"


@pytest.mark.parametrize(("kind", "standing"), WAYS)
def test_an_internal_step_before_any_step_of_the_law_can_be_confirmed_where_that_step_is_taken(
    tx, office, kind, standing
):
    """A confirmation that is asked for and can be given nowhere would hold a statement for ever."""
    name = CASE_KINDS[kind, standing]
    definition = office.engine.registry.kind(name).newest
    for trigger in definition.triggers.values():
        if "internal_steps_done" in trigger.guards:
            assert trigger.sources <= definition.triggers["confirm"].sources, trigger.name
