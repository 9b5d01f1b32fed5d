"""The office's answers to findings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.review_room.common import review_of
from portal.web.errors import not_found
from privacy_assessment.consultation import findings
from privacy_assessment.statements.models import StatementRefused


def answer(request: Request) -> Response:
    """Answer one; the answer is seen in the room at once."""
    review = review_of(request)
    if review.room is None or not review.is_open:
        not_found()
    finding = UUID(request.matchdict["finding"]) if _is_uuid(request.matchdict["finding"]) else not_found()
    try:
        findings.say(
            request.tx,
            request.clock,
            review.room.id,
            finding,
            "answer",
            request.POST.get("text", "").replace("\r\n", "\n"),
            request.identity.account_id,
        )
    except StatementRefused as refused:
        if refused.code == "NOT_FOUND":
            not_found()
        raise request.problem(
            400,
            title="答えを保存できませんでした",
            happened="答えが書かれていないか、5,000字をこえています。",
            kept="これまでの答えはそのままです。",
            todo="前の画面に戻って、書き直してください。",
        ) from None
    return HTTPSeeOther(location=f"{review.path}?done=answered#f-{finding}")


def _is_uuid(text: Any) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
