"""Who else is writing on a form, and where. Rows live for minutes; nothing is locked, because a lock is forgotten and a text is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storage.database import Transaction

# Somebody whose page said nothing for so long is taken to have left.
LIFE = timedelta(minutes=5)
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague with a part of the form open.

    :param part: the part's key. :param since: when she opened it.
    """

    name: str
    part: str
    since: datetime


def touch(tx: Transaction, statement: UUID, form: str, part: str, account: str, now: datetime) -> None:
    """Say that somebody has a part open."""
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_presence AS p (tenant, assessment_id, form, account, part, since, seen_at)"
        " VALUES (%(tenant)s, %(statement)s, %(form)s, %(account)s, %(part)s, %(now)s, %(now)s)"
        " ON CONFLICT (tenant, assessment_id, form, account) DO UPDATE SET part = EXCLUDED.part, seen_at = EXCLUDED.seen_at,"
        " since = CASE WHEN p.part = EXCLUDED.part AND p.seen_at > %(alive)s THEN p.since ELSE EXCLUDED.since END",
        {
            "tenant": tx.tenant,
            "statement": statement,
            "form": form,
            "account": account,
            "part": part,
            "now": now,
            "alive": now - LIFE,
        },
        prepare=True,
    )


def leave(tx: Transaction, statement: UUID, form: str, account: str, now: datetime) -> None:
    """Say that somebody has closed the form; also forgets who was there long ago."""
    tx.raw.execute(
        "DELETE FROM madoguchi.assessment_presence WHERE tenant = %s AND ((assessment_id = %s AND form = %s"
        " AND account = %s) OR seen_at < %s)",
        (tx.tenant, statement, form, account, now - KEPT),
    )


def others(tx: Transaction, statement: UUID, form: str, account: str, now: datetime) -> list[Present]:
    """Everybody else who has the form open, whoever came first in front."""
    rows = tx.raw.execute(
        "SELECT s.display_name, p.part, p.since FROM madoguchi.assessment_presence AS p"
        " JOIN identity.staff AS s ON s.tenant = p.tenant AND s.account::text = p.account"
        " WHERE p.tenant = %s AND p.assessment_id = %s AND p.form = %s AND p.account <> %s AND p.seen_at > %s"
        " ORDER BY p.since",
        (tx.tenant, statement, form, account, now - LIFE),
        prepare=True,
    ).fetchall()
    return [Present(*row) for row in rows]
