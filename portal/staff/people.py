"""Names of colleagues for the history of a case: the journal keeps references, the screen shows who they are."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storage.database import Transaction

MACHINES = {"system": "システム", "clock": "時計（期限）", "reviewer": "個人情報保護委員会"}
"""The actors that are no persons, as the screen names them."""


def staff_names(tx: Transaction, ids: Iterable[str]) -> dict[str, str]:
    """Account reference to name, for those of this municipality; others are left out."""
    accounts = []
    for one in set(ids):
        try:
            accounts.append(UUID(one))
        except ValueError:
            continue
    if not accounts:
        return {}
    rows = tx.raw.execute(
        "SELECT account, display_name FROM identity.staff WHERE tenant = %s AND account = ANY(%s)",
        (tx.tenant, accounts),
    ).fetchall()
    return {str(account): name for account, name in rows}
