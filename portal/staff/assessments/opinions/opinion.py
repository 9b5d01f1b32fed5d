"""One opinion: the original as it came, its earlier texts, redacted copies with who, when and why, tags, where it is answered."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.opinions.common import Room, room_of
from portal.staff.people import staff_names
from portal.web.errors import not_found
from privacy_assessment.consultation import grouping, inbox
from privacy_assessment.consultation.inbox import STANCES, Narrowed
from privacy_assessment.consultation.rules import MAX_BODY, OpinionRefused

REFUSALS = {
    "NO_REASON": "理由を書いてください",
    "NOT_A_COPY": "原文にない文が入っています。伏せるところは「■」か「［…］」に置き換えてください",
    "NOT_FOUND": "この意見は取り下げられています。写しは作れません",
    "BAD_TAGS": "分類は10個まで、それぞれ30字までです",
}
SHOWN = 20


def page(request: Request) -> dict[str, Any]:
    """Everything about it but a name."""
    return _page(request, room_of(request), {}, None)


def act(request: Request) -> dict[str, Any] | Response:
    """Make a copy, tag, or look at name and contact (which is kept)."""
    room = room_of(request)
    receipt, service, by = request.matchdict["receipt"], request.assessments.opinions, room.actor.id
    if service.one(request.tx, room.key, receipt) is None:
        not_found()
    action = request.POST.get("action", "")
    field = {"copy": "reason", "tag": "tags", "name": "why"}.get(action, "reason")
    try:
        if action == "copy":
            body = request.POST.get("copy", "")[: MAX_BODY * 2].replace("\r\n", "\n")
            service.redact(
                request.tx, room.key, receipt, body, request.POST.get("reason", "").strip()[:200], by
            )
        elif action == "tag":
            tags = [
                *request.POST.getall("stance"),
                *request.POST.get("tags", "").replace("，", "、").split("、"),
            ]
            inbox.tag(request.tx, request.clock, room.key, [receipt], tags, by)
        elif action == "name":
            inbox.note_reading_of_name(
                request.tx, request.clock, room.key, receipt, request.POST.get("why", ""), by
            )
            return _page(request, room, {}, service.personal(request.tx, room.key, receipt))
        else:
            return _page(request, room, {}, None)
    except OpinionRefused as refused:
        request.response.status_code = 400
        name = "copy" if refused.code in ("NOT_A_COPY", "NOT_FOUND") else field
        return _page(request, room, {name: REFUSALS.get(refused.code, REFUSALS["NO_REASON"])}, None)
    return HTTPSeeOther(location=f"{room.path}/{receipt}?done={action}")


def _page(
    request: Request, room: Room, errors: dict[str, str], personal: dict[str, str] | None
) -> dict[str, Any]:
    tx, service, receipt = request.tx, request.assessments.opinions, request.matchdict["receipt"]
    newest = service.one(tx, room.key, receipt)
    if newest is None:
        not_found()
    copies = service.copies_of(tx, room.key, receipt)
    looked = inbox.readings_of_name(tx, room.key, receipt)
    row = next((one for one in inbox.page(tx, room.key, _any(newest.kind), _before(receipt), 1)), None)
    names = staff_names(tx, [one.by for one in copies] + [one[1] for one in looked])
    tags = inbox.tags_of(tx, room.key, receipt)
    grouped = row is not None and row.group is not None and row.group_kind != "single"
    others, size = (
        grouping.some_of(tx, room.key, row.group, SHOWN + 1) if grouped and row and row.group else ([], 0)
    )
    current = next((one for one in copies if one.revision == newest.revision), None)
    return {
        "room": room,
        "opinion": newest,
        "revisions": service.revisions(tx, room.key, receipt)[::-1],
        "copies": copies,
        "draft": request.POST.get("copy") or (current.body if current else newest.body),
        "typed": {name: request.POST.get(name, "") for name in ("reason", "why")},
        "looked": looked,
        "named": inbox.has_name(tx, room.key, receipt),
        "personal": personal,
        "names": names,
        "tags": tags,
        "free_tags": "、".join(one for one in tags if one not in STANCES),
        "stances": STANCES,
        "group": row.group if row else None,
        "group_kind": row.group_kind if row else None,
        "others": [one for one in others if one != receipt][:SHOWN],
        "others_count": max(0, size - 1),
        "lines": row.lines if row else (),
        "errors": errors,
        "done": request.GET.get("done"),
    }


def _any(kind: str) -> Narrowed:
    return Narrowed("withdrawn" if kind == "withdrawn" else "standing")


def _before(receipt: str) -> str:
    """A text just before a receipt, so that a page that starts after it starts with the receipt."""
    return receipt[:-1] + chr(ord(receipt[-1]) - 1) + "~"
