"""Meetings: calling one, its agenda, and the bundle of papers for its day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.commission.assessments.common import day_of, id_of, not_kept
from portal.commission.assessments.words import KIND_NAMES, OUTCOMES
from portal.staff.cases import presenting
from portal.web.errors import not_found
from privacy_assessment.commission import meetings, queue
from privacy_assessment.commission.models import KIND, CommissionRefused, NoSuchReview
from privacy_assessment.commission.papers import papers_of
from privacy_assessment.commission.store import current, draft_of, read_submission

CHOICES = 100


def listing(request: Request) -> dict[str, Any]:
    """The meetings, and a form to call one."""
    return _listing(request, {"held_on": "", "place": "", "note": ""}, {})


def call(request: Request) -> dict[str, Any] | Response:
    """Call a meeting."""
    typed = {name: request.POST.get(name, "").strip() for name in ("held_on", "place", "note")}
    day = day_of(typed["held_on"])
    if day is None:
        return _listing(request, typed, {"held_on": "会議の日を入れてください。"})
    try:
        made = meetings.call_meeting(
            request.tx, request.clock, day, typed["place"], typed["note"], str(request.identity.account_id)
        )
    except CommissionRefused as refused:
        return _listing(request, typed, {"held_on": str(refused)})
    return HTTPSeeOther(location=f"/commission/meetings/{made}?done=called")


def page(request: Request) -> dict[str, Any]:
    """One meeting with its agenda."""
    meeting = _meeting(request)
    tx = request.tx
    language = presenting.two(request.language)
    definition = request.desk.engine.registry.kind(KIND).newest
    items = []
    for key in meeting.items:
        submission = read_submission(tx, key)
        case = request.desk.engine.case(tx, submission.case_id)
        draft = draft_of(tx, submission.case_id)
        items.append(
            {
                "submission": submission,
                "state": definition.states[case.state].label[language],
                "outcome": OUTCOMES[draft.outcome] if draft else None,
            }
        )
    known = set(meeting.items)
    me, now = str(request.identity.account_id), request.clock.now()
    choices = [
        (current(tx, row.case), row)
        for row in queue.queue_page(tx, "open", me, now, limit=CHOICES)
        if row.state not in ("received", "returned")
    ]
    return {
        "meeting": meeting,
        "items": items,
        "choices": [(one, row) for one, row in choices if one.id not in known],
        "kinds": KIND_NAMES,
        "papers": papers_of(tx, [meeting.id]),
        "done": request.GET.get("done"),
    }


def change(request: Request) -> Response:
    """Put something on the agenda, take it off, or order the bundle."""
    meeting = _meeting(request)
    submission = id_of(request.POST.get("submission", ""))
    what = request.POST.get("what", "")
    try:
        if what == "bundle":
            paper = meetings.order_bundle(
                request.tx, request.clock, meeting.id, str(request.identity.account_id)
            )
            return HTTPSeeOther(location=f"/commission/papers/{paper}")
        if submission is None:
            raise CommissionRefused("NONE", "提出が選ばれていません。何も変えていません。選んでください。")
        read_submission(request.tx, submission)
        if what == "off":
            meetings.take_off_agenda(request.tx, meeting.id, submission)
        else:
            meetings.put_on_agenda(request.tx, meeting.id, submission)
    except NoSuchReview:
        not_found()
    except CommissionRefused as refused:
        raise not_kept(request, refused) from refused
    return HTTPSeeOther(location=f"/commission/meetings/{meeting.id}?done={'off' if what == 'off' else 'on'}")


def _meeting(request: Request) -> meetings.Meeting:
    try:
        return meetings.read_meeting(request.tx, UUID(request.matchdict["meeting"]))
    except NoSuchReview:
        not_found()


def _listing(request: Request, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {"meetings": meetings.list_meetings(request.tx), "typed": typed, "errors": errors}
