"""Reading in the room: the rooms of a reviewer, the whole text, the opinions of residents, findings and answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyramid.request import Request

from portal.review.door import enter, reading_in
from privacy_assessment.consultation import findings, inbox, rooms
from privacy_assessment.consultation.store import last_consultation
from privacy_assessment.consultation.third_party import VIEWPOINTS
from privacy_assessment.reading import Line

PAGE = 50


def listing(request: Request) -> dict[str, Any]:
    """The rooms she may enter today."""
    found = rooms.open_rooms(request.tx, request.clock, request.identity.account_id)
    return {"rooms": found, "today": request.clock.today()}


def room(request: Request) -> dict[str, Any]:
    """Where the review stands: findings by viewpoint, answers, conclusions."""
    inside = enter(request, "room")
    reading = reading_in(request, inside)
    found = findings.findings_of(request.tx, inside.room.id)
    members = rooms.members_of(request.tx, inside.room.id)
    return {
        "inside": inside,
        "viewpoints": VIEWPOINTS,
        "found": found,
        "lines": {one.place: line for one in found if (line := reading.by_place.get(one.place))},
        "names": {one.account: one.name for one in members if one.account},
        "members": [one for one in members if one.ended_at is None],
        "votes": findings.votes_of(request.tx, inside.room.id),
        "mine": request.identity.account_id,
        "done": request.GET.get("done"),
        "error": request.GET.get("error") == "1",
        "now": request.clock.now(),
    }


def text(request: Request) -> dict[str, Any]:
    """The whole text, with a place to say something at each item and what was said already."""
    inside = enter(request, "text")
    found = findings.findings_of(request.tx, inside.room.id)
    counts: dict[str, int] = {}
    for one in found:
        if one.place and not one.withdrawn:
            counts[one.place] = counts.get(one.place, 0) + 1

    def link(line: Line) -> tuple[str, str] | None:
        return (f"{inside.path}/find?at={quote(line.place)}", "この項目に指摘を書く") if line.place else None

    say = request.texts.plain
    return {
        "inside": inside,
        "reading": reading_in(request, inside),
        "item_link": link,
        "marks": {place: say("指摘{count}件", count=count) for place, count in counts.items()},
        "now": request.clock.now(),
    }


def opinions(request: Request) -> dict[str, Any]:
    """What residents wrote (規則7条4項: the third party looks at the statement that was revised in their light). Without names."""
    inside = enter(request, "opinions")
    consultation = last_consultation(request.tx, inside.room.case_id)
    after = request.GET.get("after", "")[:40]
    rows = inbox.page(request.tx, consultation.id, inbox.Narrowed(), after, PAGE + 1) if consultation else []
    shown = rows[:PAGE]
    table = request.assessments.results.table(request.tx, consultation.id) if consultation else None
    reading = reading_in(request, inside)
    return {
        "inside": inside,
        "rows": shown,
        "bodies": inbox.bodies(request.tx, consultation.id, [one.receipt for one in shown])
        if consultation
        else {},
        "table": table,
        "lines": reading.by_place,
        "first": f"{inside.path}/opinions" if after else None,
        "next": f"{inside.path}/opinions?after={shown[-1].receipt}" if len(rows) > PAGE else None,
        "now": request.clock.now(),
    }
