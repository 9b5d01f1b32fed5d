"""The commission's own machine: which steps are open when, and every order error refused with the article that forbids it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from privacy_assessment.commission.models import (
    CommissionRefused,
)
from privacy_assessment.commission.store import (
    current,
    decisions_of,
    draft_of,
    read_decision,
)
from storage.ids import new_id
from tests.assessments.commission_desk import Desk, desk, empty_desk
from tests.assessments.commission_world import MEMBER, OTHER, REVIEWER
from workflows.engine import Actor, Refused

__all__ = ["desk", "empty_desk"]


def test_an_approval_that_was_asked_for_is_not_filed_after_a_mere_check(desk: Desk) -> None:
    case = desk.submit()
    assert "番号法28条2項・3項" in desk.refusal(case, "begin_check")["approval_is_asked"]
    desk.do(case, "begin_review")
    assert desk.refusal(case, "file")


@pytest.mark.parametrize("kind", ["basic", "focused", "full"])
def test_what_needs_no_approval_is_checked_and_not_approved(desk: Desk, kind: str) -> None:
    case = desk.submit(kind, needs_approval=False)
    assert "規則5条" in desk.refusal(case, "begin_review")["approval_not_asked"]
    desk.ready(case)
    with pytest.raises(CommissionRefused) as wrong:
        desk.draft(case, "approve")
    assert "番号法28条" in str(wrong.value)
    assert draft_of(desk.tx, case) is None


def test_a_notice_of_the_end_is_neither_reviewed_nor_checked(desk: Desk) -> None:
    case = desk.submit("basic", needs_approval=False, occasion="ended")
    for trigger in ("begin_check", "begin_review"):
        assert "規則16条" in desk.refusal(case, trigger)["only_a_notice"]
    other = desk.submit("basic", needs_approval=False)
    assert "規則5条" in desk.refusal(other, "acknowledge")["not_a_notice"]


def test_no_decision_is_begun_while_a_standpoint_is_not_judged(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    reasons = desk.refusal(case, "begin_decision")
    assert "12件" in reasons["checklist_open"]
    assert "番号法28条3項・指針第10" in reasons["checklist_open"]


def test_an_open_question_stops_an_approval_but_not_a_return(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    question = desk.question(case)
    desk.do(case, "ask", due_on=desk.today_iso())
    desk.do(case, "resume")
    desk.check_all(case)
    desk.do(case, "begin_decision")
    made = desk.draft(case, "approve")
    reasons = desk.refusal(case, "propose", decision=made.id)
    assert "問1" in reasons["questions_open"]
    assert "番号法28条3項" in reasons["questions_open"]
    made = desk.draft(case, "return")
    desk.do(case, "propose", decision=made.id)
    desk.do(case, "send_back", MEMBER, remark="承認でよい。")
    desk.reviews.close(desk.tx, question, REVIEWER)
    made = desk.draft(case, "approve")
    desk.do(case, "propose", decision=made.id)


def test_a_standpoint_to_be_fixed_stops_an_approval_and_a_silent_filing(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve", sound_risks="fix")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    reasons = desk.refusal(case, "propose", decision=draft.id)
    assert "番号法28条3項" in reasons["not_fit"]
    assert "（9）" in reasons["not_fit"]
    local = desk.submit("focused", needs_approval=False)
    desk.do(local, "begin_check")
    desk.check_all(local, sound_measures="fix")
    assert "番号法33条" in desk.refusal(local, "file")["fix_stands"]


def test_the_drafter_does_not_sign_nor_anybody_else_who_wrote_of_it(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    made = desk.draft(case, "approve", MEMBER)
    desk.do(case, "propose", REVIEWER, decision=made.id)
    second = Actor("staff", str(UUID(int=28)), frozenset({"reviewer", "commissioner"}))
    given = {"decision": made.id, "decided_on": desk.today_iso()}
    assert "起案" in desk.refusal(case, "sign_approval", MEMBER, **given)["own_draft"]
    assert desk.refusal(case, "sign_approval", REVIEWER, **given)
    desk.do(case, "sign_approval", second, **given)
    signed = read_decision(desk.tx, made.id)
    assert (signed.signed_by, signed.letter_number) == (second.id, f"{current(desk.tx, case).receipt}-1")


def test_a_reviewer_without_the_post_signs_nothing(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    with pytest.raises(Refused):
        desk.do(case, "sign_approval", OTHER, decision=draft.id, decided_on=desk.today_iso())


def test_what_is_signed_is_what_was_drafted_on_a_day_that_has_come(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "return")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    today = desk.today_iso()
    assert (
        "返却"
        in desk.refusal(case, "sign_approval", MEMBER, decision=draft.id, decided_on=today)["other_outcome"]
    )
    assert "stale_draft" in desk.refusal(case, "sign_return", MEMBER, decision=new_id(), decided_on=today)
    tomorrow = (desk.clock.today() + timedelta(days=1)).isoformat()
    assert "decided_in_future" in desk.refusal(
        case, "sign_return", MEMBER, decision=draft.id, decided_on=tomorrow
    )


def test_two_who_draft_at_once_are_told_and_the_first_text_stands(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    with pytest.raises(CommissionRefused) as wrong:
        desk.reviews.draft(desk.tx, case, "return", "別の理由", "", OTHER, 0)
    assert wrong.value.code == "STALE"
    (only,) = decisions_of(desk.tx, case)
    assert (only.outcome, only.version) == ("approve", 1)
