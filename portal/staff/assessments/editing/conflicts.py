"""Two people changed one field: both texts side by side, and a person chooses. Until she does, hers waits under her name."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses, common
from portal.staff.assessments.editing.kept import kept_page
from portal.staff.assessments.gate import statement_at
from portal.staff.people import staff_names
from privacy_assessment.comparison.text import compare
from privacy_assessment.editing.saving import Aside, asides, last_writer, save, settle
from privacy_assessment.forms import Place, plain
from privacy_assessment.statements.models import Draft, StatementRefused

TEXTS = ("text", "longtext", "date", "number")


def show(request: Request) -> dict[str, Any]:
    """Every text of one's own that waits."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    found = asides(request.tx, opened.id, draft.form_id, opened.actor.id)
    return common.frame(
        request,
        opened,
        draft,
        clashes=[_clash(request, draft, number, one) for number, one in enumerate(found)],
    )


def choose(request: Request) -> Response:
    """Take theirs, mine, or a text made of both; what is not decided goes on waiting."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    values: dict[str, Any] = {}
    decided = []
    for one in asides(request.tx, opened.id, draft.form_id, opened.actor.id):
        word = request.POST.get(f"c:{one.place}", "")
        if word == "mine" and one.reason == "clash":
            values[one.place] = one.value or None
        elif word == "merged" and one.reason == "clash":
            merged = request.POST.get(f"x:{one.place}", "")
            values[one.place] = merged.replace("\r\n", "\n").replace("\r", "\n") or None
        elif word != "theirs":
            continue
        decided.append(one.place)
    account, path = opened.actor.id, addresses.form_path(opened.id, draft.form_id)
    settle(request.tx, opened.id, draft.form_id, account, decided)
    if not values:
        # Giving up one's own words needs no right to write: it can be done in any state.
        left = asides(request.tx, opened.id, draft.form_id, account)
        return HTTPSeeOther(location=f"{path}conflicts" if left else f"{path}?done=v0")
    try:
        outcome = save(
            request.tx,
            request.assessments.drafts,
            opened.id,
            draft.form_id,
            _seen(request),
            values,
            opened.actor,
            "merge",
        )
    except StatementRefused as refused:
        return kept_page(request, opened, draft, str(refused), values)
    if outcome.refused:
        # Answered as an error, so that what was put aside is still put aside.
        return kept_page(request, opened, draft, outcome.refused[0].text, values)
    if outcome.aside or asides(request.tx, opened.id, draft.form_id, account):
        return HTTPSeeOther(location=f"{path}conflicts")
    if len(decided) == 1:
        where = addresses.place_path(
            opened.id, outcome.draft.document, draft.form, decided[0], done=f"v{outcome.draft.version}"
        )
        return HTTPSeeOther(location=where)
    return HTTPSeeOther(location=f"{path}?done=v{outcome.draft.version if outcome.changed else 0}")


def _seen(request: Request) -> int:
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


def _clash(request: Request, draft: Draft, number: int, one: Aside) -> dict[str, Any]:
    at = Place.parse(one.place)
    item = draft.form.by_key.get(at.key)
    where, label = common.where(draft.document, draft.form, one.place)
    theirs = plain(item, draft.document.get(one.place)) if item is not None else ""
    mine = plain(item, one.value) if item is not None and one.value else str(one.value)
    writer = last_writer(request.tx, draft.statement, draft.form_id, one.place)
    names = staff_names(request.tx, [writer[0]]) if writer else {}
    return {
        "number": number,
        "place": one.place,
        "where": where,
        "label": label,
        "gone": one.reason == "gone",
        "theirs": theirs,
        "mine": mine,
        "pieces": compare(theirs, mine),
        "text": item is not None and item.type in TEXTS,
        "by": names.get(writer[0], "") if writer else "",
        "at": writer[1] if writer else None,
        "mine_at": one.at,
    }
