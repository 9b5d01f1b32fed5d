"""The room of publication: what is left out and why, what stands in the way, what to look at, and when it becomes public."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.statements.filters import form_name
from portal.staff.assessments.editing.addresses import place_path
from portal.staff.assessments.publication.common import Room, room_of
from portal.staff.assessments.register.possible import possible
from portal.staff.cases import presenting
from portal.staff.people import staff_names
from portal.web.errors import not_found
from privacy_assessment import publication
from privacy_assessment.forms import Place, citation
from privacy_assessment.publication.read import read_edition, version_of, versions_statement
from privacy_assessment.redaction import Redaction, find_personal, grounds
from privacy_assessment.statements.left_words import LeftWord, left_words, let_stand
from privacy_assessment.statements.models import Draft, StatementRefused
from privacy_assessment.statements.redactions import lift

STEPS = ("publish", "schedule_publication", "publish_amended")
FINDINGS = {
    "number": "12けたの数字（個人番号と見られます）。公表できません",
    "digits": "12けたの数字。個人番号でないか確かめてください",
    "phone": "電話番号。公表してよいものか確かめてください",
    "mail": "メールアドレス。公表してよいものか確かめてください",
}
AROUND = 12
# Of what stands around a finding no digit is shown either: it may belong to another one.
_DIGIT = re.compile(r"\d")
WHY_LENGTH = 500


def page(request: Request) -> dict[str, Any]:
    """The room."""
    room = room_of(request)
    return _page(request, room)


def _page(request: Request, room: Room, errors: dict[str, str] | None = None) -> dict[str, Any]:
    statement = room.found.statement
    language = presenting.two(request.language)
    shown = {form: room.public(form) for form in room.drafts}
    left = _left(request, room)
    names = staff_names(request.tx, {one.by for one in left if one.by})
    steps = [one for one in possible(request, room.found) if one.trigger in STEPS]
    versions = request.tx.ask(
        versions_statement(statement_tenant(request), statement.body, statement.number)
    )[0]
    return {
        "room": room,
        "found": room.found,
        "statement": statement,
        "state": presenting.state_label(request.assessments.engine, room.found.case, language),
        "forms": [_form(request, room, form, draft) for form, draft in room.drafts.items()],
        "form_name": form_name,
        "findings": [one for form in room.drafts for one in _findings(room, form, shown[form].texts)],
        "left": [one for one in left if one.reason is None],
        "stops": any("words_decided" in one.guards for one in room.found.definition.all_triggers),
        "standing": [(one, names.get(one.by or "", "")) for one in left if one.reason is not None],
        "typed": request.POST,
        "steps": steps,
        "versions": [version_of(row) for row in versions],
        "address": f"/statements/{statement_tenant(request)}/{statement.body}/{statement.number}",
        "done": request.GET.get("done", ""),
        "errors": errors or {},
        "scheduled": _scheduled(request, room),
    }


def statement_tenant(request: Request) -> str:
    """The tenant of the person at the desk."""
    return str(request.identity.tenant)


def _form(request: Request, room: Room, form: str, draft: Draft) -> dict[str, Any]:
    names = staff_names(request.tx, [one.by for one in room.kept[form]])
    known = grounds()
    return {
        "form": form,
        "kept": [
            {
                "kept": one,
                "where": _where(draft, one.redaction.place),
                "words": words_of(draft, one.redaction),
                "ground": known[one.redaction.ground],
                "by": names.get(one.by, ""),
            }
            for one in room.kept[form]
        ],
        "problems": room.problems(form),
        "grounds": room.grounds(form),
        "article": room.article(form),
    }


def words_of(draft: Draft, one: Redaction) -> str:
    """The words that are left out; empty for a whole item."""
    text = draft.document.get(one.place)
    return text[one.starts : one.ends] if isinstance(text, str) and one.starts is not None else ""


def _where(draft: Draft, place: Place) -> str:
    item = draft.form.by_key.get(place.key)
    return citation(draft.form, item, draft.document, place.rows) if item is not None else str(place)


def _findings(room: Room, form: str, texts: dict[str, str]) -> list[dict[str, Any]]:
    """What looks like somebody's number, telephone or mail in the text to be published; the digits themselves are not repeated."""
    draft = room.drafts[form]
    found = []
    for one in find_personal(texts):
        text = texts[one.place]
        before = text[max(0, one.starts - AROUND) : one.starts]
        after = text[one.ends : one.ends + AROUND]
        found.append(
            {
                "words": FINDINGS[one.kind],
                "stops": one.stops,
                "where": _where(draft, Place.parse(one.place)),
                "form": form,
                "place": one.place,
                "around": (_DIGIT.sub("●", before), _DIGIT.sub("●", after)),
                "edit": place_path(room.found.statement.id, draft.document, draft.form, one.place),
            }
        )
    return found


