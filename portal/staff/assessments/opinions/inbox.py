"""The inbox: opinions page by page, narrowed, tagged many at once. Words that are looked for never stand in an address."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.opinions.common import Room, room_of, tabs
from portal.web.pages import address
from privacy_assessment.consultation import grouping
from privacy_assessment.consultation import inbox as opinions
from privacy_assessment.consultation.inbox import PAGE, STANCES, Narrowed
from privacy_assessment.consultation.rules import OpinionRefused

STATES = {"standing": "すべて", "open": "考え方がまだのもの", "withdrawn": "取り下げられたもの"}
# Addresses hold only these; what is looked for comes in a form.
MAX_WORDS = 100


def inbox(request: Request) -> dict[str, Any]:
    """One page of opinions."""
    return _page(request, room_of(request), {})


def act(request: Request) -> dict[str, Any] | Response:
    """Tag what was chosen, or look for words."""
    room = room_of(request)
    if request.POST.get("action") == "search":
        return _page(request, room, {})
    chosen = [one for one in request.POST.getall("receipt")[:PAGE] if one]
    if not chosen:
        return _page(request, room, {"tags": "意見を選んでから、分類を付けてください"})
    tags = [*request.POST.getall("stance"), *request.POST.get("tags", "").replace("，", "、").split("、")]
    try:
        standing = opinions.bodies(request.tx, room.key, chosen)
        opinions.tag(request.tx, request.clock, room.key, list(standing), tags, room.actor.id)
    except OpinionRefused:
        return _page(request, room, {"tags": "分類は10個まで、それぞれ30字までです"})
    return HTTPSeeOther(
        location=address(
            room.path, {**_narrow(request), "after": request.POST.get("from", "")[:40], "done": "tagged"}
        )
    )


def _page(request: Request, room: Room, errors: dict[str, str]) -> dict[str, Any]:
    if errors:
        request.response.status_code = 400
    wanted = Narrowed(
        request.params.get("state", "standing"),
        request.params.get("tag", "")[:50],
        int(text) if (text := request.params.get("group", "")).isdecimal() and len(text) < 8 else None,
        request.POST.get("words", "")[:MAX_WORDS] if request.method == "POST" else "",
    )
    after = request.params.get("after", "")[:40]
    rows = opinions.page(request.tx, room.key, wanted, after, PAGE + 1)
    shown = rows[:PAGE]
    narrow = _narrow(request)
    return {
        "room": room,
        "tabs": tabs(room, ""),
        "wanted": wanted,
        "states": STATES,
        "tags": opinions.tags_in_use(request.tx, room.key),
        "stances": STANCES,
        "rows": shown,
        "after": after,
        "last": shown[-1].receipt if len(rows) > PAGE else None,
        "first": address(room.path, narrow) if after and not wanted.words else None,
        "next": address(room.path, {**narrow, "after": shown[-1].receipt})
        if len(rows) > PAGE and not wanted.words
        else None,
        "grouping": grouping.standing(request.tx, room.key),
        "errors": errors,
        "done": request.GET.get("done"),
    }


def _narrow(request: Request) -> dict[str, str]:
    state = request.params.get("state", "")
    return {
        "state": state if state in ("open", "withdrawn") else "",
        "tag": request.params.get("tag", "")[:50],
        "group": request.params.get("group", "")[:8],
        "consultation": request.params.get("consultation", "")[:36],
    }
