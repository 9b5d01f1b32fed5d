"""The first page of a review: what was handed in, what can be done now and why not, how far the work is, what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pyramid.request import Request
from pyramid.response import Response

from portal.commission.assessments.common import forms_of, frame, names_of, refusal, review_of, take
from portal.commission.assessments.queue import reviewers
from portal.commission.assessments.words import KIND_NAMES, OCCASIONS, OUTCOMES, RATINGS
from portal.staff.cases import presenting
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.messages import messages_of
from privacy_assessment.commission.papers import papers_of
from privacy_assessment.commission.store import decisions_of, read_checks, read_questions
from privacy_assessment.redaction.grounds import grounds
from workflows.engine import Refused

# Steps pressed here; the others have pages of their own because they need more than a button.
PRESSED = (
    "begin_review", "begin_check", "acknowledge", "resume", "begin_decision", "back_to_review", "file",
)  # fmt: skip
ELSEWHERE = {
    "ask": "questions",
    "propose": "decision",
    "sign_approval": "signature",
    "sign_return": "signature",
    "sign_advice": "signature",
    "send_back": "signature",
}
MESSAGES = {
    "submission": "提出の受領",
    "receipt": "受付の通知",
    "questions": "質問の送付",
    "answer": "回答の受領",
    "reply": "追加の質問の送付",
    "closed": "質問の終了の通知",
    "approve": "承認の通知",
    "return": "返却の通知",
    "advise": "指導・助言の通知",
    "filed": "確認の終了の通知",
    "letter": "通知書の送付",
}


def page(request: Request) -> dict[str, Any]:
    """The page."""
    review = review_of(request)
    tx, submission = request.tx, review.submission
    language = presenting.two(request.language)
    checks = read_checks(tx, submission.id)
    asked = asked_of(submission)
    questions = read_questions(tx, review.case.id)
    decisions = decisions_of(tx, review.case.id)
    people = reviewers(request)
    facts = submission.facts
    return {
        **frame(request, review, "overview"),
        "kinds": KIND_NAMES,
        "occasions": OCCASIONS,
        "outcomes": OUTCOMES,
        "sender": request.office_name(submission.sender),
        "due": _due(request, review.case.id),
        "today": request.clock.today(),
        "people": people,
        "assignee": people.get(review.case.assignee or ""),
        "actions": [
            {"action": one, "page": ELSEWHERE.get(one.trigger), "pressed": one.trigger in PRESSED}
            for one in presenting.actions(review.engine, tx, review.case, review.actor, request.language)
            if one.trigger != "assign"
        ],
        "ratings": {
            code: sum(1 for one in asked if one.code in checks and checks[one.code].rating == code)
            for code in RATINGS
        },
        "rating_text": RATINGS,
        "unchecked": sum(one.code not in checks for one in asked),
        "questions": questions,
        "decisions": decisions,
        "papers": papers_of(tx, [one.id for one in decisions]),
        "names": names_of(request, [one for each in decisions for one in (each.drafted_by, each.signed_by)]),
        "rounds": review.submissions,
        "facts": facts,
        "grounds": {code: one.label for code, one in grounds().items()},
        "messages": [(MESSAGES.get(one.kind, one.kind), one) for one in messages_of(tx, review.case.id)],
        "history": presenting.history(review.engine, tx, review.case, request.language),
        "picture": presenting.picture(review.engine, review.case, request.language),
        "language2": language,
        "text_path": f"{review.path}/text/{forms_of(submission)[0]}" if not submission.notice else None,
    }


def act(request: Request) -> Response:
    """Press one of the buttons, or give the case to somebody."""
    review = review_of(request)
    trigger = request.POST.get("trigger", "")
    if trigger == "assign":
        return take(request, review, trigger, {"assignee": request.POST.get("assignee", "")}, "assigned")
    if trigger not in PRESSED:
        raise refusal(request, review, Refused((), review.case.id, trigger))
    return take(request, review, trigger, {}, trigger)


def _due(request: Request, case: UUID) -> list[tuple[str, datetime]]:
    """The days the case waits for, in order: name of the deadline and a moment of its last day, which ends at midnight."""
    rows = request.tx.raw.execute(
        "SELECT name, due_at FROM madoguchi.deadline WHERE tenant = %s AND case_id = %s AND status IN ('pending', 'fired')"
        " ORDER BY due_at",
        (request.tx.tenant, case),
    ).fetchall()
    return [(name, at - timedelta(microseconds=1)) for name, at in rows]
