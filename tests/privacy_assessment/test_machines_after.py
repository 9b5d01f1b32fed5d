"""Table T5 walked on the database: what follows a publication, year by year, until the end of the affair."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacy_assessment.comparison import Decided
from privacy_assessment.statements.changes import changes_of, decide
from privacy_assessment.statements.store import last_version, read_draft, read_statement, read_versions
from storage.ids import new_id
from tests.privacy_assessment.world import BOSS, CENTRE
from workflows.law import statements as register

WAYS = [("basic", "local"), ("focused", "local"), ("full", "local"), ("full", "national")]


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
