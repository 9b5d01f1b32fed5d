"""What must hold before a step of the commission, pure: each guard looks at the fact of its own name and answers with the article."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from privacy_assessment.commission.models import APPROVING, OUTCOMES
from workflows.engine import Reason

Facts = Mapping[str, Any]
ASKED = "番号法28条2項・3項"
FREE = "規則5条・6条・7条・14条、番号法33条"
DECIDE = "番号法28条3項・指針第10"
NOTICE = "規則16条"


def approval_asked(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条2項: only a 全項目 of a national body asks for an approval, and only before it is published."""
    found = facts["approval_asked"]
    if found["notice"]:
        return Reason("only_a_notice", article=NOTICE)
    return None if found["needs_approval"] else Reason("approval_not_asked", article=FREE)


def no_approval_asked(facts: Facts, given: Facts) -> Reason | None:
    """Where an approval is asked for, a check is not enough."""
    found = facts["no_approval_asked"]
    if found["notice"]:
        return Reason("only_a_notice", article=NOTICE)
    return Reason("approval_is_asked", article=ASKED) if found["needs_approval"] else None


def notice_only(facts: Facts, given: Facts) -> Reason | None:
    """規則16条: a notice is acknowledged; a statement is not."""
    return None if facts["notice_only"] else Reason("not_a_notice", article=FREE)


def questions_written(facts: Facts, given: Facts) -> Reason | None:
    """Questions are sent together, with a day to answer by."""
    found = facts["questions_written"]
    if not found["unsent"]:
        return Reason("no_questions")
    day = _day(given.get("due_on"))
    return Reason("due_past") if day is not None and day < found["today"] else None


def answers_in(facts: Facts, given: Facts) -> Reason | None:
    """Each question that was sent has an answer."""
    count = facts["answers_in"]
    return Reason("answers_missing", count=count) if count else None


def checklist_done(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条3項: whether it fits the guideline is judged by all the standpoints of the guideline."""
    missing = facts["checklist_done"]
    if not missing:
        return None
    return Reason("checklist_open", count=len(missing), first=missing[0], article=DECIDE)


def questions_settled(facts: Facts, given: Facts) -> Reason | None:
    """A question stays open over a return, but not over an approval."""
    found = facts["questions_settled"]
    if not found["open"] or found["outcome"] == "return":
        return None
    return Reason("questions_open", count=len(found["open"]), first=found["open"][0], article=DECIDE)


def draft_written(facts: Facts, given: Facts) -> Reason | None:
    """There is a draft, it is the one the step names, and its day is not in the future."""
    found = facts["draft_written"]
    if found["draft"] is None:
        return Reason("no_draft", article=DECIDE)
    if "decision" in given and str(given["decision"]) != found["draft"]:
        return Reason("stale_draft", article=DECIDE)
    day = _day(given.get("decided_on"))
    return Reason("decided_in_future") if day is not None and day > found["today"] else None


def draft_fits(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条3項: no approval while a standpoint is to be fixed; only outcomes that this submission is open to."""
    found = facts["draft_fits"]
    outcome = found["outcome"]
    if outcome is None:
        return None
    if (outcome == "advise") is found["needs_approval"]:
        article = ASKED if found["needs_approval"] else FREE
        return Reason("outcome_not_open", outcome=OUTCOMES[outcome], article=article)
    if outcome in APPROVING and found["fix"]:
        return Reason("not_fit", count=len(found["fix"]), first=found["fix"][0], article="番号法28条3項")
    return None


def draft_approves(facts: Facts, given: Facts) -> Reason | None:
    """What is signed is what was drafted."""
    return _is(facts["draft_approves"], APPROVING)


def draft_returns(facts: Facts, given: Facts) -> Reason | None:
    """What is signed is what was drafted."""
    return _is(facts["draft_returns"], frozenset({"return"}))


def draft_advises(facts: Facts, given: Facts) -> Reason | None:
    """What is signed is what was drafted."""
    return _is(facts["draft_advises"], frozenset({"advise"}))


def other_person_than_drafter(facts: Facts, given: Facts) -> Reason | None:
    """The second signature is that of somebody who wrote nothing of the draft, whoever asked for it."""
    own = facts["actor"].id in facts["other_person_than_drafter"]
    return Reason("own_draft", article="委員会の決裁（起案者と署名者の別）") if own else None


def nothing_to_fix(facts: Facts, given: Facts) -> Reason | None:
    """番号法33条: what is to be fixed is said to the body as advice, not filed in silence."""
    found = facts["nothing_to_fix"]
    return Reason("fix_stands", count=len(found), first=found[0], article="番号法33条") if found else None


def _is(outcome: str | None, wanted: frozenset[str]) -> Reason | None:
    if outcome is None or outcome in wanted:
        return None
    return Reason("other_outcome", outcome=OUTCOMES[outcome], article=DECIDE)


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        # Missing or malformed days are reported as such by the check of the input.
        return None


ALL = (
    approval_asked, no_approval_asked, notice_only, questions_written, answers_in, checklist_done, questions_settled,
    draft_written, draft_fits, draft_approves, draft_returns, draft_advises, other_person_than_drafter, nothing_to_fix,
)  # fmt: skip
