"""Consultations for the tests of pages: one that is open today, one that has closed, with opinions in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

from privacy_assessment.consultation.opinions import OpinionService, Receipt
from privacy_assessment.consultation.store import last_consultation, open_consultation
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_statement
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from tests.privacy_assessment.world import Office

TENANT = "992011"
PURPOSES = ("data", "index:opinion.edit_key", "index:opinion.network")
_keys = count(1)


@dataclass(frozen=True)
class Consulted:
    """A statement with its consultation."""

    statement: Statement
    consultation: UUID

    @property
    def path(self) -> str:
        return f"/consultations/{TENANT}/{self.consultation}"

    @property
    def desk(self) -> str:
        return f"/staff/assessments/{self.statement.id}"


def make_keys(tx: Transaction, ring: KeyRing) -> None:
    """The keys that the web may read and not make."""
    for purpose in PURPOSES:
        ring.ensure(tx, TENANT, purpose)


def service(clock: FixedClock, ring: KeyRing) -> OpinionService:
    return OpinionService(clock, ring, lambda: f"KEY{next(_keys):023d}")


def begin(tx: Transaction, clock: FixedClock, days: int = 30, wait: int = 0) -> Consulted:
    """A consultation that opens today (or after ``wait`` days)."""
    office = Office(clock)
    statement = office.drafting(tx, "full")
    opens = clock.today() + timedelta(days=wait)
    office.step(tx, statement, "consult", opens=opens, closes=opens + timedelta(days=days - 1))
    return found(tx, statement)


def found(tx: Transaction, statement: Statement) -> Consulted:
    statement = read_statement(tx, statement.id)
    assert statement.case_id is not None
    consultation = last_consultation(tx, statement.case_id)
    assert consultation is not None
    return Consulted(statement, consultation.id)


def ended(
    worker: Database, clock: FixedClock, ring: KeyRing, texts: Sequence[str] = ()
) -> tuple[Consulted, list[Receipt]]:
    """A consultation that closed yesterday, with these opinions in it; the statement is being revised."""
    past = FixedClock(clock.now() - timedelta(days=30))
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        make_keys(tx, ring)
        one = begin(tx, past)
        given = [service(past, ring).give(tx, one.consultation, text) for text in texts]
        past.advance(days=30)
        Office(past).engine.fire_due_deadlines(tx)
    return one, given


def another(
    worker: Database, clock: FixedClock, ring: KeyRing, before: Consulted, texts: Sequence[str] = ()
) -> tuple[Consulted, list[Receipt]]:
    """A further consultation on the same statement that closed yesterday; the desk shows the newest."""
    past = FixedClock(clock.now() - timedelta(days=30))
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        case = before.statement.case_id
        assert case is not None
        opens, closes = past.today(), past.today() + timedelta(days=29)
        key = open_consultation(tx, before.statement.id, case, opens.isoformat(), closes.isoformat(), 1, "")
        return Consulted(before.statement, key), [service(past, ring).give(tx, key, text) for text in texts]


def opened(worker: Database, clock: FixedClock, ring: KeyRing, days: int = 30) -> Consulted:
    """A consultation that is open today."""
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        make_keys(tx, ring)
        return begin(tx, clock, days)
