"""Tables T1 and T2 walked on the database: 基礎項目 and 重点項目 from the plan to the publication, and what they refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.redactions import redact
from privacy_assessment.statements.store import last_version, read_draft, read_statement, read_versions
from storage.ids import new_id
from tests.privacy_assessment.world import BOSS, CLERK
from workflows.engine import Refused
from workflows.law import statements as register

WAYS = [("basic", "local"), ("focused", "local"), ("full", "local"), ("full", "national")]


@pytest.mark.parametrize("kind", ["basic", "focused"])
def test_t1_t2_from_the_plan_to_the_publication(tx, office, kind):
    statement = office.plan(tx, kind)
    states = [office.state(tx, statement)]
    office.judge(tx, statement)
    for trigger in ("begin", "submit", "publish"):
        states.append(office.state(tx, statement))
        if trigger == "submit":
            office.fill(tx, statement)
        office.step(tx, statement, trigger)
    assert [*states, office.state(tx, statement)] == [
        "planned",
        "threshold_done",
        "drafting",
        "submitted",
        "published",
    ]
    purposes = [(one.form_id, one.purpose) for one in read_versions(tx, statement.id)]
    assert purposes == [
        (form, purpose) for form in statement.forms for purpose in ("submission", "publication")
    ]


@pytest.mark.parametrize(("kind", "standing"), WAYS)
def test_the_link_gets_its_answer_with_the_publication_and_not_before(tx, office, kind, standing):
    statement = office.drafting(tx, kind, standing, affairs=["JUMINZEI", "KOKUHO"])
    assert register.published(tx, tx.tenant, "JUMINZEI", office.today) is None
    office.procedure(tx, statement, standing)
    found = register.published(tx, tx.tenant, "KOKUHO", office.today)
    assert found is not None
    assert found.statement_number == f"{statement.body}-{statement.number}"
    assert found.published_on == office.today
    assert register.published(tx, tx.tenant, "KOKUHO", office.today - timedelta(days=1)) is None


def test_a_kind_lower_than_owed_is_refused_and_a_higher_one_may_be_chosen(tx, office):
    low = office.plan(tx, "basic")
    with pytest.raises(Refused) as refusal:
        office.judge(tx, low, 400_000)
    assert refusal.value.reasons[0].code == "kind_too_low"
    assert "4条8号" in refusal.value.reasons[0].params["article"]
    high = office.plan(tx, "full")
    office.judge(tx, high, 5_000, chosen="full")
    assert office.state(tx, high) == "threshold_done"


@pytest.mark.parametrize("kind", ["basic", "focused"])
def test_publishing_before_the_submission_is_refused_with_the_article(tx, office, kind):
    statement = office.drafting(tx, kind)
    found = office.refused(tx, statement, "publish")
    assert "規則5条2項" in found["submission_first"]["article"]
    assert "wrong_state" in found


def test_an_incomplete_form_is_not_submitted(tx, office):
    statement = office.drafting(tx, "basic")
    office.write(tx, statement, "form2", "f2.1.1.2", None)
    found = office.refused(tx, statement, "submit")
    assert found["forms_incomplete"] == {"count": 1, "first": "Ⅰ-1②", "article": "番号法28条1項・規則12条"}


def test_a_warning_needs_a_reason(tx, office):
    statement = office.drafting(tx, "focused")
    office.write(tx, statement, "form3", "f3.1.6.1", "資産税課")
    assert office.refused(tx, statement, "submit")["warnings_open"]["count"] == 1
    office.notes.give_reason(
        tx, statement.id, "form3", "forms_differ", "f3.1.6.1", "4月に移管するため", CLERK.id
    )
    office.step(tx, statement, "submit")


def test_the_count_of_the_form_must_be_that_of_the_judgement(tx, office):
    statement = office.drafting(tx, "basic")
    office.write(tx, statement, "form2", "f2.2.1", "4")
    assert "forms_incomplete" in office.refused(tx, statement, "submit")


def test_a_file_held_already_is_refused_and_the_emergency_rule_is_the_way_out(tx, office):
    statement = office.drafting(tx, "basic", hold_start=office.today)
    found = office.refused(tx, statement, "submit")
    assert found["holding_begun"]["article"] == "規則9条1項"
    office.step(
        tx,
        statement,
        "invoke_emergency",
        BOSS,
        reason="地震の被災者台帳を直ちに作成したため",
        day=office.today,
    )
    found = office.refused(tx, statement, "submit")
    assert found == {"emergency_unwritten": {"article": "規則9条2項"}}
    office.write(tx, statement, "form2", "f2.1.9", True)
    office.write(tx, statement, "form2", "f2.1.9.d", "地震の被災者台帳を直ちに作成したため")
    office.step(tx, statement, "submit")
    office.step(tx, statement, "publish")
    history = office.engine.history(tx, read_statement(tx, statement.id).case_id)
    assert any("地震" in str(one.input.get("reason")) for one in history)
    assert read_statement(tx, statement.id).emergency_on is None


def test_the_emergency_rule_reminds_that_it_is_to_be_done_promptly(tx, office):
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "invoke_emergency", BOSS, reason="災害", day=office.today)
    office.clock.advance(days=30)
    assert [one.trigger for one in office.engine.fire_due_deadlines(tx)] == ["remind_promptly"]
    assert office.state(tx, statement) == "drafting"


def test_the_second_ground_is_refused_on_a_first_basic_statement_and_allowed_on_an_amended_one(tx, office):
    statement = office.drafting(tx, "basic")
    with pytest.raises(ValueError, match="規則5条2項"):
        redact(
            tx,
            office.clock,
            statement.id,
            "form2",
            Redaction(Place("f2.1.1.2"), "10-2", "型番", 0, 5),
            CLERK.id,
        )
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_redaction (tenant, id, assessment_id, form, place, starts, ends, text_digest, ground,"
        " reason, by_whom, at) VALUES (%s, %s, %s, 'form2', 'f2.1.1.2', 0, 5, '', '10-2', '型番', 'x', now())",
        (tx.tenant, new_id(), statement.id),
    )
    office.step(tx, statement, "submit")
    found = office.refused(tx, statement, "publish")
    assert "5条2項" in found["redaction_refused"]["first"]


def test_an_amended_basic_statement_may_leave_out_on_the_second_ground(tx, office):
    statement = office.published(tx, "basic")
    office.step(tx, statement, "amend", why="change")
    redact(
        tx, office.clock, statement.id, "form2", Redaction(Place("f2.1.1.2"), "10-2", "型番", 0, 5), CLERK.id
    )
    office.step(tx, statement, "submit_amended")
    office.step(tx, statement, "publish_amended")
    version = last_version(tx, statement.id, "form2", "publication")
    assert version.public["texts"]["f2.1.1.2"].startswith("［非公表（規則10条2項）］")
    assert version.document.get("f2.1.1.2").startswith("事務の概要")


def test_a_number_in_the_text_stops_everything(tx, office):
    from tests.privacy_assessment.samples import number

    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "submit")
    document = read_draft(tx, statement.id, "form2").document
    document.set("f2.1.1.2", f"例えば{number(5)}のように")
    office.put(tx, statement, "form2", document)
    found = office.refused(tx, statement, "publish")
    assert found["number_in_public"]["count"] == 1
    assert number(5) not in str(found)
