"""An office for the tests of desks: staff, two addressees, a published statement, a master key."""

from __future__ import annotations

from datetime import date

from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.web.people import CLERK, OPERATOR, SUPERVISOR, enter_staff

ADDRESSEE = "900000000000001"
CLOSED_ADDRESSEE = "900000000000077"
AFFAIR = "child-allowance"


def furnish(worker: Database, clock: FixedClock, keys: KeyRing) -> None:
    """Write what the desks look at into 甲野市; the office's keys are made by a process that may."""
    with worker.transaction(Scope(tenant="992011")) as tx:
        keys.seal(tx, "992011", b"first", "test")
        keys.blind_index(tx, "992011", "linkage.staff", "first")
        for number, state in ((ADDRESSEE, "active"), (CLOSED_ADDRESSEE, "closed")):
            tx.raw.execute(
                "INSERT INTO madoguchi.addressee (tenant, number, kind, state, opened_at, updated_at)"
                " VALUES ('992011', %s, 'resident', %s, %s, %s)",
                (number, state, clock.now(), clock.now()),
            )
        tx.raw.execute(
            "INSERT INTO madoguchi.business_number (tenant, system, number, addressee, since)"
            " VALUES ('992011', 'juki', '1001', %s, %s)",
            (ADDRESSEE, clock.now()),
        )
        tx.raw.execute(
            "INSERT INTO madoguchi.published_statement (tenant, affair_code, statement_number, published_on, title)"
            " VALUES ('992011', %s, '12', %s, '児童手当に関する事務 全項目評価書')",
            (AFFAIR, date(2025, 4, 1)),
        )
        enter_staff(tx, clock.now(), CLERK, OPERATOR, SUPERVISOR)
