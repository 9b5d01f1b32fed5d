"""Taking a step: what it means, what it asks for, and, when it is refused, everything that stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.assessments.register import words
from portal.staff.assessments.register.choices import choices
from portal.staff.assessments.register.common import typed_day
from portal.staff.assessments.register.possible import THRESHOLD, Possible, possible
from portal.staff.cases import presenting
from portal.web.errors import not_found
from privacy_assessment.statements.models import StatementRefused
from storage.ids import new_id
from workflows.engine import Command, Refused
from workflows.engine.definition import Field, Trigger
from workflows.law.terms import term

PURPOSE = "特定個人情報保護評価の実施"
PURPOSE_LENGTH = 200


def ask(request: Request) -> dict[str, Any] | Response:
    """The page of one step; the threshold has a page of its own."""
    found = statement_at(request)
    trigger = _trigger(request, found)
    if trigger.name in THRESHOLD:
        return HTTPSeeOther(location=f"{found.path}/threshold")
    return _page(request, found, trigger, _begin(trigger, request.clock.today()), {}, ())


def act(request: Request) -> dict[str, Any] | Response:
    """Take the step. What was typed is kept on the page when it is refused."""
    found = statement_at(request)
    trigger = _trigger(request, found)
    typed = _typed(request, trigger)
    given, errors = _read(request, trigger, typed)
    if trigger.name in words.GRAVE and not request.POST.get("sure"):
        errors["sure"] = "内容を確かめて、印を付けてください"
    if errors:
        request.response.status_int = 400
        return _page(request, found, trigger, typed, errors, ())
    key = request.POST.get("request_key", "")[:64] or str(new_id())
    try:
        if trigger.name == "hand_over":
            request.assessments.statements.hand_over(request.tx, found.actor, key, found.statement.id)
        else:
            purpose = typed["purpose"] or PURPOSE
            command = Command(found.case.id, trigger.name, found.actor, purpose, key, given)
            request.assessments.engine.apply(request.tx, command)
    except Refused as refused:
        request.response.status_int = 409
        language = presenting.two(request.language)
        engine = request.assessments.engine
        reasons = tuple(engine.reason_text(one, found.case, language) for one in refused.reasons)
        return _page(request, found, trigger, typed, {}, reasons)
    except StatementRefused as refused:
        request.response.status_int = 409
        return _page(request, found, trigger, typed, {}, (str(refused),))
    return HTTPSeeOther(location=f"{found.path}?done={trigger.name}")


def _trigger(request: Request, found: AtDesk) -> Trigger:
    trigger = found.definition.triggers.get(request.matchdict["trigger"])
    if trigger is None or trigger.who <= {"clock", "system"}:
        not_found()
    return trigger


def _begin(trigger: Trigger, today: date) -> dict[str, Any]:
    """What the fields hold at first: the days that are right most of the time."""
    first: dict[str, Any] = {"purpose": PURPOSE}
    for field in trigger.input:
        if field.type == "date" and field.name in ("opens", "done_on", "stopped_on", "decided_on"):
            first[field.name] = today.isoformat()
    if trigger.name == "consult":
        first["closes"] = (
            today + timedelta(days=term("assessment.consultation", today).amount - 1)
        ).isoformat()
    if trigger.name == "invoke_emergency":
        first["day"] = today.isoformat()
    return first


def _typed(request: Request, trigger: Trigger) -> dict[str, Any]:
    typed: dict[str, Any] = {"purpose": request.POST.get("purpose", "").strip()[:PURPOSE_LENGTH]}
    for field in trigger.input:
        if field.type in ("uuids", "codes"):
            typed[field.name] = request.POST.getall(field.name)
        else:
            typed[field.name] = request.POST.get(field.name, "").strip()
    return typed


def _read(
    request: Request, trigger: Trigger, typed: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The input of the step from what was typed, or what is wrong with it, by field."""
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    if trigger.name == "confirm":
        before, _, step = typed["step"].partition("/")
        if not step:
            errors["step"] = "確認する手続を選んでください"
        return {"step": step, "before": before}, errors
    for field in trigger.input:
        value = typed[field.name]
        if not value:
            if field.required:
                errors[field.name] = _missing(field)
            continue
        try:
            given[field.name] = _value(trigger, field, value)
        except ValueError:
            errors[field.name] = (
                "日付として読めません。例のように入れてください"
                if field.type == "date"
                else "選べるものから選んでください"
            )
    return given, errors


def _missing(field: Field) -> str:
    match field.type:
        case "date":
            return "日付を入れてください"
        case "uuids":
            return "直すところを1つ以上選んでください"
        case "text":
            return "理由を書いてください"
    return "選んでください"


def _value(trigger: Trigger, field: Field, value: Any) -> Any:
    match field.type:
        case "date":
            return typed_day(value)
        case "uuid":
            return UUID(value)
        case "uuids":
            return [UUID(one) for one in value]
        case "code":
            if value not in words.CODES.get((trigger.name, field.name), {}):
                raise ValueError("not in the closed list")
    return value


def _page(
    request: Request,
    found: AtDesk,
    trigger: Trigger,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    reasons: tuple[str, ...],
) -> dict[str, Any]:
    step = _step(request, found, trigger)
    return {
        "found": found,
        "statement": found.statement,
        "step": step,
        "state": presenting.state_label(request.assessments.engine, found.case, request.language),
        "fields": _fields(request, found, trigger),
        "typed": typed,
        "errors": errors,
        # A refusal just given says more than the machine says before anything was typed in.
        "reasons": reasons or step.reasons,
        "tried": bool(reasons),
        "grave": words.GRAVE.get(trigger.name),
        "comments": _open_comments(request, found, trigger),
        "request_key": request.POST.get("request_key") or str(new_id()),
    }


def _open_comments(request: Request, found: AtDesk, trigger: Trigger) -> tuple[int, int]:
    """How many comments this step would close, because it hands the text in, and how many questions wait for an answer."""
    if "freeze_submission" not in trigger.write_effects:
        return (0, 0)
    counted: tuple[int, int] = request.assessments.notes.count_open(request.tx, found.statement.id)
    return counted


def _step(request: Request, found: AtDesk, trigger: Trigger) -> Possible:
    known = next((one for one in possible(request, found) if one.trigger == trigger.name), None)
    if known is not None:
        return known
    language = presenting.two(request.language)
    reason = (
        request.texts.plain("確認を待っている庁内の手続はありません。")
        if trigger.name == "confirm" and found.case.state in trigger.sources
        else request.texts.plain(
            "今の状態は「{state}」です。この操作は、この状態ではできません。",
            state=found.definition.state_label(found.case.state, language),
        )
    )
    return Possible(
        trigger.name,
        trigger.label[language],
        words.PLAIN.get(trigger.name, ""),
        trigger.article,
        "",
        "",
        False,
        (reason,),
        "",
    )


def _fields(request: Request, found: AtDesk, trigger: Trigger) -> list[dict[str, Any]]:
    """The fields of the step with what may be chosen; the step of an internal confirmation names what it is before."""
    told = []
    for field in trigger.input:
        if trigger.name == "confirm" and field.name == "before":
            continue
        told.append(
            {
                "name": field.name,
                "type": field.type,
                "required": field.required,
                "label": words.FIELDS.get(field.name, field.name),
                "hint": words.HINTS.get(field.name),
                "choices": choices(request, found, trigger.name, field),
            }
        )
    return told
