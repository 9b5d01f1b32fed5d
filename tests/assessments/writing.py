"""A statement two people write on, and the pages of its editor as a browser sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk
from tests.conftest import Databases
from tests.pages import office
from tests.privacy_assessment.samples import real_size
from tests.web.conftest import Counter, open_portal
from tests.web.people import CLERK, COORDINATOR, Person

TENANT = "992011"
TEXT = "f4.1.1.2"
"""The item that two people write on."""


@dataclass
class Writing:
    """A statement being written.

    :param counter: the portal. :param worker: to look into the database past the pages.
    """

    counter: Counter
    worker: Database
    desk: Desk
    id: UUID
    form: str = "form4"

    @property
    def root(self) -> str:
        """Address of the statement."""
        return f"/staff/assessments/{self.id}"

    def section(self, part: str) -> str:
        """Address of a part."""
        return f"{self.root}/forms/{self.form}/sections/{part}"

    def open(self, part: str, person: Person = CLERK) -> Any:
        """The page of a part."""
        return self.counter.of(person).get(self.section(part))

    def fields(self, part: str, person: Person = CLERK) -> Any:
        """The form of a part's page."""
        return self.open(part, person).forms["fields"]

    def value(self, place: str) -> Any:
        """What the working copy holds at a place."""
        return self.draft().document.get(place)

    def draft(self) -> Any:
        """The working copy."""
        with self.worker.transaction(Scope(tenant=TENANT)) as tx:
            return read_draft(tx, self.id, self.form)

    def history(self, place: str) -> list[Any]:
        """Entries of a field's history, newest first."""
        with self.worker.transaction(Scope(tenant=TENANT)) as tx:
            return self.desk.drafts.history(tx, self.id, self.form, place)


def writings(databases: Databases, ring: KeyRing) -> Iterator[Writing]:
    """Statements of an office to write on, one after the other, each of real size; on 22 November 2026."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    worker = databases.worker
    office.furnish(worker, clock, ring)
    counter, desk = open_portal(databases, clock, ring=ring), Desk(clock)
    while True:
        with worker.transaction(Scope(tenant=TENANT)) as tx:
            statement = desk.drafting(tx, "full")
            document = real_size()
            document.set("c.no", statement.number)
            desk.put(tx, statement, "form4", document)
        yield Writing(counter, worker, desk, statement.id)


def save(form: Any, action: str = "save", **more: Any) -> Any:
    """Press a button of a form; buttons share one name, so the one meant is sent by its value."""
    fields = [(name, value) for name, value in form.submit_fields() if name != "action"]
    return form.response.goto(
        form.action, method="post", params=[*fields, ("action", action)], expect_errors=True, **more
    )


def clash(writing: Writing) -> Any:
    """Two people save one item; the page the second one lands on."""
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    hers[f"v:{TEXT}"] = "先の人の文"
    save(hers)
    mine[f"v:{TEXT}"] = "後の人の文"
    mine["v:f4.1.5"] = "後の人のもう一つ"
    answer = save(mine)
    assert answer.location.endswith("/conflicts")
    return answer.follow()
