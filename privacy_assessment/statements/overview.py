"""An office's statements as a list: where each stands, what is due next, when it was last published; pages by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.statements.models import Body, titled
from storage.database import Transaction

# The states of all four machines, in the order a statement goes through them.
STAGES: Mapping[str, tuple[str, ...]] = {
    "plan": ("planned", "threshold_done"),
    "writing": ("drafting",),
    "opinions": ("consulting", "revising"),
    "review": ("third_party", "ready", "ppc_review", "ppc_decision", "approved"),
    "submitted": ("submitted",),
    "public": ("published",),
    "changing": ("amending", "amend_submitted", "reassessing"),
    "ended": ("ended", "expired", "dropped", "handed_over"),
}
# A reminder of the clock changes nothing, so what it reminds of stays due until a later step takes it up: it was fired, nothing of its
# name was armed since, and the statement still stands where it matters. (d: the deadline, c: its case)
OPEN = """(d.status = 'pending' OR d.status = 'fired' AND NOT EXISTS (SELECT 1 FROM madoguchi.deadline AS later
    WHERE later.tenant = d.tenant AND later.case_id = d.case_id AND later.name = d.name AND later.armed_by > d.armed_by)
    AND (d.name IN ('review_year', 'redo', 'redo_soon') AND c.state IN ('published', 'amending', 'amend_submitted')
        OR d.name = 'promptly' AND c.state NOT IN ('published', 'ended') AND c.closed_at IS NULL))"""
STAGE_OF = {state: stage for stage, states in STAGES.items() for state in states}
Key = tuple[str, int, str]

_DUES = f"""
    SELECT a.id, a.number, a.title, c.kind, c.definition_version, d.name, d.due_at, d.rule
    FROM madoguchi.deadline AS d
    JOIN madoguchi.assessment AS a ON a.tenant = d.tenant AND a.case_id = d.case_id
    JOIN madoguchi.case_file AS c ON c.tenant = d.tenant AND c.id = d.case_id
    WHERE d.tenant = %(tenant)s AND {OPEN} AND (%(first)s::timestamptz IS NULL OR d.due_at >= %(first)s)
        AND (%(end)s::timestamptz IS NULL OR d.due_at < %(end)s) AND (%(statement)s::uuid IS NULL OR a.id = %(statement)s)
    ORDER BY d.due_at, a.number LIMIT %(limit)s
"""  # noqa: S608
# Begins with the statements, which are few, and not with the deadlines of the whole office.
_RESTING = f"""
    SELECT a.id, a.number, a.title, c.kind, c.definition_version, d.name, d.due_at, d.rule
    FROM madoguchi.assessment AS a
    JOIN madoguchi.case_file AS c ON c.tenant = a.tenant AND c.id = a.case_id AND c.state IN ('published', 'ended')
        AND (%(office)s::text IS NULL OR c.office IN ('', %(office)s))
    CROSS JOIN LATERAL (SELECT d.name, d.due_at, d.rule FROM madoguchi.deadline AS d WHERE d.tenant = a.tenant
        AND d.case_id = a.case_id AND d.name IN ('review_year', 'redo', 'redo_soon') AND d.due_at < %(end)s AND {OPEN}
        ORDER BY d.due_at LIMIT 1) AS d
    WHERE a.tenant = %(tenant)s ORDER BY d.due_at, a.number LIMIT %(limit)s
"""  # noqa: S608

_LINE = f"""
    SELECT a.id, a.body, a.number, a.title, a.kind, a.office, a.stopped_on, a.case_id, c.kind, c.definition_version, c.state,
        d.name, d.due_at, v.on_day, v.times
    FROM madoguchi.assessment AS a
    LEFT JOIN madoguchi.case_file AS c ON c.tenant = a.tenant AND c.id = a.case_id
    LEFT JOIN LATERAL (SELECT d.name, d.due_at FROM madoguchi.deadline AS d WHERE d.tenant = a.tenant AND d.case_id = a.case_id
        AND {OPEN} ORDER BY d.due_at LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT max(on_day) AS on_day, count(*) AS times FROM madoguchi.assessment_version
        WHERE tenant = a.tenant AND assessment_id = a.id AND form = 'form2' AND purpose = 'publication') AS v ON true
    WHERE a.tenant = %(tenant)s AND (a.body, length(a.number), a.number) > (%(body)s, %(length)s, %(number)s)
        AND (%(kind)s::text IS NULL OR a.kind = %(kind)s) AND (%(office)s::text IS NULL OR a.office = %(office)s)
        AND (%(states)s::text[] IS NULL OR c.state = ANY (%(states)s))
        AND (%(words)s::text IS NULL OR a.title ILIKE %(words)s OR a.number = %(exact)s)
    ORDER BY a.body, length(a.number), a.number LIMIT %(limit)s
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of the list.

    :param due_name: name of the deadline that comes next, in the machine of the case. :param times: how often it was published.
    """

    id: UUID
    body: str
    number: str
    title: str
    kind: str
    office: str
    stopped_on: date | None
    case_id: UUID | None
    machine: str | None
    machine_version: int | None
    state: str | None
    due_name: str | None
    due_at: datetime | None
    published_on: date | None
    times: int

    @property
    def key(self) -> Key:
        """Where the next page begins."""
        return (self.body, len(self.number), self.number)

    @property
    def shown_title(self) -> str:
        """The title with the end of the affair, as it must be shown."""
        return titled(self.title, self.stopped_on)


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to; None leaves it open."""

    kind: str | None = None
    stage: str | None = None
    office: str | None = None
    words: str | None = None


