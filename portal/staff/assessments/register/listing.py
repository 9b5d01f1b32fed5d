"""The register of statements: how many stand where, what is due next, the list; and 様式1 for print and for Excel."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.assessments.register import words
from portal.staff.assessments.register.common import machine
from portal.staff.assessments.register.possible import RARE
from portal.staff.cases import presenting
from portal.web.errors import not_found
from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.exchange import write_workbook
from privacy_assessment.forms import Document, Form, Place, load_form
from privacy_assessment.forms import plain as plain_text
from privacy_assessment.statements import overview
from privacy_assessment.statements.overview import STAGES, Due, Filter, Key, Line
from workflows.engine import Actor, Definition, Engine
from workflows.engine.worklists import duties

PAGE = 50
SOON = 5
LIST = "/staff/assessments/"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(request: Request) -> dict[str, Any]:
    """The list, narrowed as the address says."""
    engine, language = request.assessments.engine, presenting.two(request.language)
    wanted = _filter(request)
    found = overview.statements_page(request.tx, wanted, _after(request.GET.get("after")), PAGE + 1)
    lines, more = found[:PAGE], len(found) > PAGE
    query = {
        "kind": wanted.kind,
        "stage": wanted.stage,
        "office": wanted.office,
        "words": wanted.words,
    }
    bodies = overview.bodies(request.tx)
    counts = overview.stage_counts(request.tx)
    today = request.clock.today()
    return {
        "strip": [
            {
                "name": stage,
                "label": words.STAGES[stage],
                "count": count,
                "chosen": stage == wanted.stage,
                "path": address(LIST, {**query, "stage": None if stage == wanted.stage else stage}),
            }
            for stage, count in counts.items()
        ],
        "total": sum(counts.values()),
        "soon": [_due(engine, one, language) for one in overview.dues(request.tx, limit=SOON)],
        "today": today,
        "lines": [_line(engine, request, one, language) for one in lines],
        "filter": wanted,
        "kinds": [{"value": "", "text": "すべて"}]
        + [{"value": name, "text": text} for name, text in words.SHORT_KINDS.items()],
        "stages": [{"value": "", "text": "すべて"}]
        + [{"value": name, "text": text} for name, text in words.STAGES.items()],
        "offices": [{"value": "", "text": "すべて"}]
        + [{"value": name, "text": name, "data": True} for name in overview.offices(request.tx)],
        "bodies": {one.code: one.name for one in bodies},
        "may_plan": may_plan(request),
        "first": address(LIST, query) if request.GET.get("after") else None,
        "next": address(LIST, {**query, "after": encode_key(lines[-1].key)}) if more else None,
        "narrowed": any(query.values()),
    }


def may_plan(request: Request) -> bool:
    """Whether this person may enter a statement into the plan: the machines say who opens them."""
    opening = request.assessments.engine.registry.kind("assessment_basic").newest.opening
    return not opening.who.isdisjoint(actor_of(request).roles)


def _line(engine: Engine, request: Request, one: Line, language: str) -> dict[str, Any]:
    definition = (
        machine(engine, one.machine, one.machine_version) if one.machine and one.machine_version else None
    )
    state = one.state or ""
    mine = definition is not None and awaited(definition, state, actor_of(request))
    due = (
        presenting.due_day(definition, one.due_name, one.due_at)
        if definition and one.due_name and one.due_at
        else None
    )
    return {
        "line": one,
        "path": f"{LIST}{one.id}",
        "title": one.shown_title,
        "kind": words.SHORT_KINDS[one.kind],
        "state": definition.state_label(state, language) if definition else "",
        "tone": tone(state),
        "due": due,
        "late": due is not None and due < request.clock.today(),
        "due_label": definition.deadlines[one.due_name].label[language]
        if definition and one.due_name and one.due_name in definition.deadlines
        else "",
        "mine": mine,
    }


def awaited(definition: Definition, state: str, actor: Actor) -> bool:
    """Whether this person is expected to do something: to write, or to take the step that leads on."""
    editors = definition.states[state].editors if state in definition.states else {}
    onward = [
        one.name
        for one in duties(definition, actor.roles).get(state, ())
        if one.name not in RARE and one.name not in ("confirm", "review")
    ]
    return bool(onward) or not actor.roles.isdisjoint(editors)


def tone(state: str) -> str:
    """How a state looks in a list."""
    if state in ("published", "ended"):
        return "done"
    return "none" if state in ("expired", "dropped", "handed_over", "planned") else "wait"


def _due(engine: Engine, one: Due, language: str) -> dict[str, Any]:
    definition = machine(engine, one.machine, one.machine_version)
    deadline = definition.deadlines.get(one.name)
    return {
        "day": presenting.due_day(definition, one.name, one.due_at),
        "label": deadline.label[language] if deadline else one.name,
        "number": one.number,
        "title": one.title,
        "path": f"{LIST}{one.statement}",
    }


def plan(request: Request) -> dict[str, Any]:
    """様式1 as a page to print."""
    body, document, form = _form1(request)
    columns, rows = table_of(document, form)
    head = {
        key: plain_text(form.item(key), document.get(key)) for key in ("f1.body", "f1.updated_on", "f1.dept")
    }
    return {
        "body": body,
        "bodies": overview.bodies(request.tx),
        "form": form,
        "head": head,
        "columns": columns,
        "rows": rows,
        "today": request.clock.today(),
    }


def table_of(document: Document, form: Form) -> tuple[list[str], list[list[str]]]:
    """The rows of 様式1 as texts: names of the columns that the form has, then one list for each statement."""
    repeat = form.item("f1.rows")
    items = [item for item in form.all_items if item.key.startswith("f1.rows.")]
    return [item.label for item in items], [
        [plain_text(item, document.get(Place(item.key, (row,)))) for item in items]
        for row in document.rows_of(repeat.key)
    ]


def workbook(request: Request) -> Response:
    """様式1 as an Excel file."""
    body, document, form = _form1(request)
    response = Response(write_workbook(document, form), content_type=XLSX)
    name = f"plan-{request.identity.tenant}-{body}-{request.clock.today().isoformat()}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _form1(request: Request) -> tuple[str, Document, Form]:
    codes = [one.code for one in overview.bodies(request.tx)]
    if not codes:
        raise request.problem(
            409,
            title="計画管理書は、まだ作れません",
            happened="評価実施機関が登録されていません。",
            todo="評価の設定で、評価実施機関の名称と担当部署を登録してください。",
        )
    body = request.GET.get("body") or codes[0]
    if body not in codes:
        not_found()
    document = request.assessments.statements.plan_register(request.tx, body)
    return body, document, load_form("form1", document.edition)


def _filter(request: Request) -> Filter:
    kind, stage = request.GET.get("kind"), request.GET.get("stage")
    return Filter(
        kind if kind in words.SHORT_KINDS else None,
        stage if stage in STAGES else None,
        (request.GET.get("office") or "").strip()[:200] or None,
        (request.GET.get("words") or "").strip()[:100] or None,
    )


def _after(text: str | None) -> Key | None:
    key = decode_key(text)
    if key is None:
        return None
    if len(key) != 3 or not isinstance(key[1], int):
        raise UnreadableKey
    return str(key[0]), key[1], str(key[2])
