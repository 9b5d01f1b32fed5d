"""Leaving something out: a whole item, or words of it, with the legal ground from the closed list and the reason."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.statements.filters import form_name
from portal.staff.assessments.publication.common import Room, draft_of, item_of, room_of
from portal.staff.assessments.publication.overview import words_of
from portal.staff.cases import presenting
from privacy_assessment.forms import Item, Place, citation, plain
from privacy_assessment.publication.selecting import Span, chosen, joined, occurrences, sentences
from privacy_assessment.reading import read_document
from privacy_assessment.redaction import BadRedaction, Redaction, check, grounds
from privacy_assessment.statements.models import Draft
from privacy_assessment.statements.redactions import redact

TEXTS = ("text", "longtext")
REASON_LENGTH = 500
MOST_SPANS = 200


def items(request: Request) -> dict[str, Any]:
    """The whole form with a link at each item; items of which something is left out are marked."""
    room = room_of(request)
    draft = draft_of(request, room)
    marks = {str(one.redaction.place): "redacted" for one in room.kept[draft.form_id]}
    return {
        "room": room,
        "found": room.found,
        "statement": room.found.statement,
        "form": draft.form_id,
        "form_name": form_name,
        "reading": read_document(draft.document, draft.form, presenting.two(request.language)),
        "marks": marks,
        "link": lambda line: _link(room, draft, line.key, line.place),
    }


def _link(room: Room, draft: Draft, key: str, place: str) -> tuple[str, str] | None:
    from portal.web.pages import address

    item = draft.form.by_key.get(key)
    if item is None or not item.stored or not room.open or draft.document.get(place) is None:
        return None
    return address(f"{room.path}/{draft.form_id}/item", {"place": place}), "この項目を非公表にする"


def item(request: Request) -> dict[str, Any]:
    """One item: its text in sentences, the fields to choose by, the grounds that hold and those that do not."""
    room = room_of(request)
    draft = draft_of(request, room)
    found, place = item_of(draft, request.GET.get("place"))
    return _page(request, room, draft, found, place, {}, {}, ())


def leave_out(request: Request) -> dict[str, Any] | Response:
    """Keep the redactions; what was typed stays on the page when the law or the text does not allow them."""
    room = room_of(request)
    draft = draft_of(request, room)
    found, place = item_of(draft, request.POST.get("place"))
    typed = {
        name: request.POST.get(name, "").strip()[:limit]
        for name, limit in (("what", 10), ("words", 2000), ("starts", 9), ("ends", 9), ("ground", 10), ("reason", REASON_LENGTH))
    }  # fmt: skip
    typed["sentence"] = request.POST.getall("sentence")
    errors: dict[str, str] = {}
    spans = _spans(draft, found, place, typed, errors)
    if typed["ground"] not in grounds():
        errors["ground"] = "根拠を選んでください"
    if not typed["reason"]:
        errors["reason"] = "非公表にする理由を書いてください。記録に残り、公開はされません"
    if not room.open:
        errors["what"] = "この評価書は、もう公表されません"
    wanted = [
        Redaction(place, typed["ground"], typed["reason"], *((one.starts, one.ends) if one else (None, None)))
        for one in spans
    ]
    refused = [] if errors else _refused(room, draft, wanted)
    if errors or refused:
        request.response.status_int = 400 if errors else 409
        return _page(request, room, draft, found, place, typed, errors, tuple(refused))
    known = {
        (one.redaction.place, one.redaction.starts, one.redaction.ends) for one in room.kept[draft.form_id]
    }
    for one in wanted:
        if (one.place, one.starts, one.ends) not in known:
            redact(
                request.tx, request.clock, room.found.statement.id, draft.form_id, one, room.found.actor.id
            )
    return HTTPSeeOther(location=f"{room.path}?done=redacted#{draft.form_id}")


def _spans(
    draft: Draft, item: Item, place: Place, typed: dict[str, Any], errors: dict[str, str]
) -> list[Span | None]:
    """What is meant; None stands for the whole item."""
    if typed["what"] == "whole" or item.type not in TEXTS:
        return [None]
    text = draft.document.get(place)
    if not isinstance(text, str):
        errors["what"] = "この項目には何も書かれていません"
        return []
    spans = chosen(text, typed["sentence"])
    if typed["words"]:
        here = occurrences(text, typed["words"])
        if not here:
            errors["words"] = "この語句は、この項目の文章にありません。文章から写してください"
        spans += here
    if typed["starts"] or typed["ends"]:
        # People count characters from 1, and the last one belongs to it.
        begin = int(typed["starts"]) - 1 if typed["starts"].isdecimal() else -1
        here = chosen(text, [f"{begin}-{typed['ends']}"]) if begin >= 0 else []
        if not here:
            errors["starts"] = "始まりと終わりは、1から文章の最後までの数字で入れてください"
        spans += here
    if not spans and not errors:
        errors["what"] = "非公表にする語句を、写す・選ぶ・番号のどれかで示してください"
    kept = joined(spans, text)
    if len(kept) > MOST_SPANS:
        errors["words"] = "同じ語句が多すぎます。もう少し長い語句にしてください"
    return list(kept)


def _refused(room: Room, draft: Draft, wanted: list[Redaction]) -> list[str]:
    told = []
    for one in wanted:
        try:
            check(draft.document, draft.form, one, room.publication)
        except BadRedaction as refused:
            told.append(str(refused))
    return list(dict.fromkeys(told))


def _page(
    request: Request,
    room: Room,
    draft: Draft,
    item: Item,
    place: Place,
    typed: dict[str, Any],
    errors: dict[str, str],
    refused: tuple[str, ...],
) -> dict[str, Any]:
    value = draft.document.get(place)
    text = value if isinstance(value, str) and item.type in TEXTS else ""
    here = [one for one in room.kept[draft.form_id] if one.redaction.place == place]
    known = grounds()
    return {
        "room": room,
        "found": room.found,
        "statement": room.found.statement,
        "form": draft.form_id,
        "form_name": form_name,
        "where": citation(draft.form, item, draft.document, place.rows),
        "label": item.label,
        "place": str(place),
        "text": text,
        "value": plain(item, value),
        "sentences": sentences(text),
        "here": [(one, words_of(draft, one.redaction), known[one.redaction.ground]) for one in here],
        "grounds": room.grounds(draft.form_id),
        "article": room.article(draft.form_id),
        "typed": typed,
        "errors": errors,
        "refused": refused,
    }
