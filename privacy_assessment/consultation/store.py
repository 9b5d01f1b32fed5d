"""Consultations and how far their opinions are answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from privacy_assessment.consultation.announcement import announce
from storage.database import Transaction
from storage.ids import new_id

CONSULTATION = "SELECT id, assessment_id, case_id, opens, closes, version, short_reason FROM madoguchi.consultation WHERE tenant = %s"
# The newest revision of each receipt that was not withdrawn.
LIVE = (
    "SELECT DISTINCT ON (receipt) receipt, revision, kind, body, places, at FROM madoguchi.opinion"
    " WHERE tenant = %s AND consultation_id = %s ORDER BY receipt, revision DESC"
)
# Where each receipt stands, without its text; and the receipts that a line of the table answers.
STANDING = (
    "SELECT DISTINCT ON (receipt) receipt, revision, kind FROM madoguchi.opinion"
    " WHERE tenant = %s AND consultation_id = %s ORDER BY receipt, revision DESC"
)
ANSWERED = "SELECT unnest(receipts) FROM madoguchi.opinion_result WHERE tenant = %s AND consultation_id = %s AND btrim(answer) <> ''"
# NOT IN over a list without nulls is one pass over a hash, whatever the number of lines and opinions.
UNANSWERED = (
    f"SELECT count(*) FROM ({STANDING}) AS o WHERE o.kind <> 'withdrawn' AND o.receipt NOT IN ({ANSWERED})"  # noqa: S608
)


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
    """Record the period of a 公示 and lay it open to everyone."""
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.consultation (tenant, id, assessment_id, case_id, opens, closes, version, short_reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, key, statement, case_id, opens, closes, version, short_reason),
    )
    announce(tx, key, statement, opens, closes, short_reason)
    return key


def last_consultation(tx: Transaction, case_id: UUID) -> Consultation | None:
    """The newest consultation of a case."""
    row = tx.raw.execute(
        f"{CONSULTATION} AND case_id = %s ORDER BY opens DESC, id DESC LIMIT 1", (tx.tenant, case_id)
    ).fetchone()
    return None if row is None else Consultation(*row)


def consultations_of(tx: Transaction, statement: UUID) -> list[Consultation]:
    """Every consultation on a statement, newest first."""
    rows = tx.raw.execute(
        f"{CONSULTATION} AND assessment_id = %s ORDER BY opens DESC, id DESC", (tx.tenant, statement)
    ).fetchall()
    return [Consultation(*row) for row in rows]


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
