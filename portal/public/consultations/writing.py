"""Writing an opinion: form, preview, receipt. Each step is a page; what was typed travels in the form, nothing is kept before the end."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations import forms
from portal.public.consultations.forms import REFUSALS, Typed, lines_of
from portal.public.consultations.reading import laid
from portal.public.consultations.window import TooMany, announced, count_try, window
from portal.web.templates import render
from privacy_assessment.consultation import edit_keys
from privacy_assessment.consultation.announcement import Announced
from privacy_assessment.consultation.rules import MAX_BODY, OpinionRefused


def write(request: Request) -> dict[str, Any] | Response:
    """The form and its steps."""
    found = announced(request)
    text = laid(request, found)
    if not found.open_on(request.clock.today()):
        return closed(request, found)
    if request.method == "GET":
        return _form(request, found, forms.empty(request, text))
    typed = forms.read(request, text)
    action = request.POST.get("action", "preview")
    if typed.errors or action not in ("preview", "send"):
        request.response.status_code = 400 if typed.errors else 200
        return _form(request, found, typed)
    if action == "preview":
        return {**_form(request, found, typed), "step": "preview"}
    return _send(request, found, typed)


def _send(request: Request, found: Announced, typed: Typed) -> dict[str, Any] | Response:
    try:
        count_try(request, "write")
        with window(request) as at:
            receipt = at.give(typed.body, typed.places, typed.personal, typed.request_key)
    except TooMany as many:
        return _slow_down(request, found, typed, many.seconds)
    except OpinionRefused as refused:
        if refused.code == "CLOSED":
            return closed(request, found)
        typed.errors["body"] = REFUSALS.get(refused.code, REFUSALS["BAD_TEXT"])
        request.response.status_code = 409 if refused.code == "SENT_BEFORE" else 400
        return _form(request, found, typed)
    return {
        **_form(request, found, typed),
        "step": "received",
        "number": receipt.number,
        "key": edit_keys.grouped(receipt.edit_key),
        "at": receipt.at,
    }


def _form(request: Request, found: Announced, typed: Typed) -> dict[str, Any]:
    text = laid(request, found)
    return {
        "one": found,
        "typed": typed,
        "lines": lines_of(typed.places, text),
        "office": request.office_name(found.tenant),
        "left": found.left(request.clock.today()),
        "most": MAX_BODY,
        "step": "form",
        "busy": False,
    }


def _slow_down(request: Request, found: Announced, typed: Typed, seconds: int) -> dict[str, Any]:
    """Too much from one network: the page keeps what was typed, so that nothing has to be written again."""
    request.response.status_code = 429
    request.response.headers["Retry-After"] = str(seconds)
    return {**_form(request, found, typed), "busy": True}


def closed(request: Request, found: Announced) -> Response:
    """After the close: what became of it, and, for somebody who was late, the text she wrote, to hand in another way."""
    body = request.POST.get("body", "")[: forms.MAX_TYPED] if request.method == "POST" else ""
    page = render(
        "public/consultations/closed.jinja2",
        request,
        one=found,
        office=request.office_name(found.tenant),
        body=body,
    )
    return Response(page, status=409 if request.method == "POST" else 200)
