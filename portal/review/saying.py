"""Saying something in the room: a finding, a reply, taking one back, the conclusion."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.review.door import Inside, enter, reading_in
from portal.web.errors import not_found
from privacy_assessment.consultation import findings, rooms
from privacy_assessment.consultation.findings import MAX_TEXT
from privacy_assessment.consultation.third_party import VIEWPOINTS
from privacy_assessment.forms import load_form, resolve
from privacy_assessment.statements.models import StatementRefused


def find_page(request: Request) -> dict[str, Any]:
    """The form of a finding."""
    inside = enter(request, "find")
    return _find(
        request,
        inside,
        {"viewpoint": "", "place": request.GET.get("at", "")[:200], "item": "", "text": ""},
        {},
    )


def find(request: Request) -> dict[str, Any] | Response:
    """Add it."""
    inside = enter(request, "find")
    typed = {
        "viewpoint": request.POST.get("viewpoint", ""),
        "place": request.POST.get("place", "")[:200],
        "item": request.POST.get("item", "")[:200],
        "text": request.POST.get("text", "").replace("\r\n", "\n")[: MAX_TEXT * 2],
    }
    errors: dict[str, bool] = {}
    reading = reading_in(request, inside)
    place = typed["place"] if typed["place"] in reading.by_place else ""
    if typed["item"].strip():
        place = _cited(request, inside, typed["item"])
        errors |= {} if place else {"item": True}
    if typed["viewpoint"] not in VIEWPOINTS:
        errors["viewpoint"] = True
    if not typed["text"].strip() or len(typed["text"]) > MAX_TEXT:
        errors["text"] = True
    if not errors:
        findings.find(
            request.tx,
            request.clock,
            inside.room.id,
            typed["viewpoint"],
            place,
            typed["text"],
            request.identity.account_id,
        )
        return HTTPSeeOther(location=f"{inside.path}?done=found")
    request.response.status_code = 400
    return _find(request, inside, typed, errors)


def say(request: Request) -> Response:
    """Reply under a finding, or take one's own back."""
    inside = enter(request, "say")
    try:
        finding = UUID(request.matchdict["finding"])
    except ValueError:
        not_found()
    kind = "withdrawn" if request.POST.get("action") == "withdraw" else "reply"
    words = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        findings.say(
            request.tx, request.clock, inside.room.id, finding, kind, words, request.identity.account_id
        )
    except StatementRefused as refused:
        if refused.code != "NO_TEXT":
            not_found()
        return HTTPSeeOther(location=f"{inside.path}?error=1#f-{finding}")
    return HTTPSeeOther(location=f"{inside.path}?done=said#f-{finding}")


def vote_page(request: Request) -> dict[str, Any]:
    """The form of the conclusion."""
    inside = enter(request, "conclusion")
    return _vote(request, inside, "", "", {})


def vote(request: Request) -> dict[str, Any] | Response:
    """Conclude."""
    inside = enter(request, "conclusion")
    chosen = request.POST.get("favourable", "")
    words = request.POST.get("words", "").replace("\r\n", "\n")[: MAX_TEXT * 2]
    errors: dict[str, bool] = {}
    if chosen not in ("yes", "no"):
        errors["favourable"] = True
    else:
        try:
            findings.vote(
                request.tx, request.clock, inside.room.id, request.identity.account_id, chosen == "yes", words
            )
            return HTTPSeeOther(location=f"{inside.path}?done=concluded")
        except StatementRefused:
            errors["words"] = True
    request.response.status_code = 400
    return _vote(request, inside, chosen, words, errors)


def _find(request: Request, inside: Inside, typed: dict[str, str], errors: dict[str, bool]) -> dict[str, Any]:
    return {
        "inside": inside,
        "typed": typed,
        "errors": errors,
        "line": reading_in(request, inside).by_place.get(typed["place"]),
        "viewpoints": VIEWPOINTS,
        "most": MAX_TEXT,
        "now": request.clock.now(),
    }


def _vote(
    request: Request, inside: Inside, chosen: str, words: str, errors: dict[str, bool]
) -> dict[str, Any]:
    found = findings.findings_of(request.tx, inside.room.id)
    return {
        "inside": inside,
        "before": findings.votes_of(request.tx, inside.room.id).get(request.identity.account_id),
        "open": sum(one.waits for one in found),
        "chosen": chosen,
        "words": words,
        "errors": errors,
        "most": MAX_TEXT,
        "now": request.clock.now(),
    }


def _cited(request: Request, inside: Inside, text: str) -> str:
    """The place of an item as people cite it, or an empty text."""
    document = rooms.text_in(request.tx, inside.room)
    form = load_form(document.form_id, document.edition)
    meant = resolve(form, text, document) or resolve(form, f"{text}①", document)
    by_place = reading_in(request, inside).by_place
    return next((str(one) for one in meant if str(one) in by_place), "")
