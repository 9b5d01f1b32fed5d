"""The preview of one statement's files, field by field, and taking them: into a new plan or into a statement being written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.assessments.exchange.importing import batch_of, service
from portal.staff.assessments.register import words
from portal.staff.cases.views import refusal
from portal.web.errors import not_found
from portal.web.text import ascii_field
from privacy_assessment.exchange.groups import Group, grouped
from privacy_assessment.exchange.imports import Incoming
from privacy_assessment.exchange.merging import CHANGED, LEFT, NEW, SAME, Merged
from privacy_assessment.statements import overview
from privacy_assessment.statements.drafts import Clash, Conflict
from privacy_assessment.statements.models import Draft, NoSuchStatement, Statement, StatementRefused
from privacy_assessment.statements.store import list_statements, read_draft, read_statement
from storage.ids import new_id
from workflows.engine import Refused

SHOWN = 400
TITLE_LENGTH = 200


@dataclass(frozen=True)
class Compared:
    """One form of the group against the draft it may go into.

    :param draft: None when it begins a new statement.
    """

    one: Incoming
    draft: Draft | None
    merged: Merged

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values of each kind."""
        return {kind: len(self.merged.of(kind)) for kind in (NEW, CHANGED, SAME, LEFT)}


def page(request: Request) -> dict[str, Any]:
    """What was read of this statement, compared with where it may go."""
    return _page(request, _group(request), request.GET.get("into", ""), {}, {})


def take(request: Request) -> dict[str, Any] | Response:
    """Take it. A second press finds it taken and leads to the statement."""
    group = _group(request)
    into = request.POST.get("into", "")
    done = next((one.taken_into for one in group.items if one.taken_into is not None), None)
    if group.taken and done is not None:
        return HTTPSeeOther(location=f"/staff/assessments/{done}")
    try:
        statement = _into(request, group, into) if into else _new(request, group)
    except StatementRefused as refused:
        field = "number" if refused.code == "NUMBER_TAKEN" else "into"
        return _page(request, group, into, {field: str(refused)}, request.POST)
    except Refused as refused:
        raise refusal(request, refused) from refused
    except _Incomplete as missing:
        return _page(request, group, into, missing.errors, request.POST)
    except Conflict as conflict:
        request.response.status_code = 409
        return _page(request, group, into, {}, request.POST, conflict.clashes)
    return HTTPSeeOther(location=f"/staff/assessments/{statement.id}")


class _Incomplete(Exception):
    """The form lacks something; one sentence for each field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("the form is incomplete")
        self.errors = errors


def _new(request: Request, group: Group) -> Statement:
    given = request.POST
    affairs = [one for one in given.getall("affairs") if one in request.desk.law.affairs]
    values = {
        "body": given.get("body", ""),
        "number": ascii_field(given.get("number", "")),
        "title": given.get("title", "").strip(),
    }
    errors = {}
    if values["body"] not in {one.code for one in overview.bodies(request.tx)}:
        errors["body"] = "評価実施機関を選んでください"
    if not values["number"] or len(values["number"]) > 20:
        errors["number"] = "評価書番号を20字までで入れてください"
    if not values["title"] or len(values["title"]) > TITLE_LENGTH:
        errors["title"] = "評価書名を200字までで入れてください"
    if not affairs:
        errors["affairs"] = "事務を1つ以上選んでください"
    if errors:
        raise _Incomplete(errors)
    statement: Statement = request.assessments.statements.plan(
        request.tx,
        actor_of(request),
        given.get("request_key", "")[:64] or str(new_id()),
        kind=group.kind,
        affairs=affairs,
        remarks="",
        **values,
    )
    for one in group.items:
        service(request).take(request.tx, one, statement, 1, actor_of(request), beginning=True)
    return statement


def _into(request: Request, group: Group, into: str) -> Statement:
    statement = _statement(request, into)
    skip = set(request.POST.getall("skip"))
    for one in group.items:
        if one.taken_at is not None or one.form_id not in statement.forms:
            continue
        seen = request.POST.get(f"seen-{one.form_id}", "")
        service(request).take(
            request.tx,
            one,
            statement,
            int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
            actor_of(request),
            {place.partition("|")[2] for place in skip if place.startswith(f"{one.form_id}|")},
        )
    return statement


def _group(request: Request) -> Group:
    wanted = int(request.matchdict["group"])
    group = next((one for one in grouped(batch_of(request)) if one.position == wanted), None)
    if group is None:
        not_found()
    return group


def _statement(request: Request, text: str) -> Statement:
    try:
        return read_statement(request.tx, UUID(text))
    except (NoSuchStatement, ValueError):
        not_found()


def _page(
    request: Request,
    group: Group,
    into: str,
    errors: Mapping[str, str],
    values: Mapping[str, Any],
    clashes: Sequence[Clash] = (),
) -> dict[str, Any]:
    target = _statement(request, into) if into else None
    compared = [_compare(request, one, target) for one in group.items]
    bodies = overview.bodies(request.tx)
    return {
        "group": group,
        "batch": group.items[0].batch,
        "compared": compared,
        "shown": SHOWN,
        "target": target,
        "unfit": [one.name for one in group.items if target is not None and one.form_id not in target.forms],
        "targets": [{"value": "", "text": "新しい計画に入れる"}, *_targets(request, group)],
        "kind": words.KINDS[group.kind],
        "bodies": [{"value": one.code, "text": one.name, "data": True} for one in bodies],
        "affairs": [
            {"value": one.code, "text": one.name[request.language], "hint": one.clause, "data": True}
            for one in request.desk.law.affairs.values()
        ],
        "values": {
            "number": group.number,
            "title": group.title,
            "body": _body_of(group, bodies),
            **({key: values[key] for key in ("number", "title", "body") if key in values}),
            "affairs": values.getall("affairs") if hasattr(values, "getall") else [],
        },
        "skipped": set(values.getall("skip")) if hasattr(values, "getall") else set(),
        "errors": errors,
        "clashes": clashes,
        "request_key": request.POST.get("request_key") or str(new_id()),
    }


def _compare(request: Request, one: Incoming, target: Statement | None) -> Compared:
    draft = None
    if target is not None and one.form_id is not None and one.form_id in target.forms:
        draft = read_draft(request.tx, target.id, one.form_id)
    return Compared(one, draft, service(request).compare(draft, one))


def _targets(request: Request, group: Group) -> list[dict[str, Any]]:
    """Statements that may be written now, the one with the same number first."""
    forms = {one.form_id for one in group.items}
    actor, found = actor_of(request), []
    engine = request.assessments.engine
    for one in list_statements(request.tx, limit=300):
        if one.case_id is None or not forms & set(one.forms):
            continue
        if engine.may_edit(engine.case(request.tx, one.case_id), actor):
            found.append(one)
    found.sort(key=lambda one: (one.number != group.number, len(one.number), one.number))
    return [{"value": str(one.id), "text": f"{one.number} {one.title}", "data": True} for one in found[:50]]


def _body_of(group: Group, bodies: Sequence[Any]) -> str:
    """The body whose name the cover says; the only one where there is but one."""
    named = {str(one.document.get("c.body") or "") for one in group.items if one.document is not None}
    found = next((one.code for one in bodies if one.name in named), None)
    return found or (bodies[0].code if len(bodies) == 1 else "")
