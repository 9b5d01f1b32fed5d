"""The result of the review (規則7条4項, 様式4 Ⅵ3): recorded from what stands in the room; recording it ends the room."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.review_room.common import Review, reading_of, review_of
from portal.web.dates import read_date
from portal.web.errors import not_found
from privacy_assessment.consultation import findings, rooms
from privacy_assessment.consultation.third_party import Finding, record_review
from privacy_assessment.statements.models import StatementRefused

REFUSALS = {
    "FUTURE": ("reviewed_on", "点検の日が将来の日付です"),
    "NOBODY": ("reviewers", "点検した者と方法を書いてください（様式4 Ⅵ3）"),
    "UNANSWERED": ("favourable", "答えのない指摘があるまま、適当とはできません。先に答えを書いてください"),
    "BAD_FINDING": ("favourable", "観点か内容のない指摘があります"),
}
LONGEST = 2_000


def page(request: Request) -> dict[str, Any]:
    """What will be recorded, to be looked over."""
    review = _with_room(request)
    people = "、".join(f"{one.organisation} {one.name}" for one in review.members if one.account is not None)
    return _page(
        request,
        review,
        {"reviewed_on": review.today.isoformat(), "reviewers": people, "method": "", "favourable": ""},
        {},
    )


def record(request: Request) -> dict[str, Any] | Response:
    """Record it and end the room."""
    review = _with_room(request)
    assert review.room is not None
    typed = {
        name: request.POST.get(name, "").strip()[:LONGEST]
        for name in ("reviewed_on", "reviewers", "method", "favourable")
    }
    errors: dict[str, str] = {}
    try:
        day = read_date(typed["reviewed_on"])
    except ValueError:
        errors["reviewed_on"] = "点検の日を書いてください（例：令和8年11月22日、2026-11-22）"
        day = review.today
    if typed["favourable"] not in ("yes", "no"):
        errors["favourable"] = "結果を選んでください"
    if not errors:
        try:
            record_review(
                request.tx,
                request.clock,
                review.statement,
                day,
                typed["reviewers"],
                typed["method"],
                _cited(request, review),
                typed["favourable"] == "yes",
                review.actor.id,
            )
        except StatementRefused as refused:
            name, words = REFUSALS.get(refused.code, REFUSALS["BAD_FINDING"])
            errors[name] = words
    if errors:
        request.response.status_code = 400
        return _page(request, review, typed, errors)
    rooms.end_room(request.tx, request.clock, review.room.id, review.actor.id, "result recorded")
    return HTTPSeeOther(location=f"{review.path}?done=recorded")


def _page(request: Request, review: Review, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {
        "review": review,
        "typed": typed,
        "errors": errors,
        "kept": _cited(request, review),
        "waiting": sum(one.waits for one in review.found),
        "names": review.names,
    }


def _cited(request: Request, review: Review) -> list[Finding]:
    """The findings with the items as people cite them."""
    assert review.room is not None
    by_place = reading_of(request, review.room).by_place
    return [
        Finding(
            one.viewpoint,
            f"{line.address} {line.label}" if (line := by_place.get(one.place)) else one.place,
            one.text,
            one.answer,
        )
        for one in findings.for_record(list(review.found))
    ]


def _with_room(request: Request) -> Review:
    review = review_of(request)
    if review.room is None or review.case.state != "third_party":
        not_found()
    return review
