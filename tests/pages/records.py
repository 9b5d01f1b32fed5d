"""Provision records for the tests of pages: invented bodies, every outcome, two persons, one hidden record."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from storage.clock import FixedClock
from storage.database import Database, Scope
from tests.web.people import OTHER_RESIDENT, RESIDENT
from workflows.law.loader import shipped
from workflows.linkage.wire.codes import RESULT_CLASSES
from workflows.provision_records.service import Party, ProvisionRecord, RecordItem, RecordWriter

LAW = shipped()
ASKERS = (Party("992011-01", "甲野市", "子育て支援課"), Party("992011-01", "甲野市", "障害福祉課"))
HOLDERS = (Party("992020-01", "乙川市", "税務課"), Party("990001-01", "九九県", "福祉課"))
OUTCOMES, VISIBLE = list(RESULT_CLASSES), 25
NEWEST = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def record_id(number: int) -> UUID:
    """The identifier of the numbered record."""
    return UUID(int=0x01900000_0000_7000_8000_000000000000 + number)


def record(
    number: int, tenant: str, addressee: str, outcome: str = "OK", disclosure: str = "visible"
) -> ProvisionRecord:
    """The numbered record: nine days older than the one before."""
    row = LAW.rows[number % len(LAW.rows)]
    affair, item = LAW.affairs[row.affair], LAW.items[row.item]
    at = NEWEST - timedelta(days=9 * number, hours=number % 5)
    return ProvisionRecord(
        record_id=record_id(number),
        exchange_id=f"X-{number:08d}",
        tenant=tenant,
        addressee=addressee,
        side="asker",
        asker=ASKERS[number % 2],
        holder=HOLDERS[number % 2],
        requested_at=at,
        provided_at=at + timedelta(seconds=9) if RESULT_CLASSES[outcome].provided else None,
        affair_code=affair.code,
        affair_name=affair.name["ja"],
        items=[RecordItem(item.code, item.name["ja"])],
        law_row=row.id,
        law_clause=row.clause,
        law_table_version=LAW.table_version,
        outcome=outcome,
        purpose=affair.purpose["ja"],
        application_receipt="R8-00012" if number % 4 == 0 else None,
        disclosure=disclosure,  # type: ignore[arg-type]
    )


def provided() -> int:
    """How many of the resident's visible records say that something was handed over."""
    return sum(RESULT_CLASSES[OUTCOMES[i % len(OUTCOMES)]].provided for i in range(VISIBLE))


def write(worker: Database, clock: FixedClock) -> None:
    """25 visible records and a hidden one of the resident, one of somebody else, and what the list covers."""
    writer = RecordWriter(clock, LAW, secrets.token_bytes)
    tenant, number = RESIDENT.addressees[0]
    with worker.transaction(Scope(tenant=tenant)) as tx:
        mine = [record(i, tenant, number, OUTCOMES[i % len(OUTCOMES)]) for i in range(VISIBLE)]
        writer.write_many(tx, [*mine, record(500, tenant, number, disclosure="withheld")])
        for source in ("own", "core"):
            tx.raw.execute(
                "INSERT INTO madoguchi.provision_source VALUES (%s, %s, '2019-11-22', %s, 'current')",
                (tenant, source, clock.now()),
            )
    tenant, number = OTHER_RESIDENT.addressees[0]
    with worker.transaction(Scope(tenant=tenant)) as tx:
        writer.write_many(tx, [record(900, tenant, number)])
        tx.raw.execute(
            "INSERT INTO madoguchi.provision_source VALUES (%s, 'own', '2024-06-01', %s, 'stopped')",
            (tenant, clock.now()),
        )
