"""The decision: drafted by one person, read as the letter it will be, signed by another (番号法28条3項, 33条)."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.commission.assessments.common import (
    Review,
    day_of,
    frame,
    names_of,
    not_kept,
    review_of,
    service_of,
    take,
)
from portal.commission.assessments.words import OUTCOMES, RATINGS
from portal.staff.cases import presenting
from privacy_assessment.commission.letters import letter_of
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.models import CommissionRefused
from privacy_assessment.commission.papers import papers_of
from privacy_assessment.commission.store import decisions_of, draft_of, read_checks, read_questions

OPEN_TO = {True: ("approve", "approve_with_notes", "return"), False: ("advise",)}
SIGN = {
    "approve": "sign_approval",
    "approve_with_notes": "sign_approval",
    "return": "sign_return",
    "advise": "sign_advice",
}


def page(request: Request) -> dict[str, Any]:
    """The draft and what it rests on."""
    review = review_of(request)
    draft = draft_of(request.tx, review.case.id)
    typed = {
        "outcome": draft.outcome if draft else "",
        "reasons": draft.reasons if draft else "",
        "notes": draft.notes if draft else "",
    }
    return _page(request, review, typed, {})


def write(request: Request) -> dict[str, Any] | Response:
    """Write the draft."""
    review = review_of(request)
    typed = {name: request.POST.get(name, "") for name in ("outcome", "reasons", "notes")}
    seen = request.POST.get("seen", "")
    try:
        service_of(request).draft(
            request.tx,
            review.case.id,
            typed["outcome"],
            typed["reasons"],
            typed["notes"],
            review.actor,
            int(seen) if seen.isdecimal() and len(seen) < 6 else 0,
        )
    except CommissionRefused as refused:
        field = {"BAD_OUTCOME": "outcome", "OUTCOME_NOT_OPEN": "outcome"}.get(refused.code, "reasons")
        if refused.code == "NO_TEXT" and typed["reasons"].strip():
            field = "notes"
        return _page(request, review, typed, {field: str(refused)})
    return HTTPSeeOther(location=f"{review.path}/decision?done=drafted")


def propose(request: Request) -> Response:
    """Ask for the signature of the draft that was read."""
    review = review_of(request)
    given = {"decision": request.POST.get("decision", "")}
    return take(request, review, "propose", given, "proposed")


def order_letter(request: Request) -> Response:
    """Order the letter as PDF."""
    review = review_of(request)
    draft = draft_of(request.tx, review.case.id)
    if draft is None:
        raise not_kept(
            request,
            CommissionRefused("NO_DRAFT", "決定の案がありません。作っていません。先に案を書いてください。"),
        )
    paper = service_of(request).order_draft(request.tx, draft.id, review.actor)
    return HTTPSeeOther(location=f"/commission/papers/{paper}")


def signature_page(request: Request) -> dict[str, Any]:
    """The letter as it will go out, and the second signature."""
    review = review_of(request)
    draft = draft_of(request.tx, review.case.id)
    today = request.clock.today()
    options = {one.trigger: one for one in review.engine.options(request.tx, review.case.id, review.actor)}
    option = options.get(SIGN[draft.outcome]) if draft else None
    language = presenting.two(request.language)
    return {
        **frame(request, review, "decision"),
        "draft": draft,
        "letter": letter_of(request.tx, draft, today) if draft else None,
        "outcomes": OUTCOMES,
        "names": names_of(request, draft.drafters if draft else ()),
        "today": today,
        "may_sign": option is not None and option.allowed,
        "why_not": [review.engine.reason_text(one, review.case, language) for one in option.reasons]
        if option
        else [],
        "may_send_back": "send_back" in options and options["send_back"].allowed,
        "papers": papers_of(request.tx, [draft.id]) if draft else [],
        **_standing(request, review),
    }


def sign(request: Request) -> Response:
    """The second signature."""
    review = review_of(request)
    draft = draft_of(request.tx, review.case.id)
    day = day_of(request.POST.get("decided_on", ""))
    given = {
        "decision": request.POST.get("decision", ""),
        **({"decided_on": day.isoformat()} if day else {}),
    }
    trigger = SIGN[draft.outcome] if draft else "sign_approval"
    return take(request, review, trigger, given, "signed")


def send_back(request: Request) -> Response:
    """Back to the drafter, with a word why."""
    review = review_of(request)
    remark = request.POST.get("remark", "").strip()[:2000]
    given = {"remark": remark} if remark else {}
    return take(request, review, "send_back", given, "sent_back")


def _page(request: Request, review: Review, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    draft = draft_of(request.tx, review.case.id)
    earlier = [one for one in decisions_of(request.tx, review.case.id) if one.signed_at is not None]
    options = {one.trigger: one for one in review.engine.options(request.tx, review.case.id, review.actor)}
    language = presenting.two(request.language)
    propose = options.get("propose")
    return {
        **frame(request, review, "decision"),
        "draft": draft,
        "earlier": earlier,
        "typed": typed,
        "errors": errors,
        "open_to": {code: OUTCOMES[code] for code in OPEN_TO[review.submission.needs_approval]},
        "outcomes": OUTCOMES,
        "names": names_of(
            request,
            [
                *(draft.drafters if draft else ()),
                *(each for one in earlier for each in (one.drafted_by, one.signed_by)),
            ],
        ),
        "propose": propose,
        "why_not": [review.engine.reason_text(one, review.case, language) for one in propose.reasons]
        if propose
        else [],
        "papers": papers_of(request.tx, [one.id for one in (*earlier, *([draft] if draft else []))]),
        **_standing(request, review),
    }


def _standing(request: Request, review: Review) -> dict[str, Any]:
    """The checklist and the questions in short, beside the decision."""
    checks = read_checks(request.tx, review.submission.id)
    return {
        "judged": [(one, checks.get(one.code)) for one in asked_of(review.submission)],
        "rating_text": RATINGS,
        "open_questions": [
            one for one in read_questions(request.tx, review.case.id) if one.state in ("open", "answered")
        ],
    }
