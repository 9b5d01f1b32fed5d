"""The register of published assessment statements (評価書), as far as the link must ask it.

法28条6項: data in a file whose statement is not published must be neither provided nor requested over the network. The
module that makes statements writes here when it publishes; the link reads here before every inquiry and every answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from storage.database import Transaction


@dataclass(frozen=True, slots=True)
class PublishedStatement:
    """One published statement of one office for one affair."""

    tenant: str
    affair_code: str
    statement_number: str
    published_on: date
    title: str
    withdrawn_on: date | None = None
    address: str | None = None


def published(tx: Transaction, tenant: str, affair_code: str, on_date: date) -> PublishedStatement | None:
    """The statement that covers an affair of an office on a day (Asia/Tokyo), or None: then nothing may be exchanged."""
    row = tx.raw.execute(
        "SELECT tenant, affair_code, statement_number, published_on, title, withdrawn_on, address"
        " FROM madoguchi.published_statement WHERE tenant = %s AND affair_code = %s AND published_on <= %s"
        " AND (withdrawn_on IS NULL OR withdrawn_on > %s) ORDER BY published_on DESC LIMIT 1",
        (tenant, affair_code, on_date, on_date),
    ).fetchone()
    return PublishedStatement(*row) if row else None


def published_affairs(tx: Transaction, tenant: str, on_date: date) -> frozenset[str]:
    """Every affair of an office with a published statement on a day: one question for a whole page or batch."""
    rows = tx.raw.execute(
        "SELECT DISTINCT affair_code FROM madoguchi.published_statement WHERE tenant = %s AND published_on <= %s"
        " AND (withdrawn_on IS NULL OR withdrawn_on > %s)",
        (tenant, on_date, on_date),
    ).fetchall()
    return frozenset(row[0] for row in rows)


def publish(tx: Transaction, statement: PublishedStatement) -> None:
    """Record that a statement is published (in the tenant of the transaction). Saying it twice changes nothing."""
    tx.raw.execute(
        "INSERT INTO madoguchi.published_statement (tenant, affair_code, statement_number, published_on, title,"
        " withdrawn_on, address) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            statement.tenant,
            statement.affair_code,
            statement.statement_number,
            statement.published_on,
            statement.title,
            statement.withdrawn_on,
            statement.address,
        ),
    )


def withdraw(tx: Transaction, tenant: str, affair_code: str, statement_number: str, on_date: date) -> bool:
    """End a statement from a day on. Returns whether there was an open one to end."""
    done = tx.raw.execute(
        "UPDATE madoguchi.published_statement SET withdrawn_on = %s WHERE tenant = %s AND affair_code = %s"
        " AND statement_number = %s AND withdrawn_on IS NULL AND published_on < %s",
        (on_date, tenant, affair_code, statement_number, on_date),
    )
    return done.rowcount > 0
