"""Papers a job makes: how far one has come, and the file when it is there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from pyramid.request import Request
from pyramid.response import Response

from portal.web.errors import not_found
from privacy_assessment.commission.meetings import read_meeting
from privacy_assessment.commission.models import NoSuchReview
from privacy_assessment.commission.papers import content_of, read_paper
from privacy_assessment.commission.store import read_decision

STATES = {
    "waiting": "順番を待っています",
    "making": "作っています",
    "ready": "できました",
    "failed": "作れませんでした",
}
TITLES = {"letter": "通知書", "draft": "通知書の案", "bundle": "会議資料"}


def page(request: Request) -> dict[str, Any]:
    """The page of one paper."""
    paper = read_paper(request.tx, UUID(request.matchdict["paper"]))
    if paper is None:
        not_found()
    return {
        "paper": paper,
        "state": STATES[paper.state],
        "title": TITLES[paper.kind],
        "back": _back(request, paper.kind, paper.subject),
    }


def file(request: Request) -> Response:
    """The file."""
    found = content_of(request.tx, UUID(request.matchdict["paper"]))
    if found is None:
        not_found()
    name, content = found
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _back(request: Request, kind: str, subject: UUID) -> str:
    try:
        if kind == "bundle":
            return f"/commission/meetings/{read_meeting(request.tx, subject).id}"
        return f"/commission/cases/{read_decision(request.tx, subject).case_id}/decision"
    except NoSuchReview:
        return "/commission/"
