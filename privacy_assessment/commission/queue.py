"""The commission's queue: one page of cases with what the reader needs to choose, counts for its tabs, who has how much, and how
much is left day by day. Pages go by key, so a long queue costs what a short one costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from privacy_assessment.commission.models import KIND
from privacy_assessment.pictures import BurndownPoint
from storage.clock import JAPAN
from storage.database import Transaction
from workflows.engine.values import NEVER

GROUPS = ("open", "mine", "nobody", "late", "signing", "returned", "closed")
MAX_WORDS = 100

# The day a case is due stays what it was after the clock has reminded; a returned one waits for the body and is not due.
CASES = """
    FROM madoguchi.case_file AS c LEFT JOIN LATERAL (
        SELECT CASE WHEN l.status = 'disarmed' OR c.state = 'returned' THEN NULL ELSE l.due_at END AS due_at
        FROM madoguchi.deadline AS l WHERE l.tenant = c.tenant AND l.case_id = c.id AND l.name = 'review_due'
        ORDER BY l.armed_by DESC LIMIT 1) AS d ON true
"""
SELECTED = """
    SELECT c.id, c.state, c.assignee, c.updated_at, d.due_at, s.receipt, s.body_name, s.sender, s.title, s.number, s.kind,
        s.occasion, s.needs_approval, s.submitted_on, s.received_at, s.facts -> 'judgement' ->> 'person_class',
        (SELECT count(*) FROM madoguchi.commission_question AS q WHERE q.tenant = c.tenant AND q.case_id = c.id
            AND q.sent_at IS NOT NULL AND q.closed_at IS NULL),
        (SELECT count(DISTINCT k.standpoint) FROM madoguchi.commission_check AS k WHERE k.tenant = c.tenant
            AND k.submission = s.id)
"""
NEWEST = """
    JOIN LATERAL (SELECT * FROM madoguchi.commission_submission AS n
        WHERE n.tenant = c.tenant AND n.case_id = c.id ORDER BY n.received_at DESC, n.id DESC LIMIT 1) AS s ON true
    WHERE c.tenant = %(tenant)s AND c.kind = %(case_kind)s
