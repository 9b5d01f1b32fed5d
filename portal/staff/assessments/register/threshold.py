"""しきい値判断: one question after another in the address itself, so that going back works and a judgement can be sent to a colleague.

Nothing is kept before the last button. The answers are counts and days, never a person.
"""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.assessments.register import words
from portal.staff.assessments.register.common import typed_day
from portal.staff.assessments.register.questions import Answers, read_answers
from portal.staff.cases import presenting
from portal.staff.people import staff_names
from portal.web.text import ascii_field
from privacy_assessment.statements.counted import (
    counts_of,
    drift_of,
    judgements,
    keep_count,
)
from privacy_assessment.statements.models import StatementRefused
from privacy_assessment.threshold import (
    KINDS,
    CannotJudge,
    Judgement,
    covers,
    judge,
    table_on,
)
from storage.ids import new_id
from workflows.engine import Refused

# States in which a plan can still be made again as another kind (the machine's ``drop``).
EARLY = ("planned", "threshold_done", "drafting")


def page(request: Request) -> dict[str, Any]:
    """The question that is next, or the result; without answers, the history."""
    return _page(request, statement_at(request), read_answers(request.GET, request.clock.today()), ())


def record(request: Request) -> dict[str, Any] | Response:
    """Keep the judgement and take its step; where the plan is of a lower kind, plan it again as the kind chosen."""
    found = statement_at(request)
    answers = read_answers(request.POST, request.clock.today())
    if not answers.complete:
        return _page(request, found, answers, ())
    key = request.POST.get("request_key", "")[:60] or str(new_id())
    chosen = request.POST.get("chosen", "")
    service = request.assessments.statements
    try:
        if chosen in words.KINDS and chosen != found.statement.kind and found.case.state in EARLY:
            service.plan_again(request.tx, found.actor, f"{key}-k", found.statement.id, chosen)
        service.judge(request.tx, found.actor, key, found.statement.id, answers.figures(), chosen or None)
    except Refused as refused:
        request.response.status_int = 409
        language = presenting.two(request.language)
        reasons = tuple(
            request.assessments.engine.reason_text(one, found.case, language) for one in refused.reasons
        )
        return _page(request, found, answers, reasons)
    except (StatementRefused, CannotJudge) as refused:
        request.response.status_int = 409
        return _page(request, found, answers, (str(refused),))
    return HTTPSeeOther(location=f"{found.path}?done=judge")


def count(request: Request) -> dict[str, Any] | Response:
    """Keep a later count of people; the page says at once whether it crossed a border."""
    found = statement_at(request)
    errors = {}
    people = ascii_field(request.POST.get("count", "")).replace(",", "")
    day = None
    try:
        day = typed_day(request.POST.get("counted_on", ""))
    except ValueError:
        errors["counted_on"] = "日付として読めません。例のように入れてください"
    if day is None and not errors:
        errors["counted_on"] = "数えた日を入れてください"
    if not people.isdecimal() or len(people) > 10:
        errors["count"] = "人数を数字で入れてください"
    if not errors and day is not None:
        try:
            keep_count(request.tx, request.clock, found.statement.id, int(people), day, found.actor.id)
            return HTTPSeeOther(location=f"{found.path}/threshold?counted=1#counted")
        except StatementRefused as refused:
            errors["count"] = str(refused)
    request.response.status_int = 400
    told = _page(request, found, read_answers({}, request.clock.today()), ())
    return {
        **told,
        "count_errors": errors,
        "counted": {
            "count": request.POST.get("count", "")[:40],
            "counted_on": request.POST.get("counted_on", "")[:40],
        },
    }


def _page(request: Request, found: AtDesk, answers: Answers, reasons: tuple[str, ...]) -> dict[str, Any]:
    today = request.clock.today()
    kept = judgements(request.tx, found.statement.id)
    counted = counts_of(request.tx, found.statement.id)
    result, wrong = None, ""
    if answers.complete:
        try:
            result = judge(answers.figures(), table_on(today), today)
        except CannotJudge as cannot:
            wrong = str(cannot)
    people = [one.by for one in kept] + [one.by for one in counted]
    return {
        "found": found,
        "statement": found.statement,
        "answers": answers,
        "question": answers.question,
        "result": result,
        "wrong": wrong,
        "reasons": reasons,
        "table": grid(result) if result else None,
        "last_table": grid(kept[0].again()) if kept else None,
        "owed": words.OWED,
        "kinds": [
            {"value": name, "text": text}
            for name, text in words.KINDS.items()
            if result is not None and covers(name, result.owed)
        ],
        "usual": _usual(result, found),
        "too_low": result is not None and not covers(found.statement.kind, result.owed),
        "early": found.case.state in EARLY,
        "may_again": "drop" in found.definition.triggers
        and not found.definition.triggers["drop"].who.isdisjoint(found.actor.roles),
        "kept": kept,
        "counted_list": counted,
        "drift": drift_of(kept, counted, today),
        "names": staff_names(request.tx, people),
        "counted": {"counted_on": today.isoformat()},
        "count_errors": {},
        "today": today,
        "may_judge": any(
            one in found.definition.triggers and found.case.state in found.definition.triggers[one].sources
            for one in ("judge", "rejudge")
        ),
        "state": presenting.state_label(request.assessments.engine, found.case, request.language),
        "request_key": request.POST.get("request_key") or str(new_id()),
        "done": request.GET.get("counted") == "1",
    }


def _usual(result: Judgement | None, found: AtDesk) -> str:
    """What is marked at first: the kind of the plan where it is enough, else what is owed."""
    if result is None:
        return ""
    if covers(found.statement.kind, result.owed):
        return found.statement.kind
    return result.owed


def grid(result: Judgement) -> list[dict[str, Any]]:
    """The decision table of the judgement's day, the cell that applies marked."""
    table = table_on(result.judged_on)
    return [
        {
            "label": one.label,
            "article": one.article,
            "cells": [
                {
                    "owed": table.owed[one.code][column],
                    "rank": KINDS.index(table.owed[one.code][column]),
                    "here": (one.code, column) == result.cell,
                }
                for column in ("quiet", "strict")
            ],
        }
        for one in table.classes
    ]
