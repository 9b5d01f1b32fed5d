"""A new statement in the plan (様式1の行): what is assessed, by whom, from when the file is to be held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.assessments.register import words
from portal.staff.assessments.register.common import typed_day
from portal.staff.assessments.register.listing import may_plan
from portal.staff.cases.views import refusal
from portal.web.text import ascii_field
from privacy_assessment.statements import overview
from privacy_assessment.statements.models import StatementRefused
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Refused

TITLE_LENGTH = 200
REMARK_LENGTH = 500


def new(request: Request) -> dict[str, Any]:
    """The empty form, with the next free number in it."""
    _must_plan(request)
    bodies = overview.bodies(request.tx)
    body = bodies[0].code if bodies else ""
    number = overview.next_number(request.tx, body) if body else ""
    return _form(request, {"body": body, "number": number, "kind": "basic"}, {})


def enter(request: Request) -> dict[str, Any] | Response:
    """Enter the statement; the key of the form makes a second press the same statement."""
    _must_plan(request)
    given = request.POST
    values: dict[str, Any] = {
        name: given.get(name, "").strip()
        for name in ("body", "title", "kind", "office", "hold_start", "planned_on", "remarks")
    }
    values["number"] = ascii_field(given.get("number", ""))
    values["affairs"] = [one for one in given.getall("affairs") if one in request.desk.law.affairs]
    errors = _errors(request, values)
    days = {}
    for name in ("hold_start", "planned_on"):
        try:
            days[name] = typed_day(values[name])
        except ValueError:
            errors[name] = "日付として読めません。例のように入れてください"
    if errors:
        return _form(request, values, errors)
    try:
        made = request.assessments.statements.plan(
            request.tx,
            actor_of(request),
            given.get("request_key", "")[:64] or str(new_id()),
            body=values["body"],
            number=values["number"],
            title=values["title"],
            kind=values["kind"],
            affairs=values["affairs"],
            office=values["office"],
            remarks=values["remarks"],
            **days,
        )
    except StatementRefused as refused:
        return _form(request, values, {"number" if refused.code == "NUMBER_TAKEN" else "title": str(refused)})
    except Refused as refused:
        raise refusal(request, refused) from refused
    return HTTPSeeOther(location=f"/staff/assessments/{made.id}?done=planned")


def _errors(request: Request, values: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    if values["body"] not in {one.code for one in overview.bodies(request.tx)}:
        errors["body"] = "評価実施機関を選んでください"
    if not values["number"] or len(values["number"]) > 20:
        errors["number"] = "評価書番号を20字までで入れてください"
    if not values["title"] or len(values["title"]) > TITLE_LENGTH:
        errors["title"] = "評価書名を200字までで入れてください"
    if values["kind"] not in words.KINDS:
        errors["kind"] = "種類を選んでください"
    if not values["affairs"]:
        errors["affairs"] = "事務を1つ以上選んでください"
    if len(values["remarks"]) > REMARK_LENGTH:
        errors["remarks"] = "備考は500字までです"
    return errors


def _must_plan(request: Request) -> None:
    if not may_plan(request):
        raise request.problem(
            403,
            happened="新しい計画を登録できるのは、取りまとめ課か決裁者です。",
            todo="取りまとめ課に、新しい評価書の登録を依頼してください。",
        )


def _form(request: Request, values: Mapping[str, Any], errors: Mapping[str, str]) -> dict[str, Any]:
    language = request.language
    return {
        "bodies": [
            {"value": one.code, "text": one.name, "data": True} for one in overview.bodies(request.tx)
        ],
        "kinds": [{"value": name, "text": text} for name, text in words.KINDS.items()],
        "affairs": [
            {"value": one.code, "text": one.name[language], "hint": one.clause, "data": True}
            for one in request.desk.law.affairs.values()
        ],
        "offices": [{"value": "", "text": "あなたの課"}]
        + [{"value": name, "text": name, "data": True} for name in desk_offices(request.tx)],
        "values": {"affairs": [], **values},
        "errors": errors,
        "request_key": request.POST.get("request_key") or str(new_id()),
    }


def desk_offices(tx: Transaction) -> list[str]:
    """The offices that have people, or statements already."""
    rows = tx.raw.execute(
        "SELECT DISTINCT office FROM identity.staff WHERE tenant = %s AND office IS NOT NULL AND office <> ''",
        (tx.tenant,),
    ).fetchall()
    return sorted({row[0] for row in rows} | set(overview.offices(tx)))
