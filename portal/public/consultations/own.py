"""One's own opinion: seen, changed, withdrawn, taken away as PDF, with receipt and key. Neither ever stands in an address."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations import forms
from portal.public.consultations.forms import REFUSALS, Typed, lines_of
from portal.public.consultations.reading import laid
from portal.public.consultations.window import TooMany, Window, announced, count_try, window
from portal.public.consultations.writing import closed
from portal.web.templates import render
from portal.web.text import ascii_field
from privacy_assessment.consultation import edit_keys
from privacy_assessment.consultation.opinions import Opinion
from privacy_assessment.consultation.rules import MAX_BODY, OpinionRefused

CHANGES = frozenset({"save", "withdraw"})


def own(request: Request) -> dict[str, Any] | Response:
    """Ask for receipt and key, then do what was asked for."""
    found = announced(request)
    page = {
        "one": found,
        "office": request.office_name(found.tenant),
        "is_open": found.open_on(request.clock.today()),
        "most": MAX_BODY,
        "step": "ask",
        "errors": {},
        "receipt": "",
        "key": "",
        "busy": False,
        "done": None,
        "copy": None,
    }
    if request.method == "GET":
        return page
    typed_receipt = ascii_field(request.POST.get("receipt", ""))[:40]
    key = edit_keys.read(request.POST.get("key", ""))
    page |= {"receipt": typed_receipt, "key": edit_keys.grouped(key)}
    action = request.POST.get("action", "open")
    try:
        count_try(request, "key")
        with window(request) as at:
            opinion = at.own(typed_receipt, key)
            if action in CHANGES and not page["is_open"]:
                return closed(request, found)
            return _act(request, at, page, action, opinion, key)
    except TooMany as many:
        request.response.status_code = 429
        request.response.headers["Retry-After"] = str(many.seconds)
        return {**page, "busy": True}
    except OpinionRefused as refused:
        request.response.status_code = 400
        return {**page, "errors": {"receipt": REFUSALS.get(refused.code, REFUSALS["WRONG_KEY"])}}


def _act(
    request: Request, at: Window, page: dict[str, Any], action: str, opinion: Opinion, key: str
) -> dict[str, Any] | Response:
    text = laid(request, at.announced)
    if action == "save":
        typed = forms.read(request, text)
        if typed.errors:
            request.response.status_code = 400
            return _shown(request, page, opinion, typed)
        personal = {"name": "", "contact": ""} if request.POST.get("forget") else typed.personal
        changed = at.edit(opinion.receipt, key, typed.body, typed.places, personal)
        return {**_shown(request, page, changed), "done": "changed"}
    if action == "withdraw":
        if not request.POST.get("sure"):
            return {**_shown(request, page, opinion), "step": "sure"}
        at.withdraw(opinion.receipt, key)
        return {**_shown(request, page, at.own(opinion.receipt, key)), "done": "withdrawn"}
    if action == "copy":
        at.ask_copy(opinion, _printed(request, at, opinion))
        return {**_shown(request, page, opinion), "copy": at.copy(opinion)[0]}
    if action == "fetch":
        state, printed = at.copy(opinion)
        if printed is not None:
            return _file(printed)
        return {**_shown(request, page, opinion), "copy": state}
    return _shown(request, page, opinion)


def _shown(
    request: Request, page: dict[str, Any], opinion: Opinion, typed: Typed | None = None
) -> dict[str, Any]:
    text = laid(request, page["one"])
    typed = typed or Typed(body=opinion.body, places=list(opinion.places))
    return {
        **page,
        "step": "shown",
        "opinion": opinion,
        "typed": typed,
        "errors": typed.errors,
        "lines": lines_of(typed.places, text),
    }


def _printed(request: Request, at: Window, opinion: Opinion) -> str:
    """The page that becomes the PDF. It holds no name: a copy that is left lying about gives nobody away."""
    return render(
        "print/opinion.jinja2",
        request,
        one=at.announced,
        office=request.office_name(at.announced.tenant),
        opinion=opinion,
        lines=lines_of(opinion.places, laid(request, at.announced)),
        now=request.clock.now(),
    )


def _file(printed: bytes) -> Response:
    response = Response(body=printed)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = 'attachment; filename="opinion.pdf"'
    return response
