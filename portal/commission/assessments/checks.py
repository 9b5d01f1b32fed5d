"""Judging a standpoint beside the text."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.commission.assessments.common import review_of, service_of
from portal.commission.assessments.text import text_page
from privacy_assessment.commission.models import CommissionRefused


def judge(request: Request) -> dict[str, Any] | Response:
    """Keep the judgement and go back to the standpoint; what cannot be kept is said at its place."""
    review = review_of(request)
    form, standpoint = request.matchdict["form"], request.POST.get("standpoint", "")[:60]
    comment = request.POST.get("comment", "")
    try:
        service_of(request).judge(
            request.tx,
            review.submission.id,
            standpoint,
            request.POST.get("rating", ""),
            comment,
            review.actor,
        )
    except CommissionRefused as refused:
        return text_page(request, review, form, {standpoint: str(refused)}, comment)
    return HTTPSeeOther(location=f"{review.path}/text/{form}?done=judged#check-{standpoint}")
