"""Numbered questions to the body: written, sent together with a day to answer by, answered, asked further, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

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
from portal.staff.cases import presenting
from portal.web.errors import not_found
from privacy_assessment.commission.models import CommissionRefused, NoSuchReview
from privacy_assessment.commission.store import read_forms, read_question, read_questions
from privacy_assessment.reading import read_document

USUAL_DAYS = 14
STATES = {"draft": "未送付", "open": "回答待ち", "answered": "回答あり", "closed": "終了"}
TONES = {"draft": "none", "open": "wait", "answered": "done", "closed": "none"}


def page(request: Request) -> dict[str, Any]:
    """The page."""
    review = review_of(request)
    return _page(request, review, request.GET.get("form", ""), request.GET.get("place", ""), "", {})


def write(request: Request) -> dict[str, Any] | Response:
    """Write a question at an item."""
    review = review_of(request)
    form, _, place = request.POST.get("item", "").partition("|")
    text = request.POST.get("text", "")
    try:
        service_of(request).write_question(request.tx, review.case.id, form, place, text, review.actor)
    except CommissionRefused as refused:
        return _page(request, review, form, place, text, {"text": str(refused)})
    return HTTPSeeOther(location=f"{review.path}/questions?done=written#questions")


def send(request: Request) -> Response:
    """Send what is written."""
    review = review_of(request)
    given = {"due_on": day.isoformat()} if (day := day_of(request.POST.get("due_on", ""))) else {}
    return take(request, review, "ask", given, "sent", f"{review.path}/questions")


def go_on(request: Request) -> Response:
    """Ask further in a question, or close it."""
    review = review_of(request)
    desk = service_of(request)
    try:
        question = read_question(request.tx, UUID(request.matchdict["question"]))
        if question.case_id != review.case.id:
            not_found()
        if request.POST.get("what") == "close":
            desk.close(request.tx, question.id, review.actor)
            done = "closed"
        else:
            desk.reply(request.tx, question.id, request.POST.get("text", ""), review.actor)
            done = "replied"
    except NoSuchReview:
        not_found()
    except CommissionRefused as refused:
        raise not_kept(request, refused) from refused
    return HTTPSeeOther(location=f"{review.path}/questions?done={done}#q{question.number}")


def _page(
    request: Request, review: Review, form: str, place: str, text: str, errors: dict[str, str]
) -> dict[str, Any]:
    questions = read_questions(request.tx, review.case.id)
    unsent = [one for one in questions if one.state == "draft"]
    language = presenting.two(request.language)
    return {
        **frame(request, review, "questions"),
        "questions": questions,
        "unsent": unsent,
        "states": STATES,
        "tones": TONES,
        "names": names_of(request, [one.by for each in questions for one in each.entries]),
        "usual_due": request.clock.today() + timedelta(days=USUAL_DAYS),
        "items": _items(request, review, language) if review.editable else [],
        "chosen_form": form,
        "chosen_place": place,
        "text": text,
        "errors": errors,
        "may_send": any(
            one.trigger == "ask" and one.allowed
            for one in review.engine.options(request.tx, review.case.id, review.actor)
        ),
    }


def _items(request: Request, review: Review, language: str) -> list[tuple[str, str, str]]:
    """Every item that can be asked about: form, place, words."""
    found = []
    for form, handed in sorted(read_forms(request.tx, review.submission.id).items(), reverse=True):
        for line in read_document(handed.document, handed.form, language).lines:
            if line.kind == "heading" or line.key == "c.edition" or (line.kind == "table" and not line.rows):
                continue
            place = line.rows[0][0].place if line.kind == "table" else line.place
            found.append((form, place, f"{handed.form.number} {line.address} {line.label}"))
    return found
