"""Settings of assessments: who the body is and whom to ask (様式1), and what the office wants confirmed before each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.register import words
from portal.staff.cases import presenting
from portal.web.text import ascii_field
from privacy_assessment.statements import overview
from privacy_assessment.statements.internal import (
    BEFORE,
    ROLES,
    add_step,
    internal_steps,
    move_step,
    remove_step,
)
from privacy_assessment.statements.models import StatementRefused

PATH = "/staff/assessments/settings"
STANDINGS = {
    "local": "地方公共団体等（規則7条の手続）",
    "national": "行政機関等（番号法28条の手続、委員会の承認）",
}


def page(request: Request) -> dict[str, Any]:
    """Bodies and internal steps."""
    return _page(request, {}, {})


def change(request: Request) -> dict[str, Any] | Response:
    """Keep a body, or add, move or remove an internal step."""
    given = request.POST
    what = given.get("what", "")
    if what == "body":
        return _keep_body(request)
    if what == "add":
        values = {name: given.get(name, "").strip() for name in ("before", "label", "role", "source")}
        values["other_person"] = "1" if given.get("other_person") else ""
        try:
            add_step(
                request.tx,
                values["before"],
                values["label"],
                values["role"],
                bool(values["other_person"]),
                values["source"],
            )
        except StatementRefused as refused:
            return _page(request, {"step": values}, {"label": str(refused)})
        return HTTPSeeOther(location=f"{PATH}?done=1#steps")
    before, _, code = given.get("step", "").partition("/")
    if what == "remove":
        remove_step(request.tx, before, code)
    elif what in ("earlier", "later"):
        move_step(request.tx, before, code, what == "earlier")
    else:
        raise request.problem(400)
    return HTTPSeeOther(location=f"{PATH}?done=1#steps")


def _keep_body(request: Request) -> dict[str, Any] | Response:
    given = request.POST
    values = {
        name: given.get(name, "").strip()[:200] for name in ("name", "standing", "department", "contact")
    }
    values["code"] = ascii_field(given.get("code", ""))[:30].lower()
    errors = {}
    if not values["code"] or not values["code"].replace("-", "").isalnum() or not values["code"].isascii():
        errors["code"] = "符号は、半角の英小文字・数字・ハイフンで入れてください"
    if not values["name"]:
        errors["name"] = "評価実施機関の名称を入れてください"
    if values["standing"] not in STANDINGS:
        errors["standing"] = "区分を選んでください"
    if not values["department"]:
        errors["department"] = "担当部署を入れてください"
    if not values["contact"]:
        errors["contact"] = "連絡先を入れてください"
    if errors:
        return _page(request, {"body": values}, errors)
    request.assessments.statements.keep_body(request.tx, **values)
    return HTTPSeeOther(location=f"{PATH}?done=1")


def _page(
    request: Request, typed: Mapping[str, Mapping[str, str]], errors: Mapping[str, str]
) -> dict[str, Any]:
    language = presenting.two(request.language)
    registry = request.assessments.engine.registry
    labels: dict[str, str] = {}
    for kind in ("assessment_full_local", "assessment_full_national", "assessment_basic"):
        for name, trigger in registry.kind(kind).newest.triggers.items():
            labels.setdefault(name, trigger.label[language])
    bodies = overview.bodies(request.tx)
    chosen = next((one for one in bodies if one.code == request.GET.get("body")), None)
    body = typed.get("body") or (
        {
            "code": chosen.code,
            "name": chosen.name,
            "standing": chosen.standing,
            "department": chosen.department,
            "contact": chosen.contact,
        }
        if chosen
        else {"standing": "local", "code": "" if bodies else "mayor"}
    )
    return {
        "bodies": bodies,
        "standings": [{"value": name, "text": text} for name, text in STANDINGS.items()],
        "standing_words": STANDINGS,
        "steps": internal_steps(request.tx),
        "labels": labels,
        "befores": [{"value": name, "text": labels[name], "data": True} for name in BEFORE],
        "roles": [{"value": name, "text": words.ROLES[name]} for name in ROLES],
        "role_words": words.ROLES,
        "body": body,
        "editing": chosen is not None,
        "step": typed.get("step", {}),
        "errors": errors,
        "done": request.GET.get("done") == "1",
    }
