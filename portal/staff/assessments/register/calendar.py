"""The year of an office's assessments: what is due when, as a picture and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from markupsafe import Markup
from pyramid.request import Request

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.assessments.register.common import machine
from portal.staff.cases import presenting
from privacy_assessment.pictures import CalendarEntry, year_calendar
from privacy_assessment.statements import overview
from privacy_assessment.statements.agenda import agenda
from storage.clock import JAPAN
from workflows.law.calendar import fiscal_year

FIRST_YEAR, LAST_YEAR = 2014, 2100
WHAT = {
    "consultation": "意見を聴く期間",
    "third_party": "第三者点検",
    "submission": "委員会への提出",
    "publication": "公表",
    "hold_start": "ファイルの保有を始める（予定）",
    "changes_on": "変更を始める（予定）",
    "planned_on": "評価の実施（予定）",
}
# What the picture draws alike.
MARKS = {
    "consultation": "consultation", "consultation_end": "consultation", "submission": "submission",
    "publication": "submission", "publication_day": "submission", "promptly": "submission", "review_year": "review",
    "third_party": "review", "redo": "redo", "redo_soon": "redo",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line of the table.

    :param label: in the language of the page. :param path: home of the statement.
    """

    day: date
    until: date | None
    label: str
    kind: str
    number: str
    title: str
    path: str
    done: bool
    late: bool


def office(request: Request) -> dict[str, Any]:
    """The year of the whole office."""
    return _page(request, None)


def statement(request: Request) -> dict[str, Any]:
    """The year of one statement."""
    return _page(request, statement_at(request))


def _page(request: Request, found: AtDesk | None) -> dict[str, Any]:
    today = request.clock.today()
    year = _year(request.GET.get("year"), today)
    entries = _entries(request, year, today, found.statement.id if found else None)
    language = presenting.two(request.language)
    drawn = year_calendar(
        [
            CalendarEntry(one.day, f"{one.number} {one.label}", one.kind, one.until, one.done)
            for one in entries
        ],
        year,
        language,
        today=today,
        prefix="year",
    )
    path = f"{found.path}/calendar" if found else "/staff/assessments/calendar"
    return {
        "found": found,
        "year": year,
        "entries": entries,
        "picture": Markup(drawn.svg),  # noqa: S704 - drawn by us, every text in it escaped
        "narrow": Markup(drawn.narrow),  # noqa: S704
        "picture_title": drawn.title,
        "today": today,
        "path": path,
        "before": year - 1 if year > FIRST_YEAR else None,
        "after": year + 1 if year < LAST_YEAR else None,
    }


def _year(text: str | None, today: date) -> int:
    if text and text.isdecimal() and len(text) == 4 and FIRST_YEAR <= int(text) <= LAST_YEAR:
        return int(text)
    return fiscal_year(today)


def _entries(request: Request, year: int, today: date, only: UUID | None) -> list[Entry]:
    first, end = date(year, 4, 1), date(year + 1, 4, 1)
    language = presenting.two(request.language)
    told = [
        Entry(
            one.day,
            one.until,
            request.texts.plain(WHAT[one.what]),
            MARKS.get(one.what, "other"),
            one.number,
            one.title,
            f"/staff/assessments/{one.statement}",
            one.done,
            False,
        )
        for one in agenda(request.tx, first, end, today, only)
    ]
    # A deadline of the last day falls due with the midnight after it, which is in the next year already.
    moments = (datetime.combine(day, time.min, JAPAN) for day in (first, end))
    begin, until = moments
    for due in overview.dues(request.tx, begin, until.replace(hour=1), only):
        definition = machine(request.assessments.engine, due.machine, due.machine_version)
        if due.name == "consultation_end" or due.name not in definition.deadlines:
            continue
        day = presenting.due_day(definition, due.name, due.due_at)
        if not first <= day < end:
            continue
        told.append(
            Entry(
                day,
                None,
                definition.deadlines[due.name].label[language],
                MARKS.get(due.name, "other"),
                due.number,
                due.title,
                f"/staff/assessments/{due.statement}",
                False,
                day < today,
            )
        )
    return sorted(told, key=lambda one: (one.day, one.number, one.label))
