"""Consultations and how far their opinions are answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storage.database import Transaction
from storage.ids import new_id

CONSULTATION = "SELECT id, assessment_id, case_id, opens, closes, version, short_reason FROM madoguchi.consultation WHERE tenant = %s"
# The newest revision of each receipt that was not withdrawn.
LIVE = (
    "SELECT DISTINCT ON (receipt) receipt, revision, kind, body, places, at FROM madoguchi.opinion"
    " WHERE tenant = %s AND consultation_id = %s ORDER BY receipt, revision DESC"
)
UNANSWERED = f"""
    SELECT count(*) FROM ({LIVE}) AS o WHERE o.kind <> 'withdrawn' AND NOT EXISTS (
        SELECT 1 FROM madoguchi.opinion_result AS r
        WHERE r.tenant = %s AND r.consultation_id = %s AND o.receipt = ANY (r.receipts) AND btrim(r.answer) <> '')
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Consultation:
    """One period in which anybody may comment; both days are part of it."""

    id: UUID
    statement: UUID
    case_id: UUID
    opens: date
    closes: date
    version: int
    short_reason: str

    def open_on(self, day: date) -> bool:
        """Whether opinions are taken on a day."""
        return self.opens <= day <= self.closes


def open_consultation(
    tx: Transaction, statement: UUID, case_id: UUID, opens: str, closes: str, version: int, short_reason: str
) -> UUID:
    """Record the period of a 公示."""
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.consultation (tenant, id, assessment_id, case_id, opens, closes, version, short_reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, key, statement, case_id, opens, closes, version, short_reason),
    )
    return key


def last_consultation(tx: Transaction, case_id: UUID) -> Consultation | None:
    """The newest consultation of a case."""
    row = tx.raw.execute(
        f"{CONSULTATION} AND case_id = %s ORDER BY opens DESC, id DESC LIMIT 1", (tx.tenant, case_id)
    ).fetchone()
    return None if row is None else Consultation(*row)


def read_consultation(tx: Transaction, consultation: UUID, lock: bool = False) -> Consultation | None:
    """A consultation by its id.

    :param lock: hold the row until the transaction ends.
    """
    sql = f"{CONSULTATION} AND id = %s" + (" FOR UPDATE" if lock else "")
    row = tx.raw.execute(sql, (tx.tenant, consultation)).fetchone()
    return None if row is None else Consultation(*row)


def unanswered(tx: Transaction, consultation: UUID) -> int:
    """How many opinions no line of the result table answers."""
    row = tx.raw.execute(UNANSWERED, (tx.tenant, consultation, tx.tenant, consultation)).fetchone()
    return int(row[0]) if row else 0
