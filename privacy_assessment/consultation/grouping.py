"""Groups of opinions that say the same, made by a job and kept: a page reads them, it does not compare ten thousand texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from privacy_assessment.consultation.duplicates import group
from privacy_assessment.consultation.store import LIVE, STANDING
from storage.clock import Clock
from storage.database import Transaction
from storage.jobs import defer

TASK = "consultation.group"
# Opinions that come in one after the other are grouped together.
SOON = timedelta(minutes=5)
# A wish that nobody answered (a worker that died) does not block the next.
LOST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the opinions were grouped last. ``waiting``: a job is on the list."""

    made_at: datetime | None
    opinions: int
    groups: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A group: its number, how many, why together, and how its first text begins."""

    number: int
    size: int
    kind: str
    likeness: float
    first: str
    head: str
    unanswered: int


def ask(tx: Transaction, clock: Clock, consultation: UUID, at_once: bool = False) -> bool:
    """Put the job on the list unless one waits already. Returns whether it was put there.

    :param at_once: somebody is waiting for it; else it runs a little later, together with what comes in until then.
    """
    now = clock.now()
    row = tx.raw.execute(
        "INSERT INTO madoguchi.opinion_grouping AS g (tenant, consultation_id, asked_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (tenant, consultation_id) DO UPDATE SET asked_at = EXCLUDED.asked_at"
        " WHERE %s OR g.asked_at IS NULL OR g.asked_at < %s RETURNING 1",
        (tx.tenant, consultation, now, at_once, now - LOST),
    ).fetchone()
    if row is None:
        return False
    defer(
        tx,
        TASK,
        lock=f"{TASK}:{consultation}",
        schedule_at=None if at_once else now + SOON,
        tenant=tx.tenant,
        consultation=str(consultation),
    )
    return True


def regroup(tx: Transaction, clock: Clock, consultation: UUID) -> int:
    """Group what stands now and keep it (worker). Returns how many groups there are.

    What comes in while it runs asks for another run, because the wish is taken off before the texts are read.
    """
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion_grouping (tenant, consultation_id) VALUES (%s, %s)"
        " ON CONFLICT (tenant, consultation_id) DO UPDATE SET asked_at = NULL",
        (tx.tenant, consultation),
    )
    newest = tx.raw.execute(LIVE, (tx.tenant, consultation)).fetchall()
    standing = {row[0]: row for row in newest if row[2] != "withdrawn"}
    found = group({receipt: row[3] for receipt, row in standing.items()})
    tx.raw.execute(
        "DELETE FROM madoguchi.opinion_group WHERE tenant = %s AND consultation_id = %s",
        (tx.tenant, consultation),
    )
    rows = [
        (receipt, standing[receipt][1], number, one.kind, one.likeness)
        for number, one in enumerate(found, 1)
        for receipt in one.receipts
    ]
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion_group (tenant, consultation_id, receipt, revision, group_no, kind, likeness)"
        " SELECT %s, %s, * FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[], %s::real[])",
        (tx.tenant, consultation, *([row[place] for row in rows] for place in range(5))),
    )
    tx.raw.execute(
        "UPDATE madoguchi.opinion_grouping SET made_at = %s, opinions = %s, groups = %s"
        " WHERE tenant = %s AND consultation_id = %s",
        (clock.now(), len(standing), len(found), tx.tenant, consultation),
    )
    return len(found)


def standing(tx: Transaction, consultation: UUID) -> Grouping:
    """How things stand."""
    row = tx.raw.execute(
        "SELECT made_at, opinions, groups, asked_at IS NOT NULL FROM madoguchi.opinion_grouping"
        " WHERE tenant = %s AND consultation_id = %s",
        (tx.tenant, consultation),
    ).fetchone()
    return Grouping(*row) if row else Grouping(None, 0, 0, False)


def page(tx: Transaction, consultation: UUID, after: int = 0, limit: int = 51) -> list[Kept]:
    """Groups with more than one opinion, the largest first.

    :param after: the number of the group the page starts after.
    """
    rows = tx.raw.execute(
        "WITH chosen AS (SELECT group_no, count(*) AS size, min(kind) AS kind, min(likeness) AS likeness, min(receipt) AS first"
        "  FROM madoguchi.opinion_group WHERE tenant = %(t)s AND consultation_id = %(c)s AND group_no > %(after)s"
        "  AND kind <> 'single' GROUP BY group_no ORDER BY group_no LIMIT %(limit)s)"
        " SELECT s.group_no, s.size, s.kind, s.likeness, s.first, left(o.body, 160),"
        "  (SELECT count(*) FROM madoguchi.opinion_group AS g WHERE g.tenant = %(t)s AND g.consultation_id = %(c)s"
        "   AND g.group_no = s.group_no AND g.receipt NOT IN (SELECT unnest(r.receipts) FROM madoguchi.opinion_result AS r"
        "   WHERE r.tenant = %(t)s AND r.consultation_id = %(c)s AND btrim(r.answer) <> ''))"
        " FROM chosen AS s JOIN LATERAL (SELECT body FROM madoguchi.opinion WHERE tenant = %(t)s AND consultation_id = %(c)s"
        "  AND receipt = s.first ORDER BY revision DESC LIMIT 1) AS o ON true ORDER BY s.group_no",
        {"t": tx.tenant, "c": consultation, "after": after, "limit": limit},
    ).fetchall()
    return [Kept(*row) for row in rows]


def members(tx: Transaction, consultation: UUID, number: int) -> list[str]:
    """The receipts of a group that still stand as they were grouped."""
    # Two short lists compared here: the server, which may not know yet how large a group is, has nothing to choose wrongly.
    grouped = dict(
        tx.raw.execute(
            "SELECT receipt, revision FROM madoguchi.opinion_group WHERE tenant = %s AND consultation_id = %s AND group_no = %s",
            (tx.tenant, consultation, number),
        ).fetchall()
    )
    newest = {row[0]: row[1] for row in tx.raw.execute(STANDING, (tx.tenant, consultation)).fetchall()}
    return sorted(receipt for receipt, revision in grouped.items() if newest.get(receipt) == revision)


def some_of(tx: Transaction, consultation: UUID, number: int, limit: int) -> tuple[list[str], int]:
    """The first receipts of a group, and how many it has."""
    rows = tx.raw.execute(
        "SELECT receipt, count(*) OVER () FROM madoguchi.opinion_group WHERE tenant = %s AND consultation_id = %s"
        " AND group_no = %s ORDER BY receipt LIMIT %s",
        (tx.tenant, consultation, number, limit),
    ).fetchall()
    return [row[0] for row in rows], rows[0][1] if rows else 0
