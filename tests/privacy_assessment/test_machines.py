"""Tables T1–T6 walked on the database: every transition taken, and every order error refused with its article."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from privacy_assessment.comparison import Decided
from privacy_assessment.forms import FILE, Place
from privacy_assessment.machines import KINDS, documents
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.changes import changes_of, decide
from privacy_assessment.statements.models import CASE_KINDS
from privacy_assessment.statements.redactions import lift, redact
from privacy_assessment.statements.store import last_version, read_draft, read_statement, read_versions
from storage.ids import new_id
from tests.privacy_assessment.world import BOSS, CENTRE, CLERK, COMMISSION, REVIEWER
from workflows.engine import Actor, Refused
from workflows.law import statements as register

WAYS = [("basic", "local"), ("focused", "local"), ("full", "local"), ("full", "national")]


# --- T1, T2 ------------------------------------------------------------------------------------------------------------


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


# --- T3 ----------------------------------------------------------------------------------------------------------------


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


# --- T4 ----------------------------------------------------------------------------------------------------------------


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


# --- T5 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "standing"), WAYS)
def test_t5_yearly_review_amendment_and_end(tx, office, kind, standing):
    statement = office.published(tx, kind, standing)
    office.step(tx, statement, "review", done_on=office.today, result="no_change")
    office.step(tx, statement, "amend", why="change")
    office.write(tx, statement, "form2", "f2.1.8", "新しい連絡先")
    office.step(tx, statement, "submit_amended")
    office.step(tx, statement, "publish_amended")
    assert last_version(tx, statement.id, "form2", "publication").number >= 3
    assert "stopped_in_future" in office.refused(
        tx, statement, "end", stopped_on=office.today + timedelta(days=1)
    )
    office.step(tx, statement, "end", stopped_on=office.today)
    ended = read_statement(tx, statement.id)
    assert ended.shown_title.endswith("終了】")
    assert "not_your_role" in office.refused(tx, statement, "expire", BOSS)
    office.clock.advance(days=3 * 365)
    office.engine.fire_due_deadlines(tx)
    assert office.state(tx, statement) == "ended"
    office.clock.advance(days=3)
    office.engine.fire_due_deadlines(tx)
    assert office.state(tx, statement) == "expired"
    assert register.published(tx, tx.tenant, "JUMINZEI", office.today) is None
    assert read_versions(tx, statement.id)


def test_a_material_change_is_not_an_amendment_but_the_whole_procedure(tx, office):
    statement = office.published(tx, "focused")
    office.step(tx, statement, "amend", why="change")
    place = office.at(tx, statement, "form3", "f3.2.2.3")
    office.write(tx, statement, "form3", place, "市外に住む納税義務者を含む")
    found = office.refused(tx, statement, "submit_amended")
    assert found["changes_undecided"] == {"count": 1, "first": "Ⅱ-2③"}
    decide(tx, office.clock, statement.id, "form3", place, Decided("material", "", "before", ""), BOSS.id)
    found = office.refused(tx, statement, "submit_amended")
    assert "規則11条" in found["material_needs_again"]["article"]
    office.step(tx, statement, "reassess", why="material", changes_on=office.today + timedelta(days=100))
    office.step(tx, statement, "submit")
    office.step(tx, statement, "publish")


def test_a_typing_error_in_a_marked_item_may_be_an_amendment_with_a_reason(tx, office):
    statement = office.published(tx, "focused")
    office.step(tx, statement, "amend", why="change")
    place = office.at(tx, statement, "form3", "f3.2.2.3")
    office.write(tx, statement, "form3", place, "誤字を直した範囲")
    wanted = Decided("amendment", "誤字の訂正であり範囲は変わらない", "after", "重要な変更に当たらない")
    decide(tx, office.clock, statement.id, "form3", place, wanted, BOSS.id)
    office.step(tx, statement, "submit_amended")
    # Rewritten after the decision, it has to be decided anew.
    _, found = changes_of(tx, read_draft(tx, statement.id, "form3"))
    assert found[0].decided == wanted


def test_a_decision_does_not_outlive_the_text_it_was_made_for(tx, office):
    statement = office.published(tx, "focused")
    office.step(tx, statement, "amend", why="change")
    place = office.at(tx, statement, "form3", "f3.2.2.3")
    office.write(tx, statement, "form3", place, "一つ目")
    decide(
        tx, office.clock, statement.id, "form3", place, Decided("amendment", "理由", "before", ""), BOSS.id
    )
    office.write(tx, statement, "form3", place, "まったく別の範囲")
    assert "changes_undecided" in office.refused(tx, statement, "submit_amended")


def test_a_change_already_made_cannot_be_assessed_again_without_the_emergency_rule(tx, office):
    statement = office.published(tx, "focused")
    office.step(tx, statement, "reassess", why="material", changes_on=office.today)
    assert office.refused(tx, statement, "submit")["holding_begun"]["article"] == "規則9条1項"
    office.step(tx, statement, "give_up_change")
    assert office.state(tx, statement) == "published"


@pytest.mark.parametrize(("kind", "standing"), WAYS)
def test_five_years_remind_before_they_pass_and_the_whole_way_is_gone_again(tx, office, kind, standing):
    statement = office.published(tx, kind, standing)
    office.step(tx, statement, "amend", why="change")
    office.step(tx, statement, "submit_amended")
    office.clock.advance(days=400)
    office.step(tx, statement, "publish_amended")
    office.clock.advance(days=int(4.6 * 365) - 400)
    fired = {one.trigger for one in office.engine.fire_due_deadlines(tx)} | {
        one.trigger for one in office.engine.fire_due_deadlines(tx)
    }
    # An amendment does not reset the five years.
    assert "remind_redo" in fired
    office.step(tx, statement, "reassess", why="five_years")
    office.procedure(tx, statement, standing)
    assert office.state(tx, statement) == "published"


def test_when_the_threshold_rises_the_amended_basic_statement_is_published_first(tx, office):
    statement = office.published(tx, "basic")
    assert "kind_unchanged" in office.refused(tx, statement, "hand_over")
    office.clock.advance(days=10)
    office.judge(tx, statement, 400_000)
    found = office.refused(tx, statement, "hand_over")
    assert found["basic_first"]["article"] == "規則7条2項・8条"
    office.step(tx, statement, "amend", why="threshold_rose")
    office.write(tx, statement, "form2", "f2.2.1", "5")
    office.step(tx, statement, "submit_amended")
    assert "basic_first" in office.refused(tx, statement, "hand_over")
    office.step(tx, statement, "publish_amended")
    old_case = read_statement(tx, statement.id).case_id
    raised = office.statements.hand_over(tx, CENTRE, f"rise-{new_id()}", statement.id)
    assert raised.kind == "full"
    assert office.engine.case(tx, old_case).state == "handed_over"
    assert office.engine.case(tx, raised.case_id).parent == old_case
    office.judge(tx, raised, 400_000)
    office.step(tx, raised, "begin")
    office.fill(tx, raised)
    office.procedure(tx, raised)
    assert office.state(tx, raised) == "published"


def test_rising_to_the_focused_kind_names_the_other_article(tx, office):
    statement = office.published(tx, "basic")
    office.judge(tx, statement, 150_000)
    assert office.refused(tx, statement, "hand_over")["basic_first"]["article"] == "規則6条2項"


def test_when_the_threshold_falls_the_higher_kind_may_be_left_or_kept(tx, office):
    statement = office.published(tx, "focused")
    office.judge(tx, statement, 5_000, chosen="basic")
    assert "basic_first" in office.refused(tx, statement, "hand_over")
    office.step(tx, statement, "amend", why="threshold_fell")
    office.write(tx, statement, "form2", "f2.2.1", "2")
    office.write(tx, statement, "form3", "f3.1.1.3", "2")
    office.step(tx, statement, "submit_amended")
    office.step(tx, statement, "publish_amended")
    assert office.state(tx, statement) == "published"
    assert office.statements.hand_over(tx, CENTRE, f"fall-{new_id()}", statement.id).kind == "basic"


def test_publication_on_a_day_set_before_happens_by_itself(tx, office):
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "submit")
    day = office.today + timedelta(days=5)
    office.step(tx, statement, "schedule_publication", day=day)
    office.clock.advance(days=5)
    office.engine.fire_due_deadlines(tx)
    assert office.state(tx, statement) == "published"
    assert last_version(tx, statement.id, "form2", "publication").on_day == day


def test_a_plan_can_be_dropped_before_it_is_published_only(tx, office):
    statement = office.drafting(tx, "basic")
    office.step(tx, statement, "submit")
    assert "wrong_state" in office.refused(tx, statement, "drop")
    other = office.plan(tx, "basic")
    office.step(tx, other, "drop")
    assert office.state(tx, other) == "dropped"


# --- the office's own steps --------------------------------------------------------------------------------------------


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


# --- all machines ------------------------------------------------------------------------------------------------------


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
