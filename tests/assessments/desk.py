"""The office of the assessments' tests, worked by the people of the tests of pages, so that their names stand in the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.staff.actors import PARTS
from privacy_assessment.statements.models import Statement
from storage.clock import FixedClock
from storage.database import Transaction
from storage.ids import new_id
from tests.privacy_assessment.world import PEOPLE, Office
from tests.web.people import CLERK, COORDINATOR, MEMBER, OUTSIDER, REVIEWER, SUPERVISOR, Person, enter_staff
from workflows.engine import Actor

BODY = "mayor"
TITLE = "児童手当の支給に関する事務"
AFFAIR = "child-allowance"
HAND = (CLERK, SUPERVISOR, COORDINATOR, REVIEWER, MEMBER)


def actor(person: Person) -> Actor:
    """Somebody of the tests of pages as the engine sees her."""
    roles = frozenset(part for role in person.roles for part in PARTS.get(role, ()))
    kind = "reviewer" if person.kind == "reviewer" else "staff"
    return Actor(kind, str(person.account_id), roles, person.office)


class Desk(Office):
    """Short ways to carry a statement to a state, in the names of the people of the pages."""

    def __init__(self, clock: FixedClock, body: str = BODY) -> None:
        super().__init__(clock)
        self.body = body

    def plan(self, tx: Transaction, kind: str, standing: str = "local", **more: Any) -> Statement:
        self.statements.keep_body(
            tx, self.body, "甲野市長", standing, "総務部情報政策課", "電話000-000-0000（見本）"
        )
        given = {
            "number": more.pop("number", None) or str(self._next(tx)),
            "title": TITLE,
            "affairs": [AFFAIR],
            "hold_start": self.today + timedelta(days=400),
            "office": CLERK.office or "",
            **more,
        }
        return self.statements.plan(
            tx, actor(COORDINATOR), f"plan-{new_id()}", body=self.body, kind=kind, **given
        )

    def judge(self, tx: Transaction, statement: Statement, persons: int | None = None, **more: Any) -> UUID:
        persons = PEOPLE[statement.kind] if persons is None else persons
        figures = self.figures(persons)
        return self.statements.judge(tx, actor(CLERK), f"judge-{new_id()}", statement.id, figures, **more)[1]

    def _actor(self, tx: Transaction, case: UUID, trigger: str) -> Actor:
        who = self.engine.definition(self.engine.case(tx, case)).triggers[trigger].who
        return next(found for one in HAND if (found := actor(one)).roles & who)

    def _next(self, tx: Transaction) -> int:
        row = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.assessment WHERE tenant = %s AND body = %s",
            (tx.tenant, self.body),
        ).fetchone()
        return 1 + (row[0] if row else 0)


def employ(tx: Transaction, clock: FixedClock, *people: Person) -> None:
    """Enter people into the staff; when none is named, those who work on assessments."""
    enter_staff(tx, clock.now(), *(people or (CLERK, SUPERVISOR, COORDINATOR, OUTSIDER)))
