"""The page of this side: the room and its people, what they found, who read what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.request import Request

from portal.staff.assessments.review_room.common import Review, reading_of, review_of
from portal.staff.people import staff_names
from privacy_assessment.consultation import rooms
from privacy_assessment.statements.store import last_version

USUAL = timedelta(days=30)


def page(request: Request) -> dict[str, Any]:
    """Everything."""
    return shown(request, review_of(request), {})


def shown(
    request: Request, review: Review, errors: dict[str, str], code: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The page with what was wrong in a form of it, or with a code that is shown this once.

    :param code: (name, code).
    """
    if errors:
        request.response.status_code = 400
    tx, room = request.tx, review.room
    reading = reading_of(request, room) if room else None
    by = [room.opened_by, room.ended_by or ""] if room else []
    by += [one.invited_by for one in review.members]
    by += [str(said.by) for one in review.found for said in one.entries]
    return {
        "review": review,
        "frozen": last_version(tx, review.statement.id, rooms.FORM, "third_party"),
        "lines": {
            one.place: line for one in review.found if reading and (line := reading.by_place.get(one.place))
        },
        "readings": rooms.readings(tx, room.id) if room else [],
        "known": rooms.reviewers_known(tx, room.id) if room and review.is_open else [],
        "staff": staff_names(tx, by),
        "names": review.names,
        "usual": (review.today + USUAL).isoformat(),
        "typed": {
            name: request.POST.get(name, "") for name in ("name", "organisation", "until", "reason", "answer")
        },
        "errors": errors,
        "code": code,
        "done": request.GET.get("done"),
        "origin": request.portal.origin,
    }
