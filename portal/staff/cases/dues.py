"""The next deadline of each case in the list of work. A term of the law ends with a day, so the list says the day, what ends with it
and how far it is; a time of day stands only where the term is counted in hours or minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from portal.staff.cases import presenting
from storage.clock import JAPAN
from storage.database import Transaction
from workflows.engine import CaseView, Engine

SOON = 30
"""Days ahead from which the distance is said beside the day."""


@dataclass(frozen=True)
class Due:
    """What a case waits for.

    :param label: what ends then. :param day: the last day to act (Japan). :param at: the time of that day, for terms shorter than a day.
    :param days: how far the day is; negative when it is past. :param late: whether it is over.
    """

    label: str
    day: date
    at: time | None
    days: int
    late: bool

    @property
    def words(self) -> str | None:
        """How far it is; None when the day alone says enough. ``{days}`` stands for their number."""
        if self.days < 0:
            return "{days}日すぎ" if self.days < -1 else "1日すぎ"
        if self.late:
            return "時間をすぎました"
        if self.days <= 1:
            return "あした" if self.days else "今日"
        return "あと{days}日" if self.days <= SOON else None


def next_dues(
    tx: Transaction, engine: Engine, cases: Sequence[CaseView], now: datetime, language: str
) -> dict[UUID, Due]:
    """The next pending deadline of each case that has one, in one question to the database.

    :param language: ``ja`` or ``en``, as definitions are written.
    """
    if not cases:
        return {}
    rows = tx.raw.execute(
        "SELECT DISTINCT ON (case_id) case_id, name, due_at FROM madoguchi.deadline"
        " WHERE tenant = %s AND case_id = ANY(%s) AND status = 'pending' ORDER BY case_id, due_at",
        (tx.tenant, [case.id for case in cases]),
    ).fetchall()
    by_id = {case.id: case for case in cases}
    return {found: due_of(engine, by_id[found], name, at, now, language) for found, name, at in rows}


def due_of(engine: Engine, case: CaseView, name: str, due_at: datetime, now: datetime, language: str) -> Due:
    """One deadline in words."""
    definition = engine.definition(case)
    day = presenting.due_day(definition, name, due_at)
    clock = due_at.astimezone(JAPAN).time()
    deadline = definition.deadlines.get(name)
    return Due(
        label=deadline.label[language] if deadline else "",
        day=day,
        at=None if clock == time.min else clock,
        days=(day - now.astimezone(JAPAN).date()).days,
        late=due_at <= now,
    )