"""
CONDITIONS = {
    "open": " AND c.closed_at IS NULL",
    "mine": " AND c.closed_at IS NULL AND c.assignee = %(me)s",
    "nobody": " AND c.closed_at IS NULL AND c.assignee IS NULL",
    "late": " AND c.closed_at IS NULL AND d.due_at < %(now)s",
    "signing": " AND c.closed_at IS NULL AND c.state = 'awaiting_signature'",
    "returned": " AND c.closed_at IS NULL AND c.state = 'returned'",
    "closed": " AND c.closed_at IS NOT NULL",
}


@dataclass(frozen=True)
class QueueRow:
    """One case of the queue.

    :param due_at: when its next day comes; None when nothing waits. :param questions: sent and not closed. :param checked: standpoints.
    """

    case: UUID
    state: str
    assignee: str | None
    updated_at: datetime
    due_at: datetime | None
    receipt: str
    body_name: str
    sender: str
    title: str
    number: str
    kind: str
    occasion: str
    needs_approval: bool
    submitted_on: date
    received_at: datetime
    person_class: str | None
    questions: int
    checked: int

    def days_left(self, today: date) -> int | None:
        """Days until the due day, negative when it has passed; the day itself ends at midnight."""
        if self.due_at is None:
            return None
        return ((self.due_at - timedelta(microseconds=1)).astimezone(JAPAN).date() - today).days

    @property
    def cursor(self) -> tuple[datetime, UUID]:
        """Where the next page begins."""
        return self.due_at or NEVER, self.case


def queue_page(
    tx: Transaction,
    group: str,
    me: str,
    now: datetime,
    *,
    kind: str | None = None,
    words: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[QueueRow]:
    """One page, what is due first in front.

    :param group: one of ``GROUPS``. :param kind: basic, focused or full. :param words: found in body, title, number or receipt.
    """
    sql = SELECTED + CASES + NEWEST + CONDITIONS[group]
    values: dict[str, Any] = {
        "tenant": tx.tenant, "case_kind": KIND, "me": me, "now": now, "never": NEVER, "limit": limit,
    }  # fmt: skip
    if kind:
        sql += " AND s.kind = %(kind)s"
        values["kind"] = kind
    for number, word in enumerate(words[:MAX_WORDS].split()):
        sql += (
            f" AND position(lower(%(word{number})s) IN lower(s.body_name || ' ' || s.title || ' ' || s.number || ' ' ||"
            " s.receipt)) > 0"
        )
        values[f"word{number}"] = word
    if after is not None:
        sql += " AND (coalesce(d.due_at, %(never)s), c.id) > (%(due)s, %(last)s)"
        values["due"], values["last"] = after
    rows = tx.raw.execute(
        sql + " ORDER BY coalesce(d.due_at, %(never)s), c.id LIMIT %(limit)s", values
    ).fetchall()
    return [QueueRow(*row) for row in rows]


def group_counts(tx: Transaction, me: str, now: datetime) -> Mapping[str, int]:
    """How many cases are in each group of open ones."""
    row = tx.raw.execute(
        "SELECT count(*), count(*) FILTER (WHERE c.assignee = %s), count(*) FILTER (WHERE c.assignee IS NULL),"
        " count(*) FILTER (WHERE d.due_at < %s), count(*) FILTER (WHERE c.state = 'awaiting_signature'),"
        f" count(*) FILTER (WHERE c.state = 'returned') {CASES}"
        " WHERE c.tenant = %s AND c.kind = %s AND c.closed_at IS NULL",
        (me, now, tx.tenant, KIND),
    ).fetchone()
    return dict(zip(GROUPS, row or (), strict=False))


def load(tx: Transaction, now: datetime) -> list[tuple[str | None, int, int]]:
    """Who has how much: assignee (None: nobody), open cases, of them late; the fullest desk first."""
    return tx.raw.execute(
        f"SELECT c.assignee, count(*), count(*) FILTER (WHERE d.due_at < %s) {CASES}"
        " WHERE c.tenant = %s AND c.kind = %s AND c.closed_at IS NULL GROUP BY c.assignee ORDER BY 2 DESC, 1",
        (now, tx.tenant, KIND),
    ).fetchall()


def burndown_points(tx: Transaction, today: date, days: int = 60) -> list[BurndownPoint]:
    """Open, finished and late by day, from what is open now and what was closed within the days shown."""
    first = today - timedelta(days=days - 1)
    rows = tx.raw.execute(
        "SELECT c.opened_at, c.closed_at, (SELECT l.due_at FROM madoguchi.deadline AS l WHERE l.tenant = c.tenant"
        " AND l.case_id = c.id AND l.name = 'review_due' ORDER BY l.armed_by DESC LIMIT 1)"
        " FROM madoguchi.case_file AS c WHERE c.tenant = %s AND c.kind = %s AND (c.closed_at IS NULL OR c.closed_at >= %s)",
        (tx.tenant, KIND, _begin(first)),
    ).fetchall()
    return list(_points(rows, first, today))


def _points(rows: Sequence[tuple[Any, ...]], first: date, last: date) -> Iterator[BurndownPoint]:
    day = first
    while day <= last:
        begin, end = _begin(day), _begin(day + timedelta(days=1))
        left = [
            (opened, due)
            for opened, closed, due in rows
            if opened < end and (closed is None or closed >= end)
        ]
        done = sum(1 for _, closed, _ in rows if closed is not None and begin <= closed < end)
        late = sum(1 for _, due in left if due is not None and due < end)
        yield BurndownPoint(day, len(left), done, late)
        day += timedelta(days=1)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), JAPAN)
