"""The people of an office who may write on statements: for giving a comment to somebody."""

from __future__ import annotations

from storage.database import Transaction

WRITERS = ["caseworker", "approver", "assessment_coordinator"]


def colleagues(tx: Transaction) -> list[tuple[str, str]]:
    """(account, name) of everybody who may write, by name."""
    rows = tx.raw.execute(
        "SELECT account::text, display_name FROM identity.staff WHERE tenant = %s AND left_at IS NULL AND roles && %s"
        " ORDER BY display_name, account",
        (tx.tenant, WRITERS),
    ).fetchall()
    return [(account, name) for account, name in rows]
