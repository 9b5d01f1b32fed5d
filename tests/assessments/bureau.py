"""The pages of an office that plans its statements, with its database and its clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk, employ
from tests.conftest import Databases
from tests.web.conftest import Counter, open_portal
from tests.web.people import CLERK, Person

ROOT = "/staff/assessments"
TENANT = "992011"


class Bureau:
    """An office's pages, its database and its clock."""

    def __init__(self, counter: Counter, databases: Databases, clock: FixedClock) -> None:
        self.counter, self.databases, self.clock = counter, databases, clock
        self.desk = Desk(clock)

    def get(self, path: str, person: Person = CLERK, **more: Any) -> Any:
        """A page as somebody sees it."""
        return self.counter.of(person).get(quote(path, safe="/?=&%"), **more)

    def work(self, carry: Any) -> Any:
        """Do something to the database in the office's own transaction."""
        with self.databases.worker.transaction(Scope(tenant=TENANT)) as tx:
            return carry(self.desk, tx)

    def home(self, statement: Any) -> str:
        """Address of a statement."""
        return f"{ROOT}/{statement.id}"


def staffed(databases: Databases, ring: KeyRing, folder: Path) -> Bureau:
    """An office with its people at ten in the morning of 22 November 2026, which has registered nothing.

    :param folder: where its portal keeps files.
    """
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        employ(tx, clock)
    return Bureau(open_portal(databases, clock, folder, ring), databases, clock)


def keep_body(desk: Desk, tx: Any) -> None:
    """The body that assesses is registered."""
    desk.statements.keep_body(
        tx, desk.body, "甲野市長", "local", "総務部情報政策課", "電話000-000-0000（見本）"
    )
