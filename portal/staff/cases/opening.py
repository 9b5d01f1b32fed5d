"""Receiving an application at the counter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.cases.views import refusal
from portal.web.text import ascii_field
from storage.ids import new_id
from workflows.engine import Refused
from workflows.procedures.service import ApplicationRefused


def new(request: Request) -> dict[str, Any]:
    """The empty form."""
    return _form(request, {}, {})


def receive(request: Request) -> dict[str, Any] | Response:
    """Open the application; the key of the form makes a second press the same application."""
    values = {
        "affair": request.POST.get("affair", ""),
        "addressee": ascii_field(request.POST.get("addressee", "")),
    }
    errors = {}
    if values["affair"] not in request.desk.law.affairs:
        errors["affair"] = "手続きを選んでください"
    if not values["addressee"]:
        errors["addressee"] = "宛名番号を入れてください"
    if errors:
        return _form(request, values, errors)
    try:
        application = request.desk.applications.open(
            request.tx,
            actor_of(request),
            request.desk.addressee(request.tx, values["addressee"]),
            values["affair"],
            request.POST.get("request_key", "")[:64] or str(new_id()),
        )
    except ApplicationRefused as refused:
        field = "addressee" if refused.code == "UNKNOWN_ADDRESSEE" else "affair"
        return _form(request, values, {field: str(refused)})
    except Refused as refused:
        raise refusal(request, refused) from refused
    return HTTPSeeOther(location=f"/staff/cases/{application.case.id}?done=1")


def _form(request: Request, values: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Any]:
    affairs = request.desk.law.affairs.values()
    language = request.language
    return {
        "affairs": [{"value": "", "text": "選んでください"}]
        + [{"value": affair.code, "text": affair.name[language], "data": True} for affair in affairs],
        "values": values,
        "errors": errors,
        "request_key": request.POST.get("request_key") or str(new_id()),
    }
