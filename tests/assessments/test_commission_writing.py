"""What the commission writes about a submission: questions, judgements, letters; when it may, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from privacy_assessment.commission.letters import letter_of
from privacy_assessment.commission.models import (
    CommissionRefused,
    NoSuchReview,
)
from privacy_assessment.commission.standpoints import all_sets, standpoints_on
from privacy_assessment.commission.store import (
    current,
    draft_of,
    read_checks,
    read_decision,
    read_question,
    read_questions,
)
from storage.ids import new_id
from tests.assessments.commission_desk import Desk, desk, empty_desk
from tests.assessments.commission_world import MEMBER, OTHER, REVIEWER
from workflows.engine import Applied

__all__ = ["desk", "empty_desk"]


def test_questions_are_numbered_sent_once_and_only_with_a_day_that_has_not_passed(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    assert "no_questions" in desk.refusal(case, "ask", due_on=desk.today_iso())
    first, second = desk.question(case), desk.question(case)
    yesterday = (desk.clock.today() - timedelta(days=1)).isoformat()
    assert "due_past" in desk.refusal(case, "ask", due_on=yesterday)
    desk.do(case, "ask", due_on=desk.today_iso())
    assert [read_question(desk.tx, one).number for one in (first, second)] == [1, 2]
    assert "no_questions" in desk.refusal(case, "ask", due_on=desk.today_iso())


@pytest.mark.parametrize(
    ("form", "place", "text"),
    [
        ("form4", "f4.nothing", "x"),
        ("form9", "f4.1.1.2", "x"),
        ("form4", "f4.1.1.2", " "),
        ("form4", "f4.1.1.2", "あ" * 10_001),
    ],
)
def test_a_question_that_fits_nowhere_or_says_nothing_is_not_kept(
    desk: Desk, form: str, place: str, text: str
) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    with pytest.raises(CommissionRefused):
        desk.reviews.write_question(desk.tx, case, form, place, text, REVIEWER)
    assert read_questions(desk.tx, case) == []


def test_a_judgement_needs_its_reason_and_its_history_stays(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    submission = current(desk.tx, case)
    for rating, comment in (("fix", ""), ("improve", "  "), ("perfect", "x")):
        with pytest.raises(CommissionRefused):
            desk.reviews.judge(desk.tx, submission.id, "fit-time", rating, comment, REVIEWER)
    with pytest.raises(CommissionRefused):
        desk.reviews.judge(desk.tx, submission.id, "no-such", "good", "", REVIEWER)
    desk.reviews.judge(desk.tx, submission.id, "fit-time", "fix", "時期が遅い", REVIEWER)
    desk.reviews.judge(desk.tx, submission.id, "fit-time", "good", "", OTHER)
    assert read_checks(desk.tx, submission.id)["fit-time"].by == OTHER.id
    rows = desk.tx.raw.execute(
        "SELECT rating FROM madoguchi.commission_check WHERE submission = %s ORDER BY seq", (submission.id,)
    ).fetchall()
    assert rows == [("fix",), ("good",)]


def test_nothing_is_written_in_a_state_that_is_not_for_writing(desk: Desk) -> None:
    case = desk.submit()
    submission = current(desk.tx, case)
    with pytest.raises(CommissionRefused) as wrong:
        desk.reviews.judge(desk.tx, submission.id, "fit-time", "good", "", REVIEWER)
    assert wrong.value.code == "NOT_EDITABLE"
    desk.ready(case, "approve")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    for act in (
        lambda: desk.question(case),
        lambda: desk.draft(case, "return"),
    ):
        with pytest.raises(CommissionRefused):
            act()


def test_the_clock_reminds_and_the_case_stays_where_it_is(desk: Desk) -> None:
    case = desk.submit()
    desk.clock.advance(days=60)
    fired = desk.engine.fire_due_deadlines(desk.tx)
    assert [one.trigger for one in fired if isinstance(one, Applied)] == ["remind_review"]
    assert desk.commission_state(case) == "received"


def test_receipts_count_on_within_a_fiscal_year_and_begin_again_in_april(desk: Desk) -> None:
    receipts = [current(desk.tx, desk.submit()).receipt for _ in range(2)]
    year, number = receipts[0].split("-")
    assert receipts[1] == f"{year}-{int(number) + 1:04d}"
    desk.clock.set(datetime(2027, 3, 31, 14, 59, tzinfo=UTC))
    assert current(desk.tx, desk.submit()).receipt.startswith("2026-")
    desk.clock.set(datetime(2027, 3, 31, 15, 0, tzinfo=UTC))
    assert current(desk.tx, desk.submit()).receipt == "2027-0001"


def test_a_letter_says_what_was_decided_and_a_draft_says_it_is_one(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve_with_notes")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    letter = letter_of(desk.tx, draft, desk.clock.today())
    assert (letter.number, letter.day) == ("", "")
    assert letter.draft
    assert "留意事項" in [heading for heading, _ in letter.parts]
    desk.do(case, "propose", decision=draft.id)
    desk.do(case, "sign_approval", MEMBER, decision=draft.id, decided_on=desk.today_iso())
    signed = letter_of(desk.tx, read_decision(desk.tx, draft.id), desk.clock.today())
    assert signed.draft == ""
    assert signed.day == "令和8年11月22日"
    assert "架空庁長官" in signed.addressee


def test_the_standpoints_are_dated_and_each_kind_is_asked_what_it_can_answer() -> None:
    newest = standpoints_on(date(2026, 11, 22))
    assert [len(newest.asked(kind)) for kind in ("basic", "focused", "full")] == [10, 11, 12]
    with pytest.raises(LookupError):
        standpoints_on(date(2014, 4, 19))
    for one in all_sets():
        codes = [each.code for group in one.groups for each in group.standpoints]
        assert len(codes) == len(set(codes))
        assert one.source


def test_nothing_is_found_that_is_not_there(desk: Desk) -> None:
    for read in (current, read_question, read_decision):
        with pytest.raises(NoSuchReview):
            read(desk.tx, new_id())
