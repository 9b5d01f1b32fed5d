"""What machine C remembers about a request to provide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from storage.database import Transaction

# Decisions staff may propose for a protected person's answer.
PROVIDE, REFUSE, WITHHOLD = "PROVIDE", "REFUSE", "WITHHOLD"


@dataclass(frozen=True)
class Provision:
    """One row of ``linkage_provision``, without the request itself."""

    case_id: UUID
    provision_id: str
    exchange_id: str
    inquiry_id: str
    addressee: str
    asker_org: str
    asker_label: str
    affair: str
    procedure: str
    items: tuple[str, ...]
    law_row: str
    law_clause: str
    table_version: str
    purpose: str
    permit: str
    permit_expires: datetime
    received_at: datetime
    proposal: str | None
    proposed_by: str | None
    ground: str | None
    outcome: str | None
    provided_at: datetime | None


NAMES = tuple(field.name for field in fields(Provision))
COLUMNS = ", ".join(NAMES)


def read_provisions(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, Provision]:
    """Read provisions by case."""
    rows = tx.raw.execute(
        f"SELECT {COLUMNS} FROM madoguchi.linkage_provision WHERE tenant = %s AND case_id = ANY(%s)",  # noqa: S608
        (tx.tenant, list(cases)),
        prepare=True,
    ).fetchall()
    found = {}
    for row in rows:
        values = dict(zip(NAMES, row, strict=True))
        values["items"] = tuple(values["items"])
        found[row[0]] = Provision(**values)
    return found


def read_requests(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, bytes]:
    """Read the requests as they came (with the copies sealed to ourselves), for answering."""
    rows = tx.raw.execute(
        "SELECT case_id, request FROM madoguchi.linkage_provision WHERE tenant = %s AND case_id = ANY(%s) AND request IS NOT NULL",
        (tx.tenant, list(cases)),
        prepare=True,
    ).fetchall()
    return {case_id: bytes(request) for case_id, request in rows}
