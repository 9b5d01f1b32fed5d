"""Tables T3 and T4 walked on the database: 全項目 over the consultation, and the third party or the approval, to the publication."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from privacy_assessment.statements.store import last_version, read_draft, read_versions
from storage.ids import new_id
from tests.privacy_assessment.world import BOSS, CENTRE, COMMISSION, REVIEWER
from workflows.engine import Actor

WAYS = [("basic", "local"), ("focused", "local"), ("full", "local"), ("full", "national")]


def test_t3_from_the_consultation_over_the_third_party_to_the_publication(tx, office):
    statement = office.drafting(tx, "full")
    seen = [office.state(tx, statement)]
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    seen.append(office.state(tx, statement))
    office.clock.advance(days=30)
    office.engine.fire_due_deadlines(tx)
    seen.append(office.state(tx, statement))
    for trigger, given in (
        ("send_to_third_party", {}),
        ("third_party_result", {"review": office.review(tx, statement, favourable=False)}),
        ("send_to_third_party", {}),
    ):
        office.step(tx, statement, trigger, **given)
        seen.append(office.state(tx, statement))
    office.step(tx, statement, "third_party_result", review=office.review(tx, statement))
    seen.append(office.state(tx, statement))
    office.step(tx, statement, "revise_again")
    seen.append(office.state(tx, statement))
    office.step(tx, statement, "send_to_third_party")
    office.step(tx, statement, "third_party_result", review=office.review(tx, statement))
    office.step(tx, statement, "submit")
    seen.append(office.state(tx, statement))
    office.step(tx, statement, "publish")
    seen.append(office.state(tx, statement))
    assert seen == [
        "drafting", "consulting", "revising", "third_party", "revising", "third_party", "ready", "revising",
        "submitted", "published",
    ]  # fmt: skip
    shown = [one for one in read_versions(tx, statement.id, "form4") if one.public is not None]
    assert [one.purpose for one in shown] == ["consultation", "publication"]


@pytest.mark.parametrize("standing", ["local", "national"])
def test_twenty_nine_days_need_a_reason_in_the_statement(tx, office, standing):
    statement = office.drafting(tx, "full", standing)
    days = {"opens": office.today, "closes": office.today + timedelta(days=28)}
    document = read_draft(tx, statement.id, "form4").document
    document.set("f4.6.2.3", None)
    office.put(tx, statement, "form4", document)
    found = office.refused(tx, statement, "consult", **days)
    assert found["too_short"] == {"days": 29, "least": 30, "article": "指針第5の3"}
    office.write(tx, statement, "form4", "f4.6.2.3", "条例の手続により短縮する特段の理由")
    office.step(tx, statement, "consult", **days)


def test_thirty_days_are_counted_with_both_ends(tx, office):
    statement = office.drafting(tx, "full")
    document = read_draft(tx, statement.id, "form4").document
    document.set("f4.6.2.3", None)
    office.put(tx, statement, "form4", document)
    office.step(tx, statement, "consult", opens=date(2026, 11, 22), closes=date(2026, 12, 21))
    assert office.state(tx, statement) == "consulting"


def test_days_of_a_consultation_that_cannot_be(tx, office):
    statement = office.drafting(tx, "full")
    yesterday = office.today - timedelta(days=1)
    assert "opens_past" in office.refused(
        tx, statement, "consult", opens=yesterday, closes=yesterday + timedelta(days=40)
    )
    assert "closes_first" in office.refused(tx, statement, "consult", opens=office.today, closes=yesterday)
    assert "input_missing" in office.refused(tx, statement, "consult", opens=office.today)
    assert "input_wrong" in office.refused(tx, statement, "consult", opens="2026-02-30", closes="2026-12-31")


def test_the_consultation_lasts_to_the_end_of_its_last_day_and_nobody_ends_it_by_hand(tx, office):
    statement = office.drafting(tx, "full")
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    assert "not_your_role" in office.refused(tx, statement, "close_consultation", CENTRE)
    office.clock.advance(days=29)
    assert office.engine.fire_due_deadlines(tx) == []
    assert office.state(tx, statement) == "consulting"
    office.clock.advance(days=1)
    office.engine.fire_due_deadlines(tx)
    assert office.state(tx, statement) == "revising"


def test_the_third_party_before_the_end_of_the_consultation_is_refused_with_the_article(tx, office):
    statement = office.drafting(tx, "full")
    found = office.refused(tx, statement, "send_to_third_party")
    assert "規則7条" in found["not_consulted"]["article"]
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    found = office.refused(tx, statement, "send_to_third_party")
    assert found["consultation_running"]["closes"] == (office.today + timedelta(days=29)).isoformat()
    assert "4項" in found["consultation_running"]["article"]


def test_a_submission_before_the_third_party_was_heard_is_refused_with_the_article(tx, office):
    statement = office.drafting(tx, "full")
    assert office.refused(tx, statement, "submit")["third_party_first"]["article"] == "規則7条5項"
    office.consult(tx, statement)
    assert office.refused(tx, statement, "submit")["third_party_first"]["article"] == "規則7条5項"
    office.step(tx, statement, "send_to_third_party")
    assert (
        office.refused(tx, statement, "third_party_result", review=new_id())["no_review"]["article"]
        == "規則7条4項"
    )
    assert "third_party_first" in office.refused(tx, statement, "submit")


def test_a_full_local_statement_is_not_published_before_its_submission(tx, office):
    statement = office.drafting(tx, "full")
    assert "submission_first" in office.refused(tx, statement, "publish")
    office.consult(tx, statement)
    assert "7条6項" in office.refused(tx, statement, "publish")["submission_first"]["article"]


def test_an_opinion_without_an_answer_holds_the_third_party_up(tx, office):
    statement = office.drafting(tx, "full")
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion (tenant, consultation_id, receipt, revision, kind, body, places, edit_key, at)"
        " SELECT tenant, id, 'R1', 1, 'given', '意見', '{}', '', now() FROM madoguchi.consultation WHERE assessment_id = %s",
        (statement.id,),
    )
    office.clock.advance(days=30)
    office.engine.fire_due_deadlines(tx)
    found = office.refused(tx, statement, "send_to_third_party")
    assert found["opinions_unanswered"]["count"] == 1
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion_result (tenant, consultation_id, row, receipts, places, summary, answer, changed,"
        " change_note, updated_by, updated_at) SELECT tenant, id, 1, '{R1}', '{}', '概要', '考え方', false, '', 'x', now()"
        " FROM madoguchi.consultation WHERE assessment_id = %s",
        (statement.id,),
    )
    office.step(tx, statement, "send_to_third_party")


def test_t4_over_questions_and_the_approval_to_the_publication(tx, office):
    statement = office.drafting(tx, "full", "national")
    office.consult(tx, statement)
    seen = []
    office.step(tx, statement, "ask_approval")
    thread = office.notes.open_thread(
        tx, statement.id, "form4", "f4.1.1.2", "question", "流れを示してください", REVIEWER.id
    )
    for trigger, actor, given in (
        ("return_for_correction", REVIEWER, {"threads": [thread]}),
        ("ask_approval", BOSS, {}),
        ("recommend", REVIEWER, {}),
        ("return_for_correction", COMMISSION, {"threads": [thread]}),
        ("ask_approval", BOSS, {}),
        ("recommend", REVIEWER, {}),
        ("approve", COMMISSION, {"decided_on": office.today}),
        ("publish", BOSS, {}),
    ):
        office.step(tx, statement, trigger, actor, **given)
        seen.append(office.state(tx, statement))
    assert seen == [
        "revising", "ppc_review", "ppc_decision", "revising", "ppc_review", "ppc_decision", "approved", "published",
    ]  # fmt: skip
    assert (
        last_version(tx, statement.id, "form4", "publication").document.get("c.approved_on")
        == office.today.isoformat()
    )


def test_publishing_before_the_approval_is_refused_with_the_article(tx, office):
    statement = office.drafting(tx, "full", "national")
    assert office.refused(tx, statement, "publish")["approval_first"]["article"] == "番号法28条3項・4項"
    office.consult(tx, statement)
    office.step(tx, statement, "ask_approval")
    assert "approval_first" in office.refused(tx, statement, "publish")
    office.step(tx, statement, "recommend", REVIEWER)
    assert "approval_first" in office.refused(tx, statement, "publish")


def test_approval_is_asked_for_after_the_consultation_and_given_by_a_second_person(tx, office):
    statement = office.drafting(tx, "full", "national")
    found = office.refused(tx, statement, "ask_approval")
    assert "28条1項" in found["not_consulted"]["article"]
    office.consult(tx, statement)
    office.step(tx, statement, "ask_approval")
    assert "not_your_role" in office.refused(tx, statement, "recommend", BOSS)
    both = Actor("reviewer", "ppc-3", frozenset({"reviewer", "commissioner"}))
    office.step(tx, statement, "recommend", both)
    assert "same_person" in office.refused(tx, statement, "approve", both, decided_on=office.today)
    assert "no_remarks" in office.refused(tx, statement, "return_for_correction", COMMISSION, threads=[])
