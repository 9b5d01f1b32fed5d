"""The commission alone, in a transaction that is undone, for the tests of its own machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest

from privacy_assessment.commission import at_commission
from privacy_assessment.commission.models import (
    COMMISSION,
)
from privacy_assessment.commission.store import (
    current,
)
from storage.clock import FixedClock
from storage.database import Scope, Transaction
from storage.ids import new_id
from tests.assessments.commission_world import MEMBER, OTHER, REVIEWER, BothSides
from tests.conftest import Databases
from tests.privacy_assessment.samples import filled

PEOPLE = (REVIEWER, OTHER, MEMBER)


class _Undo(Exception):
    pass


class Desk(BothSides):
    """The commission alone, inside one transaction that is undone: submissions are put down without a body behind them."""

    tx: Transaction

    def submit(self, kind: str = "full", needs_approval: bool = True, occasion: str = "first") -> UUID:
        """A submission; returns the commission's case."""
        form = {"full": "form4", "focused": "form3", "basic": "form2"}[kind]
        payload = {
            "case": str(new_id()), "seq": 5, "statement": str(new_id()), "body": "agency", "body_name": "架空庁長官",
            "standing": "national", "contact": "総務課", "number": "1", "title": "給付に関する事務", "kind": kind,
            "occasion": occasion, "needs_approval": needs_approval, "submitted_on": "2026-11-22", "facts": {"redactions": []},
        }  # fmt: skip
        forms = {} if occasion == "ended" else {form: filled(form).to_json()}
        return at_commission.take_submission(
            self.tx, self.engine, new_id(), "999016", payload, forms, self.clock.now()
        )

    @contextmanager
    def at(self, tenant: str) -> Iterator[Transaction]:  # type: ignore[override]
        """Always the one transaction."""
        with self.tx.raw.transaction():
            yield self.tx

    def place(self, case: UUID) -> str:
        kind = current(self.tx, case).kind
        return {"full": "f4.1.1.2", "focused": "f3.1.1.2", "basic": "f2.1.1.2"}[kind]

    def ready(self, case: UUID, outcome: str | None = None, **checks: str) -> None:
        """Up to the draft of the decision."""
        approval = current(self.tx, case).needs_approval
        self.do(case, "begin_review" if approval else "begin_check")
        self.check_all(case, **checks)
        self.do(case, "begin_decision")
        if outcome:
            self.draft(case, outcome)


TODAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty_desk(databases: Databases) -> Desk:
    """The machines, read once for all tests."""
    return Desk(databases.worker, FixedClock(TODAY))


@pytest.fixture
def desk(empty_desk: Desk, databases: Databases) -> Iterator[Desk]:
    """The commission on 22 November 2026."""
    assert isinstance(empty_desk.clock, FixedClock)
    empty_desk.clock.set(TODAY)
    try:
        with databases.worker.transaction(Scope(tenant=COMMISSION)) as tx:
            empty_desk.tx = tx
            yield empty_desk
            raise _Undo
    except _Undo:
        pass