def _left(request: Request, room: Room) -> list[LeftWord]:
    statement = room.found.statement
    return left_words(request.tx, statement, room.drafts, room.kept, room.publication)


def _scheduled(request: Request, room: Room) -> Any:
    row = request.tx.raw.execute(
        "SELECT due_at FROM madoguchi.deadline WHERE tenant = %s AND case_id = %s AND name = 'publication_day' AND status = 'pending'",
        (request.tx.tenant, room.found.case.id),
    ).fetchone()
    return row[0] if row else None


def lift_one(request: Request) -> Response:
    """End a redaction: the words will be in the next publication. Who ended it stays on record."""
    room = room_of(request)
    try:
        key = UUID(request.POST.get("redaction", ""))
    except ValueError:
        not_found()
    if key not in {one.id for kept in room.kept.values() for one in kept}:
        return HTTPSeeOther(location=f"{room.path}?done=lifted-before")
    lift(request.tx, request.clock, key, room.found.actor.id)
    return HTTPSeeOther(location=f"{room.path}?done=lifted")


def stand(request: Request) -> dict[str, Any] | Response:
    """Words left out elsewhere stay in the places chosen, for a reason: each is decided by somebody who is named."""
    room = room_of(request)
    wanted = set(request.POST.getall("stand"))
    places = [one for one in _left(request, room) if one.key in wanted]
    reason = request.POST.get("stand_reason", "").strip()[:WHY_LENGTH]
    errors = {}
    if not places:
        errors["stand"] = "残すところを選んでください"
    if not reason:
        errors["stand_reason"] = "残す理由を書いてください"
    if not errors:
        try:
            statement, by = room.found.statement, room.found.actor.id
            let_stand(request.tx, request.assessments.notes, statement, places, reason, by)
            return HTTPSeeOther(location=f"{room.path}?done=standing#checks")
        except StatementRefused:
            errors["stand_reason"] = "残す理由を書いてください"
    request.response.status_int = 400
    return _page(request, room, errors)


def withdraw(request: Request) -> dict[str, Any] | Response:
    """Take a version that should not have been published out of public sight; its address says so."""
    room = room_of(request)
    key = read_edition(request.POST.get("edition", ""))
    why = request.POST.get("why", "").strip()[:WHY_LENGTH]
    errors = {}
    if key is None:
        errors["edition"] = "取り下げる版を選んでください"
    if not why:
        errors["why"] = "取り下げる理由を書いてください。公開の画面に出ます"
    elif any(one.stops for one in find_personal({"why": why})):
        errors["why"] = "理由に個人番号と見られる数字があります。書き直してください"
    if not request.POST.get("sure"):
        errors["sure"] = "内容を確かめて、印を付けてください"
    if errors or key is None:
        request.response.status_int = 400
        return _page(request, room, errors)
    statement = room.found.statement
    done = publication.withdraw(request.tx, statement, *key, request.clock.today(), why, request.clock.now())
    return HTTPSeeOther(location=f"{room.path}?done={'withdrawn' if done else 'withdrawn-before'}")