def statements_page(tx: Transaction, wanted: Filter, after: Key | None, limit: int) -> list[Line]:
    """One page of the office's statements by body and number."""
    body, length, number = after or ("", 0, "")
    pattern = None
    if wanted.words:
        escaped = wanted.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
    values: dict[str, Any] = {
        "tenant": tx.tenant,
        "body": body,
        "length": length,
        "number": number,
        "kind": wanted.kind,
        "office": wanted.office,
        "states": list(STAGES[wanted.stage]) if wanted.stage else None,
        "words": pattern,
        "exact": wanted.words,
        "limit": limit,
    }
    return [Line(*row) for row in tx.raw.execute(_LINE, values).fetchall()]


def stage_counts(tx: Transaction) -> dict[str, int]:
    """How many statements are at each stage."""
    found = dict.fromkeys(STAGES, 0)
    for state, count in tx.raw.execute(
        "SELECT c.state, count(*) FROM madoguchi.assessment AS a JOIN madoguchi.case_file AS c"
        " ON c.tenant = a.tenant AND c.id = a.case_id WHERE a.tenant = %s GROUP BY c.state",
        (tx.tenant,),
    ):
        found[STAGE_OF[state]] += count
    return found


def offices(tx: Transaction) -> list[str]:
    """The offices in charge (業務主管課) of statements."""
    rows = tx.raw.execute(
        "SELECT DISTINCT office FROM madoguchi.assessment WHERE tenant = %s AND office <> '' ORDER BY 1",
        (tx.tenant,),
    ).fetchall()
    return [row[0] for row in rows]


def bodies(tx: Transaction) -> list[Body]:
    """The bodies (評価実施機関) of the office."""
    rows = tx.raw.execute(
        "SELECT code, name, standing, department, contact, updated_on FROM madoguchi.assessment_body"
        " WHERE tenant = %s ORDER BY code",
        (tx.tenant,),
    ).fetchall()
    return [Body(*row) for row in rows]


def next_number(tx: Transaction, body: str) -> str:
    """The number after the highest one a body has used."""
    row = tx.raw.execute(
        "SELECT max(number::bigint) FROM madoguchi.assessment WHERE tenant = %s AND body = %s"
        " AND number ~ '^[0-9]{1,9}$'",
        (tx.tenant, body),
    ).fetchone()
    return str((row[0] if row and row[0] else 0) + 1)


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that waits, with the statement it belongs to."""

    statement: UUID
    number: str
    title: str
    machine: str
    machine_version: int
    name: str
    due_at: datetime
    rule: str


def dues(
    tx: Transaction,
    first: datetime | None = None,
    end: datetime | None = None,
    statement: UUID | None = None,
    limit: int = 500,
) -> list[Due]:
    """Deadlines that wait, and what a reminder was given of and nobody has taken up since; soonest first.

    :param first: from this moment on. :param end: before this moment. :param statement: of this one only.
    """
    values = {
        "tenant": tx.tenant,
        "first": first,
        "end": end,
        "statement": statement,
        "limit": limit,
    }
    rows = tx.raw.execute(_DUES, values).fetchall()
    return [Due(*row) for row in rows]


def resting_dues(tx: Transaction, before: datetime, office: str | None, limit: int = 20) -> list[Due]:
    """What is due of statements that otherwise wait for nobody (公表中, 事務終了): the yearly review, the assessment anew.

    :param before: due before this moment, or long past and not taken up. :param office: its cases and those of none; None is every office.
    """
    values = {"tenant": tx.tenant, "end": before, "office": office, "limit": limit}
    return [Due(*row) for row in tx.raw.execute(_RESTING, values).fetchall()]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A frozen version without its text."""

    form: str
    number: int
    purpose: str
    on_day: date
    at: datetime
    by: str


def versions_of(tx: Transaction, statement: UUID) -> list[VersionLine]:
    """The frozen versions of a statement, newest first."""
    rows = tx.raw.execute(
        "SELECT form, number, purpose, on_day, at, by_whom FROM madoguchi.assessment_version"
        " WHERE tenant = %s AND assessment_id = %s ORDER BY at DESC, form, number DESC",
        (tx.tenant, statement),
    ).fetchall()
    return [VersionLine(*row) for row in rows]
