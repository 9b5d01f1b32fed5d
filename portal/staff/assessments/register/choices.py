"""What may be chosen for a field of a step: records that are there, or a closed list. Nobody types an identifier."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.staff.assessments.gate import AtDesk
from portal.staff.assessments.register import words
from portal.staff.assessments.register.possible import waiting
from portal.staff.people import staff_names
from portal.web.dates import stamp
from privacy_assessment.forms import Place, citation
from privacy_assessment.forms.document import BadPlace
from privacy_assessment.statements.models import Draft
from privacy_assessment.statements.notes import THREAD_TYPES, Thread
from privacy_assessment.statements.store import read_drafts
from workflows.engine.definition import Field

SHOWN = 120


def choices(request: Request, found: AtDesk, trigger: str, field: Field) -> list[dict[str, Any]]:
    """The choices of a field; empty for one that is typed."""
    if field.type == "code" and trigger == "confirm":
        return _steps(request, found)
    if field.type == "code":
        return [
            {"value": code, "text": text} for code, text in words.CODES.get((trigger, field.name), {}).items()
        ]
    if field.name == "review":
        return _reviews(request, found)
    if field.name == "threads":
        return _threads(request, found)
    return []


def _steps(request: Request, found: AtDesk) -> list[dict[str, Any]]:
    plain = request.texts.plain
    language = "en" if request.language == "en" else "ja"
    return [
        {
            "value": f"{one.step.before}/{one.step.code}",
            "text": one.step.label,
            "hint": plain(
                "「{trigger}」の前に、{role}が確認します。",
                trigger=found.definition.triggers[one.step.before].label[language],
                role=plain(words.ROLES[one.step.role]),
            ),
            "data": True,
        }
        for one in waiting(request, found)
        if one.next
    ]


def _reviews(request: Request, found: AtDesk) -> list[dict[str, Any]]:
    plain = request.texts.plain
    rows = request.tx.raw.execute(
        "SELECT id, reviewed_on, reviewers, method, favourable, at FROM madoguchi.third_party_review"
        " WHERE tenant = %s AND case_id = %s ORDER BY at DESC, id DESC LIMIT 20",
        (request.tx.tenant, found.case.id),
    ).fetchall()
    return [
        {
            "value": str(key),
            "text": f"{day.isoformat()} {reviewers}（{method}）",
            "hint": plain("結果：適当と認める。") if favourable else plain("結果：見直しを求める。"),
            "data": True,
            "newest": number == 0,
            "at": stamp(at),
        }
        for number, (key, day, reviewers, method, favourable, at) in enumerate(rows)
    ]


def _threads(request: Request, found: AtDesk) -> list[dict[str, Any]]:
    threads = [
        one
        for one in request.assessments.notes.threads(request.tx, found.statement.id, open_only=True)
        if one.type != "internal"
    ]
    drafts = read_drafts(request.tx, found.statement.id)
    names = staff_names(request.tx, [one.opened_by for one in threads])
    return [
        {
            "value": str(one.id),
            "text": f"{_where(drafts.get(one.form), one)}：{one.entries[0].text[:SHOWN] if one.entries else ''}",
            "hint": f"{THREAD_TYPES[one.type]} {names.get(one.opened_by, '')} {stamp(one.opened_at)}",
            "data": True,
        }
        for one in threads
    ]


def _where(draft: Draft | None, thread: Thread) -> str:
    """The item a thread is bound to, as people cite it; its key where the item is gone."""
    if draft is None:
        return thread.form
    place = Place.parse(thread.place)
    try:
        return f"{draft.form.number} {citation(draft.form, draft.form.item(place.key), draft.document, place.rows)}"
    except (KeyError, LookupError, ValueError, BadPlace):
        return draft.form.number
