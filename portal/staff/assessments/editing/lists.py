"""Lists over a whole statement: comments, history, checks; and the comments that wait for whoever is at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses, common, discussing
from portal.staff.assessments.editing.item import KINDS, entry
from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.people import staff_names
from privacy_assessment.editing.discussions import waiting_for
from privacy_assessment.editing.history import PAGE, saves
from privacy_assessment.forms import Place
from privacy_assessment.statements.checks import Check, panel
from privacy_assessment.statements.models import FORM_NAMES, Draft, StatementRefused
from privacy_assessment.statements.store import read_drafts

SHOWN = ("open", "mine", "all")
STAGES = ("draft", "submission")


def threads(request: Request) -> dict[str, Any]:
    """The comments of a statement: open ones, one's own to answer, or all."""
    opened = statement_at(request)
    shown = request.GET.get("shown") if request.GET.get("shown") in SHOWN else "open"
    assignee = opened.actor.id if shown == "mine" else None
    found = request.assessments.notes.threads(request.tx, opened.id, shown != "all", assignee)
    return common.frame(
        request,
        opened,
        threads=discussing.shown(request, opened, found),
        shown=shown,
        path=f"{opened.path}/threads",
    )


def mine(request: Request) -> dict[str, Any]:
    """The comments that wait for whoever is at the desk, over all statements."""
    found = waiting_for(request.tx, str(request.identity.account_id))
    names = staff_names(request.tx, (one.opened_by for one in found))
    today = request.clock.today()
    return {
        "threads": [
            {
                "thread": one,
                "type": discussing.TYPES[one.type],
                "tone": discussing.TONES[one.type],
                "by": names.get(one.opened_by, ""),
                "late": one.due_on is not None and one.due_on < today,
                "path": addresses.item_path(one.statement, one.form, one.place) + f"#t-{one.id}",
            }
            for one in found
        ]
    }


def history(request: Request) -> dict[str, Any]:
    """What was written on a form, save by save; each can be taken back while nothing was written on top."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
    found = saves(request.tx, opened.id, draft.form_id, before, PAGE + 1)
    names = staff_names(request.tx, (one.by for one in found))
    path = f"{addresses.form_path(opened.id, draft.form_id)}history"
    return common.frame(
        request,
        opened,
        draft,
        saves=[
            {
                "version": one.version,
                "kind": KINDS.get(one.kind, one.kind),
                "by": names.get(one.by, ""),
                "at": one.at,
                "edits": [_edit(opened, draft, edit, names) for edit in one.edits],
            }
            for one in found[:PAGE]
        ],
        first=path if before is not None else None,
        next=f"{path}?before={found[PAGE - 1].version}" if len(found) > PAGE else None,
    )


def checks(request: Request) -> dict[str, Any]:
    """Everything that stops a submission, or needs a reason, with the way to each item."""
    return _checks(request, statement_at(request))


def give_reason(request: Request) -> Response | dict[str, Any]:
    """Say why a warning may stand."""
    opened = statement_at(request)
    post = request.POST
    key = tuple(post.get(name, "") for name in ("form", "code", "place"))
    found = _panel(request, opened, read_drafts(request.tx, opened.id))
    if key not in {(one.form, one.problem.code, one.problem.place) for one in found}:
        raise request.problem(
            409,
            happened="この注意は、もうありません。ほかの人が記載を直したためです。",
            kept="理由は保存していません。評価書はそのままです。",
            todo="点検の画面を開き直してください。",
        )
    try:
        request.assessments.notes.give_reason(
            request.tx, opened.id, *key, post.get("reason", ""), opened.actor.id
        )
    except StatementRefused as refused:
        return _checks(request, opened, wrong=(key, str(refused)))
    return HTTPSeeOther(location=f"{opened.path}/checks?{_stage(request)}done=1")


def _stage(request: Request) -> str:
    stage = request.GET.get("stage")
    return f"stage={stage}&" if stage in STAGES else ""


def _checks(request: Request, opened: AtDesk, wrong: tuple[Any, str] | None = None) -> dict[str, Any]:
    drafts = read_drafts(request.tx, opened.id)
    stage = request.GET.get("stage") if request.GET.get("stage") in STAGES else STAGES[-1]
    found = _panel(request, opened, drafts, stage)
    groups = []
    for form in opened.statement.forms:
        lines = [_check(opened, drafts[form], one, wrong) for one in found if one.form == form]
        groups.append((FORM_NAMES[form], sorted(lines, key=lambda line: line["level"] != "error")))
    return common.frame(
        request,
        opened,
        groups=groups,
        stage=stage,
        path=f"{opened.path}/checks",
        errors=sum(one.problem.level == "error" for one in found),
        unexplained=sum(one.problem.level != "error" and one.stops for one in found),
        explained=sum(not one.stops for one in found),
        wrong=wrong[1] if wrong else "",
        done=request.GET.get("done") == "1",
    )


def _panel(
    request: Request, opened: AtDesk, drafts: Mapping[str, Draft], stage: str = "submission"
) -> list[Check]:
    return panel(request.tx, opened.statement, drafts, request.clock.today(), stage)


def _check(opened: AtDesk, draft: Draft, one: Check, wrong: tuple[Any, str] | None) -> dict[str, Any]:
    problem = one.problem
    key = (one.form, problem.code, problem.place)
    return {
        "key": key,
        "level": problem.level,
        "where": problem.where,
        "text": problem.text,
        "reason": one.reason,
        "path": addresses.place_path(opened.id, draft.document, draft.form, problem.place),
        "wrong": wrong is not None and wrong[0] == key,
    }


def _edit(opened: AtDesk, draft: Draft, edit: Any, names: Mapping[str, str]) -> dict[str, Any]:
    rows = edit.place.startswith("rows:")
    where, label = common.where(draft.document, draft.form, edit.place)
    item = None if rows else draft.form.by_key.get(Place.parse(edit.place).key)
    return {
        **entry(item, edit, names),
        "where": where,
        "label": label,
        "rows": (len(edit.before or []), len(edit.after or [])) if rows else None,
        "item": None if rows else addresses.item_path(opened.id, draft.form_id, edit.place),
    }
