"""Groups of opinions that say the same: kept by a job, answered once each."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.opinions.common import room_of, tabs
from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.consultation import grouping

PAGE = 30


def groups(request: Request) -> dict[str, Any]:
    """The groups, largest first, with how many of each have no answer yet."""
    room = room_of(request)
    after = _after(request.GET.get("after"))
    found = grouping.page(request.tx, room.key, after, PAGE + 1)
    path = f"{room.path}/groups"
    return {
        "room": room,
        "tabs": tabs(room, "/groups"),
        "grouping": grouping.standing(request.tx, room.key),
        "groups": found[:PAGE],
        "first": path if after else None,
        "next": address(path, {"after": encode_key([found[PAGE - 1].number])}) if len(found) > PAGE else None,
        "asked": request.GET.get("asked") == "1",
    }


def ask(request: Request) -> Response:
    """Have them grouped now."""
    room = room_of(request)
    grouping.ask(request.tx, request.clock, room.key, at_once=True)
    return HTTPSeeOther(location=f"{room.path}/groups?asked=1")


def _after(text: str | None) -> int:
    key = decode_key(text)
    if key is None:
        return 0
    if len(key) != 1 or not isinstance(key[0], int) or not 0 <= key[0] < 2**31:
        raise UnreadableKey
    return key[0]
