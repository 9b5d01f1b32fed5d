"""Deadlines: counted once when armed, kept with the counting in words, and pulled by the clock as ordinary triggers.

A deadline fires exactly once: its row and its case are locked together, its request key is its own, and the step it makes and the
mark it gets are one transaction. Rows somebody else holds are passed over, so any number of workers may drain the same list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from storage.clock import JAPAN
from storage.database import Transaction
from workflows.engine.definition import Deadline, Definition, DefinitionError, Trigger
from workflows.engine.values import CLOCK, NEVER, CaseView, Command, Reason, Refused
from workflows.law.calendar import Due, LawCalendar
from workflows.law.terms import CLOCK_UNITS, NoSuchTerm, Term
from workflows.law.terms import term as named_term

# Both rows are locked: the case, because the step will need it, and the deadline, because another worker may want it.
TAKE_DUE = """
    SELECT d.case_id, d.name, d.armed_by, d.trigger, d.due_at
    FROM madoguchi.deadline AS d JOIN madoguchi.case_file AS c ON c.tenant = d.tenant AND c.id = d.case_id
    WHERE d.tenant = %s AND d.status = 'pending' AND d.due_at <= %s AND d.case_id <> ALL (%s)
    ORDER BY d.due_at LIMIT %s
    FOR NO KEY UPDATE OF d, c SKIP LOCKED
"""
MARK = """
    UPDATE madoguchi.deadline AS d
    SET status = u.status, settled_at = %(at)s, settled_by = u.seq, reasons = string_to_array(u.reasons, ',')
    FROM unnest(%(cases)s::uuid[], %(names)s::text[], %(armed)s::int[], %(statuses)s::text[], %(seqs)s::int[], %(reasons)s::text[])
        AS u (case_id, name, armed_by, status, seq, reasons)
    WHERE d.tenant = %(tenant)s AND d.case_id = u.case_id AND d.name = u.name AND d.armed_by = u.armed_by
"""


@dataclass(frozen=True, slots=True)
class Armed:
    """A deadline a step begins."""

    name: str
    trigger: str
    due_at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class DueDeadline:
    """A deadline whose moment has come."""

    case_id: UUID
    name: str
    armed_by: int
    trigger: str
    due_at: datetime

    def command(self) -> Command:
        """The clock's command for it; its key can only be used once."""
        return Command(
            case_id=self.case_id,
            trigger=self.trigger,
            actor=CLOCK,
            purpose=f"deadline:{self.name}",
            request_key=f"deadline:{self.case_id}:{self.name}:{self.armed_by}",
        )


def arm_deadlines(
    definition: Definition,
    trigger: Trigger,
    case: CaseView,
    given: Mapping[str, Any],
    at: datetime,
    calendar: LawCalendar,
) -> tuple[Armed, ...]:
    """Count every deadline a step arms.

    :param given: the step's input as plain values.
    :param at: the moment of the step.
    :raises DefinitionError: when a deadline is counted from something the step does not have.
    :raises Refused: when a day or moment of the input is one no such term can be counted from: before the law, or beyond all calendars.
    """
    found: dict[str, Armed] = {}
    for name in trigger.arm:
        deadline = definition.deadlines[name]
        try:
            start = _start(deadline, case, given, at, found)
            due = None if start is None else _due(deadline, start, calendar)
        except (NoSuchTerm, OverflowError, ValueError) as error:
            field = _field_of(definition, deadline)
            if field is None:
                raise
            raise Refused((Reason("input_wrong", field=field),), case.id, trigger.name) from error
        if due is not None:
            found[name] = Armed(name, deadline.trigger, due.at, due.text)
    return tuple(found.values())


def _due(deadline: Deadline, start: datetime, calendar: LawCalendar) -> Due:
    """When a deadline is over that begins at ``start``.

    :raises OverflowError: beyond the date that stands for no deadline at all.
    """
    day = start.astimezone(JAPAN).date()
    term = deadline.term if isinstance(deadline.term, Term) else named_term(deadline.term, day)
    due = calendar.due(term, start) if term.unit in CLOCK_UNITS else _due_by_day(calendar, term, day)
    if due.at >= NEVER:
        raise OverflowError(f"deadline {deadline.name!r} lies beyond {NEVER.year}")
    return due


@lru_cache(maxsize=1024)
def _due_by_day(calendar: LawCalendar, term: Term, day: date) -> Due:
    """When a term counted in days is over: the same for every step of a day, so it is counted once."""
    return calendar.due(term, datetime.combine(day, time.min, JAPAN))


def _start(
    deadline: Deadline, case: CaseView, given: Mapping[str, Any], at: datetime, found: Mapping[str, Armed]
) -> datetime | None:
    """The moment a deadline is counted from; None when that was not given, so that there is nothing to count."""
    origin, _, name = deadline.counted_from.partition(".")
    if origin == "step":
        return at
    if origin == "opened":
        return at if case.steps == 0 else case.opened_at
    if origin == "deadline":
        return found[name].due_at if name in found else None
    if origin == "input":
        return _moment(given[name]) if name in given else None
    raise DefinitionError(
        f"deadlines.{deadline.name}.counted_from: {deadline.counted_from!r} is not known to the step"
    )


def _field_of(definition: Definition, deadline: Deadline) -> str | None:
    """The field of the input a deadline is counted from, be it by way of other deadlines; None when it is counted from none."""
    origin, _, name = deadline.counted_from.partition(".")
    if origin == "deadline":
        return _field_of(definition, definition.deadlines[name])
    return name if origin == "input" else None


def _moment(value: str) -> datetime:
    """A day (its beginning in Japan) or a moment, as it was given."""
    if len(value) == 10:
        return datetime.combine(date.fromisoformat(value), time.min, JAPAN)
    return datetime.fromisoformat(value)


def take_due(tx: Transaction, now: datetime, limit: int, but: Sequence[UUID] = ()) -> list[DueDeadline]:
    """Take (and lock) deadlines that are due, at most one for each case; the rest wait for the next batch.

    :param but: cases that are passed over.
    """
    rows = tx.raw.execute(TAKE_DUE, (tx.tenant, now, list(but), limit), prepare=True).fetchall()
    first: dict[UUID, DueDeadline] = {}
    for row in rows:
        first.setdefault(row[0], DueDeadline(*row))
    return list(first.values())


def mark(tx: Transaction, at: datetime, settled: list[tuple[DueDeadline, str, int | None, str]]) -> None:
    """Write what became of deadlines: status, the step that did it, and the codes of the reasons when refused."""
    tx.raw.execute(
        MARK,
        {
            "tenant": tx.tenant,
            "at": at,
            "cases": [one.case_id for one, *_ in settled],
            "names": [one.name for one, *_ in settled],
            "armed": [one.armed_by for one, *_ in settled],
            "statuses": [status for _, status, _, _ in settled],
            "seqs": [seq for _, _, seq, _ in settled],
            "reasons": [reasons for *_, reasons in settled],
        },
        prepare=True,
    )
