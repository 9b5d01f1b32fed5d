"""The list of work and the case page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.staff.cases.dues import next_dues
from portal.staff.cases.near import is_large
from portal.staff.cases.resting import STATEMENTS, due_statements
from portal.web.errors import not_found
from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import statements_of_cases
from storage.clock import JAPAN
from storage.ids import new_id
from workflows.engine import CaseNotFound, CaseView, Command, Refused
from workflows.engine.worklists import Cursor, duties

PAGE = 50
WORKLIST = "/staff/"
PURPOSE_LENGTH = 200


def worklist(request: Request) -> dict[str, Any]:
    """What this person can do something about, most urgent first."""
    engine = request.desk.engine
    language = presenting.two(request.language)
    actor = actor_of(request)
    labels = {kind.name: kind.newest.label[language] for kind in engine.registry.kinds.values()}
    kinds = {name: label for name, label in labels.items() if _works_on(request, name)}
    chosen = request.GET.get("kind") if request.GET.get("kind") in kinds else None
    if actor.roles == {"coordinator"}:
        # The coordinating office brings the statements of every office together.
        actor = replace(actor, office=None)
    items = engine.worklist(
        request.tx,
        actor,
        _cursor(request.GET.get("after")),
        PAGE + 1,
        [chosen] if chosen else None,
    )
    shown = items[:PAGE]
    more = len(items) > PAGE
    receipts = request.desk.receipts(request.tx, [item.case.id for item in shown])
    dues = next_dues(request.tx, engine, [item.case for item in shown], request.clock.now(), language)
    statements = statements_of_cases(request.tx, [item.case.id for item in shown])
    public = chosen.startswith(STATEMENTS) if chosen else any(name.startswith(STATEMENTS) for name in kinds)
    return {
        "due_statements": due_statements(request, engine, actor)
        if public and not request.GET.get("after")
        else [],
        "kinds": kinds,
        "chosen": chosen,
        "items": [
            {
                "case": item.case,
                "kind": labels[item.case.kind],
                "name": receipts[item.case.id][0]
                if item.case.id in receipts
                else _name(item.case, statements),
                "affair": request.desk.affair_name(receipts[item.case.id][1], request.language)
                if item.case.id in receipts
                else None,
                "label": item.label[language],
                "tone": presenting.tone(engine.definition(item.case), item.case.state),
                "due": dues.get(item.case.id),
                "opened": item.case.opened_at.astimezone(JAPAN).date(),
                "actions": [
                    engine.definition(item.case).triggers[name].label[language] for name in item.triggers
                ],
                "path": _path(item.case, statements),
            }
            for item in shown
        ],
        "first": address(WORKLIST, {"kind": chosen}) if request.GET.get("after") else None,
        "next": address(WORKLIST, {"kind": chosen, "after": _mark(shown[-1].cursor)}) if more else None,
    }


def case(request: Request) -> dict[str, Any] | Response:
    """One case: where it stands, what can be done, why not, and what happened."""
    desk = request.desk
    found = visible_case(request)
    path = _path(found, statements_of_cases(request.tx, [found.id]))
    if path != f"/staff/cases/{found.id}":
        return HTTPSeeOther(location=path)
    actor = actor_of(request)
    return {
        **page_of(request, found),
        "application": desk.application(request.tx, found, actor),
        "inquiries": [
            {
                "case": one,
                "inquiry": inquiry,
                "state": presenting.state_label(desk.engine, one, request.language),
                "tone": presenting.tone(desk.engine.definition(one), one.state),
                "holder": desk.organisation(inquiry.holder_org),
                "items": [desk.item_name(item, request.language) for item in inquiry.items],
            }
            for one, inquiry in desk.inquiries.for_application(request.tx, found.id)
        ],
    }


def page_of(request: Request, found: CaseView) -> dict[str, Any]:
    """What every page of a case shows, whatever its kind."""
    engine = request.desk.engine
    language = request.language
    definition = engine.definition(found)
    history = presenting.history(engine, request.tx, found, language, request.desk.detail_words)
    return {
        "case": found,
        "kind_label": definition.label[presenting.two(language)],
        "state": presenting.state_label(engine, found, language),
        "tone": presenting.tone(definition, found.state),
        "actions": presenting.actions(engine, request.tx, found, actor_of(request), language),
        "history": history,
        "picture": presenting.picture(engine, found, language),
        "near": presenting.picture(engine, found, language, history),
        "large": is_large(definition),
        "next_steps": presenting.next_steps(definition, found.state, language),
        "choices": presenting.CHOICES,
        "field_words": presenting.FIELDS,
        "request_key": str(new_id()),
        "done": request.GET.get("done") == "1",
    }


def act(request: Request) -> Response:
    """Take one step. The key of the form makes a second press the same step."""
    engine = request.desk.engine
    found = visible_case(request)
    trigger = request.POST.get("trigger", "")
    definition = engine.definition(found)
    fields = definition.triggers[trigger].input if trigger in definition.triggers else ()
    command = Command(
        found.id,
        trigger,
        actor_of(request),
        request.POST.get("purpose", "").strip()[:PURPOSE_LENGTH],
        request.POST.get("request_key", "")[:64] or str(new_id()),
        {field.name: request.POST[field.name] for field in fields if request.POST.get(field.name)},
    )
    try:
        engine.apply(request.tx, command)
    except Refused as refused:
        raise refusal(request, refused, found) from refused
    return HTTPSeeOther(location=f"{_path(found)}?done=1")


def refusal(request: Request, refused: Refused, found: CaseView | None = None) -> Exception:
    """The page that says everything that stood in the way."""
    engine = request.desk.engine
    language = presenting.two(request.language)
    return request.problem(
        409,
        happened="次の理由で、この操作はできませんでした。",
        reasons=tuple(engine.reason_text(reason, found, language) for reason in refused.reasons),
    )


def visible_case(request: Request) -> CaseView:
    """The case of the address, when this person may see it; a missing and a hidden one are the same page."""
    engine = request.desk.engine
    try:
        found = engine.case(request.tx, UUID(request.matchdict["case_id"]))
    except (CaseNotFound, ValueError):
        not_found()
    if not engine.may_read(found, actor_of(request)):
        not_found()
    return found


def _works_on(request: Request, kind: str) -> bool:
    """Whether this person has anything to do in some state of a kind of case."""
    return bool(duties(request.desk.engine.registry.kind(kind).newest, actor_of(request).roles))


def _name(case: CaseView, statements: Mapping[UUID, Statement]) -> str:
    """What a case is called in the list: the number and title of its statement, else the end of its identifier."""
    statement = statements.get(case.id)
    return f"{statement.number} {statement.title}" if statement else str(case.id)[-8:]


def _path(found: CaseView, statements: Mapping[UUID, Statement] = MappingProxyType({})) -> str:
    if found.id in statements:
        return f"/staff/assessments/{statements[found.id].id}"
    return f"/staff/inquiries/{found.id}" if found.kind == "inquiry" else f"/staff/cases/{found.id}"


def _mark(cursor: Cursor) -> str:
    due, case_id = cursor
    return encode_key([due.isoformat(), str(case_id)])


def _cursor(text: str | None) -> Cursor | None:
    key = decode_key(text)
    if key is None:
        return None
    try:
        due, case_id = key
        return datetime.fromisoformat(str(due)), UUID(str(case_id))
    except ValueError as error:
        raise UnreadableKey from error
