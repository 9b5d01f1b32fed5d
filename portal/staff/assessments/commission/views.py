"""The page of a body's dealings with the commission, and answering one of its questions."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.cases import presenting
from portal.staff.people import staff_names
from portal.web.errors import not_found
from portal.web.permissions import identity_permits
from privacy_assessment.commission.answers import answer as send_answer
from privacy_assessment.commission.answers import questions_to
from privacy_assessment.commission.messages import messages_of
from privacy_assessment.commission.models import CommissionRefused, NoSuchReview
from privacy_assessment.commission.papers import content_of, papers_of, read_paper
from privacy_assessment.commission.store import read_question

LETTERS = frozenset({"approve", "return", "advise"})
OUTCOMES = {
    "approve": "承認",
    "approve_with_notes": "留意事項を付けて承認",
    "return": "返却",
    "advise": "指導・助言",
}
STATES = {"open": "回答待ち", "answered": "回答あり", "closed": "終了", "draft": "未送付"}
TONES = {"open": "wait", "answered": "done", "closed": "none", "draft": "none"}
MESSAGES = {
    "submission": "提出を送る",
    "receipt": "受付",
    "questions": "質問が届く",
    "answer": "回答の送付",
    "reply": "追加の質問が届く",
    "closed": "質問が終わる",
    "approve": "承認の通知が届く",
    "return": "返却の通知が届く",
    "advise": "指導・助言が届く",
    "filed": "確認が終わる",
    "letter": "通知書が届く",
}


def page(request: Request) -> dict[str, Any]:
    """The page."""
    return _page(request, statement_at(request), {}, "")


def letter(request: Request) -> Response:
    """A letter of the commission as PDF."""
    found = statement_at(request)
    paper = read_paper(request.tx, UUID(request.matchdict["paper"]))
    sent = {
        one.payload.get("paper") for one in messages_of(request.tx, found.case.id) if one.kind == "letter"
    }
    content = content_of(request.tx, paper.id) if paper is not None and str(paper.id) in sent else None
    if content is None:
        not_found()
    name, pdf = content
    response = Response(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["Cache-Control"] = "no-store"
    return response


def answer(request: Request) -> dict[str, Any] | Response:
    """Answer a question; a job carries it to the commission."""
    found = statement_at(request)
    text = request.POST.get("text", "")
    try:
        question = read_question(request.tx, UUID(request.matchdict["question"]))
        if question.case_id != found.case.id:
            not_found()
        send_answer(request.tx, request.clock, question.id, text, found.actor.id)
    except NoSuchReview:
        not_found()
    except CommissionRefused as refused:
        return _page(request, found, {f"text-{question.number}": str(refused)}, text)
    return HTTPSeeOther(location=f"{found.path}/commission?done=answered#q{question.number}")


def _page(request: Request, found: AtDesk, errors: dict[str, str], typed: str) -> dict[str, Any]:
    messages = messages_of(request.tx, found.case.id)
    questions = questions_to(request.tx, found.case.id)
    language = presenting.two(request.language)
    return {
        "found": found,
        "statement": found.statement,
        "state": presenting.state_label(request.assessments.engine, found.case, language),
        "questions": questions,
        "states": STATES,
        "tones": TONES,
        "outcomes": OUTCOMES,
        "letters": [one for one in reversed(messages) if one.kind in LETTERS and one.direction == "in"],
        "papers": {
            str(one.subject): one
            for one in papers_of(
                request.tx, [UUID(one.payload["decision"]) for one in messages if one.kind in LETTERS]
            )
        },
        "messages": [(MESSAGES.get(one.kind, one.kind), one) for one in messages],
        "names": staff_names(request.tx, [one.by for each in questions for one in each.entries]),
        "may_answer": identity_permits(request.identity, None, "staff:assessments:act"),
        "errors": errors,
        "typed": typed,
        "done": request.GET.get("done"),
    }
