"""The days of an office's statements in a stretch of time: what was planned, heard, reviewed and published. Deadlines come from the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storage.database import Transaction

_AGENDA = """
    SELECT * FROM (
        SELECT c.opens, c.closes, 'consultation', a.id, a.number, a.title, c.closes < %(today)s
        FROM madoguchi.consultation AS c JOIN madoguchi.assessment AS a ON a.tenant = c.tenant AND a.id = c.assessment_id
        WHERE c.tenant = %(tenant)s
        UNION ALL
        SELECT r.reviewed_on, NULL, 'third_party', a.id, a.number, a.title, true
        FROM madoguchi.third_party_review AS r JOIN madoguchi.assessment AS a ON a.tenant = r.tenant AND a.id = r.assessment_id
        WHERE r.tenant = %(tenant)s
        UNION ALL
        SELECT v.on_day, NULL, v.purpose, a.id, a.number, a.title, true
        FROM madoguchi.assessment_version AS v JOIN madoguchi.assessment AS a ON a.tenant = v.tenant AND a.id = v.assessment_id
        WHERE v.tenant = %(tenant)s AND v.form = 'form2' AND v.purpose IN ('submission', 'publication')
        UNION ALL
        SELECT hold_start, NULL, 'hold_start', id, number, title, hold_start < %(today)s
        FROM madoguchi.assessment WHERE tenant = %(tenant)s AND hold_start IS NOT NULL
        UNION ALL
        SELECT changes_on, NULL, 'changes_on', id, number, title, changes_on < %(today)s
        FROM madoguchi.assessment WHERE tenant = %(tenant)s AND changes_on IS NOT NULL
        UNION ALL
        SELECT planned_on, NULL, 'planned_on', id, number, title, planned_on < %(today)s
        FROM madoguchi.assessment WHERE tenant = %(tenant)s AND planned_on IS NOT NULL
    ) AS d (day, until, what, statement, number, title, done)
    WHERE day < %(end)s AND coalesce(until, day) >= %(first)s AND (%(statement)s::uuid IS NULL OR statement = %(statement)s)
    ORDER BY day, what, number LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Day:
    """One day, or days up to ``until``.

    :param what: ``consultation``, ``third_party``, ``submission``, ``publication``, ``hold_start``, ``changes_on`` or ``planned_on``.
    """

    day: date
    until: date | None
    what: str
    statement: UUID
    number: str
    title: str
    done: bool


def agenda(
    tx: Transaction,
    first: date,
    end: date,
    today: date,
    statement: UUID | None = None,
    limit: int = 1000,
) -> list[Day]:
    """The days from ``first`` until before ``end``, soonest first.

    :param statement: of this one only.
    """
    values = {
        "tenant": tx.tenant,
        "first": first,
        "end": end,
        "today": today,
        "statement": statement,
        "limit": limit,
    }
    return [Day(*row) for row in tx.raw.execute(_AGENDA, values).fetchall()]
