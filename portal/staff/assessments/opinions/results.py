"""The table of results: lines drafted beside the opinions they answer, then laid open to everyone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations.forms import Typed, take_more
from portal.staff.assessments.opinions.common import Room, room_of, tabs
from portal.staff.people import staff_names
from portal.web.errors import not_found
from privacy_assessment.consultation import grouping, inbox
from privacy_assessment.consultation.publishing import problems, publish, published_on
from privacy_assessment.consultation.results import MAX_TEXT, mark_of
from privacy_assessment.consultation.rules import OpinionRefused

SHOWN = 30
MAX_ADDED = 2_000
MAX_DIGITS = 7
REFUSALS = {
    "NO_OPINION": (
        "add",
        "この行の意見がないか、取り下げられた意見が入っています。受付番号を確かめてください",
    ),
    "NO_SUMMARY": ("summary", "意見の概要を書いてください（各欄2万字まで）"),
    "NO_CHANGE_NOTE": ("change_note", "修正が有のときは、どこをどう直したかを書いてください"),
    "CHANGED": (
        "summary",
        "開いてから、ほかの人がこの行を変えました。今の内容を下に出しました。見比べて、もう一度保存してください",
    ),
}
AGAINST = {
    "STILL_OPEN": "意見の受付が終わってから公表します",
    "UNANSWERED": "考え方が書かれていない意見があります。先に書いてください",
    "PERSONAL": "番号か、意見を書いた人の氏名・連絡先が入っている行があります。下の印の付いた行を直してください",
    "LOOK": "電話番号かメールアドレスに見える文字のある行があります。確かめて、印を付けてください",
    "PERSONAL_NOTE": "番号か、意見を書いた人の氏名・連絡先が入っています。書き直してください",
    "NO_NOTE": "公表した結果を直すときは、どこを直したかを書いてください",
}


@dataclass
class Line:
    """A line as it is being written."""

    receipts: list[str]
    places: list[str] = field(default_factory=list)
    summary: str = ""
    answer: str = ""
    changed: bool = False
    change_note: str = ""
    add: str = ""
    more: str = ""
    seen: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def table(request: Request) -> dict[str, Any]:
    """The table as it stands."""
    return _table(request, room_of(request), {})


def lay_open(request: Request) -> dict[str, Any] | Response:
    """Publish it."""
    room = room_of(request)
    desk = request.assessments
    kept = desk.results.table(request.tx, room.key)
    try:
        publish(
            request.tx,
            request.clock,
            desk.opinions,
            desk.results,
            room.key,
            room.actor.id,
            citations=room.citations([place for one in kept.rows for place in one.places]),
            looked=bool(request.POST.get("looked")),
            note=request.POST.get("note", "")[:500],
        )
    except OpinionRefused as refused:
        request.response.status_code = 400
        name = (
            "note"
            if refused.code in ("NO_NOTE", "PERSONAL_NOTE")
            else "looked"
            if refused.code == "LOOK"
            else "publish"
        )
        return _table(request, room, {name: AGAINST.get(refused.code, AGAINST["UNANSWERED"])})
    return HTTPSeeOther(location=f"{room.path}/results?done=published")


def line(request: Request) -> dict[str, Any]:
    """One line beside its opinions."""
    room = room_of(request)
    if _row(request) is None:
        chosen = _chosen(request, room)
        places = inbox.places_of(request.tx, room.key, chosen)
        return _line(request, room, Line(chosen, [one for one in places if room.text.line(one)]))
    number = _row(request)
    found = None if number is None else request.assessments.results.line(request.tx, room.key, number)
    if found is None:
        not_found()
    row, seen, _ = found
    kept = Line(
        list(row.receipts), list(row.places), row.summary, row.answer, row.changed, row.change_note, seen=mark_of(row, seen)
    )  # fmt: skip
    return _line(request, room, kept)


def keep(request: Request) -> dict[str, Any] | Response:
    """Write the line; nothing typed is lost when it cannot be kept."""
    room, post = room_of(request), request.POST
    row = _row(request)
    stored = request.assessments.results.line(request.tx, room.key, row) if row is not None else None
    if row is not None and stored is None:
        not_found()
    before = list(stored[0].receipts) if stored else _chosen(request, room)
    dropped = set(post.getall("shown")) - set(post.getall("keep"))
    typed = Line(
        receipts=[one for one in before if one not in dropped],
        places=[one for one in post.getall("place") if room.text.line(one)],
        summary=_text(post.get("summary")),
        answer=_text(post.get("answer")),
        changed=post.get("changed") == "1",
        change_note=_text(post.get("change_note")),
        add=post.get("add", "")[:MAX_ADDED],
        more=post.get("more", "")[:500],
        seen=post.get("seen", "")[:40],
    )
    _add(request, room, typed)
    if not typed.errors:
        try:
            made = request.assessments.results.keep(
                request.tx, room.key, row, typed.receipts, typed.summary, typed.answer, typed.changed, room.actor.id,
                typed.places, typed.change_note, typed.seen,
            )  # fmt: skip
            return HTTPSeeOther(location=f"{room.path}/results?done=kept#r{made}")
        except OpinionRefused as refused:
            name, words = REFUSALS.get(refused.code, REFUSALS["NO_OPINION"])
            typed.errors[name] = words
            if refused.code == "CHANGED" and stored is not None:
                typed.seen = mark_of(stored[0], stored[1])
                return {**_line(request, room, typed), "theirs": stored}
    return _line(request, room, typed)


def drop(request: Request) -> Response:
    """Take a line out; its opinions wait for an answer again."""
    room = room_of(request)
    number = _row(request)
    if number is None or not request.assessments.results.drop(request.tx, room.key, number):
        not_found()
    return HTTPSeeOther(location=f"{room.path}/results?done=dropped")


def _table(request: Request, room: Room, errors: dict[str, str]) -> dict[str, Any]:
    desk = request.assessments
    kept = desk.results.table(request.tx, room.key)
    marked: dict[int, list[str]] = {}
    for row, code in problems(request.tx, desk.opinions, kept, room.key):
        marked.setdefault(row, []).append(code)
    return {
        "room": room,
        "tabs": tabs(room, "/results"),
        "kept": kept,
        "marked": marked,
        "published": published_on(request.tx, room.key),
        "is_over": request.clock.today() > room.consultation.closes,
        "errors": errors,
        "note": request.POST.get("note", ""),
        "done": request.GET.get("done"),
    }


def _line(request: Request, room: Room, typed: Line) -> dict[str, Any]:
    if typed.errors:
        request.response.status_code = 400
    shown = typed.receipts[:SHOWN]
    row = _row(request)
    stored = request.assessments.results.line(request.tx, room.key, row) if row is not None else None
    copies = {
        one: found[0]
        for one in shown
        if (found := request.assessments.opinions.copies_of(request.tx, room.key, one))
    }
    return {
        "room": room,
        "row": row,
        "typed": typed,
        "bodies": inbox.bodies(request.tx, room.key, shown),
        "shown": shown,
        "copies": copies,
        "hidden": len(typed.receipts) - len(shown),
        "group": request.params.get("group", "")[:8],
        "asked": request.params.getall("receipt")[:50] if row is None else [],
        "lines": [found for one in typed.places if (found := room.text.line(one))],
        "stored_by": staff_names(request.tx, [stored[2]]).get(stored[2], "") if stored else "",
        "stored_at": stored[1] if stored else None,
        "most": MAX_TEXT,
        "theirs": None,
    }


def _chosen(request: Request, room: Room) -> list[str]:
    """Opinions a new line begins with: those named, and a whole group."""
    found = [one for one in request.params.getall("receipt")[:50] if re.fullmatch(r"[0-9]+-[0-9]+", one)]
    group = request.params.get("group", "")
    if group.isdecimal() and len(group) < 8:
        found += grouping.members(request.tx, room.key, int(group))
    return list(dict.fromkeys(found))


def _add(request: Request, room: Room, typed: Line) -> None:
    """Receipts typed by hand, ``g3`` for a whole group, and items as people cite them."""
    for word in typed.add.replace("、", " ").replace(",", " ").split():
        if match := re.fullmatch(r"[gG](\d{1,7})", word):
            typed.receipts += grouping.members(request.tx, room.key, int(match[1]))
        elif re.fullmatch(r"[0-9]+-[0-9]+", word):
            typed.receipts.append(word)
        elif word:
            typed.errors["add"] = "受付番号（例：20261122-00001）か、まとまりの番号（例：g3）を書いてください"
    typed.receipts = list(dict.fromkeys(typed.receipts))
    if typed.more.strip():
        items = Typed(places=typed.places, more=typed.more)
        take_more(items, room.text)
        typed.places, typed.more = items.places, items.more
        typed.errors |= items.errors


def _text(value: str | None) -> str:
    return (value or "")[: MAX_TEXT * 2].replace("\r\n", "\n").strip()


def _row(request: Request) -> int | None:
    """The number of the line in the address; None for a new one. Anything else is not there."""
    text = request.matchdict["row"]
    if text == "new":
        return None
    if not text.isdecimal() or len(text) > MAX_DIGITS:
        not_found()
    return int(text)
