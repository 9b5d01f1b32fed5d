"""情報提供等記録 of our own side, written in the transaction of the step that ends an exchange (番号法23条1項).

Refusals, expiries, cancellations and attempts that never left the house are records too. One exchange has at most one record of each side: the
record's id follows from the exchange, so a repeated step writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from storage.database import Transaction
from workflows.linkage.parts import LinkParts
from workflows.provision_records.models import Party, ProvisionRecord, RecordItem, Side

_NAMESPACE = UUID("5f0c7c6e-6d1b-4f1e-8a0f-6d6164677563")


@dataclass(frozen=True)
class Exchange:
    """What a record says about one exchange, before names are put to the codes.

    :param reference: the exchange id of the core; our own message id when the attempt never got one.
    """

    reference: str
    side: Side
    addressee: str
    asker_org: str
    asker_office: str
    holder_org: str
    requested_at: datetime
    provided_at: datetime | None
    affair: str
    items: Sequence[str]
    law_row: str
    law_clause: str
    table_version: str
    outcome: str
    purpose: str
    application: UUID | None = None
    holder_office: str = ""


def record_id(tenant: str, reference: str, side: str) -> UUID:
    """Return the id that the record of this side of an exchange always has."""
    return uuid5(_NAMESPACE, f"{tenant}:{reference}:{side}")


def write(tx: Transaction, parts: LinkParts, exchanges: Sequence[Exchange]) -> int:
    """Write the records of many exchanges of the tenant at once.

    :returns: how many were new.
    """
    if not exchanges:
        return 0
    withheld = _withheld(tx, {one.addressee for one in exchanges})
    receipts = _receipts(tx, {one.application for one in exchanges if one.application is not None})
    records = []
    for one in exchanges:
        hidden = withheld.get(one.addressee)
        if hidden is None:
            continue  # no such person here: there is nobody whose record it could be
        records.append(_record(tx.tenant, parts, one, hidden, receipts.get(one.application)))
    return parts.records.write_many(tx, records)


def _record(
    tenant: str, parts: LinkParts, one: Exchange, hidden: bool, receipt: str | None
) -> ProvisionRecord:
    law = parts.law
    affair = law.affairs.get(one.affair)
    items = [
        RecordItem(code, law.items[code].name["ja"] if code in law.items else code) for code in one.items
    ]
    label = parts.offices.label
    return ProvisionRecord(
        record_id=record_id(tenant, one.reference, one.side),
        exchange_id=one.reference,
        tenant=tenant,
        addressee=one.addressee,
        side=one.side,
        asker=Party(one.asker_org, label(one.asker_org), one.asker_office),
        holder=Party(one.holder_org, label(one.holder_org), one.holder_office),
        requested_at=one.requested_at,
        provided_at=one.provided_at,
        affair_code=one.affair,
        affair_name=affair.name["ja"] if affair else one.affair,
        items=items,
        law_row=one.law_row,
        law_clause=one.law_clause,
        law_table_version=one.table_version,
        outcome=one.outcome,
        purpose=one.purpose,
        application_receipt=receipt,
        disclosure="withheld" if hidden else "visible",
    )


def _withheld(tx: Transaction, addressees: set[str]) -> dict[str, bool]:
    rows = tx.raw.execute(
        "SELECT number, records_withheld FROM madoguchi.addressee WHERE tenant = %s AND number = ANY(%s)",
        (tx.tenant, list(addressees)),
        prepare=True,
    )
    return dict(rows.fetchall())


def _receipts(tx: Transaction, applications: set[UUID]) -> dict[UUID | None, str]:
    if not applications:
        return {}
    rows = tx.raw.execute(
        "SELECT case_id, receipt_no FROM madoguchi.application WHERE tenant = %s AND case_id = ANY(%s)",
        (tx.tenant, list(applications)),
        prepare=True,
    )
    return dict(rows.fetchall())
