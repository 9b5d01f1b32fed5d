"""A statement in the room of outside reviewers, for the tests of pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from privacy_assessment.consultation import rooms
from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import redact
from privacy_assessment.statements.store import read_draft, read_statement
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.assessments.consulted import TENANT
from tests.privacy_assessment.world import CENTRE, Office
from tests.web.people import OUTSIDER, enter_staff

SECRET = "公表しない部屋番号"
PLACE = "f4.1.1.2"
UNIVERSITY = "架空大学"


@dataclass(frozen=True)
class Reviewed:
    """A statement under review with its room."""

    statement: Statement
    room: UUID

    @property
    def path(self) -> str:
        return f"/review/{self.room}"

    @property
    def desk(self) -> str:
        return f"/staff/assessments/{self.statement.id}/review"


def under_review(tx: Transaction, clock: FixedClock) -> Statement:
    """A statement that was consulted on and handed to the third party, with words that are not published."""
    past = FixedClock(clock.now() - timedelta(days=30))
    office = Office(past)
    statement = office.drafting(tx, "full")
    office.write(tx, statement, "form4", PLACE, f"課税の事務。{SECRET}は別に定める。")
    draft = read_draft(tx, statement.id, "form4")
    text = str(draft.document.get(PLACE))
    span = Redaction(
        Place.parse(PLACE), "10-2", "安全管理のため", text.index(SECRET), text.index(SECRET) + len(SECRET)
    )
    redact(tx, past, statement.id, "form4", span, CENTRE.id)
    office.consult(tx, statement)
    office.step(tx, statement, "send_to_third_party")
    return read_statement(tx, statement.id)


def handed_over(worker: Database, clock: FixedClock, ring: KeyRing) -> Statement:
    """A statement under review, with the keys and the account of the reviewer."""
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        consulted.make_keys(tx, ring)
        enter_staff(tx, clock.now(), replace(OUTSIDER, office=UNIVERSITY))
        return under_review(tx, clock)


def open_for(worker: Database, clock: FixedClock, statement: Statement, days: int = 30) -> Reviewed:
    """A new room on it, open today for the outside reviewer of the tests."""
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        before = rooms.current_room(tx, statement.id)
        if before is not None:
            rooms.end_room(tx, clock, before.id, CENTRE.id, "a new room")
        clock.advance(seconds=1)
        key = rooms.open_room(tx, clock, statement, clock.today() + timedelta(days=days - 1), CENTRE.id)
        room = rooms.read_room(tx, key)
        assert room is not None
        rooms.name_member(tx, clock, room, OUTSIDER.display_name, UNIVERSITY, CENTRE.id, OUTSIDER.account_id)
        return Reviewed(statement, key)


def in_a_room(worker: Database, clock: FixedClock, ring: KeyRing, days: int = 30) -> Reviewed:
    """A room that is open today for the outside reviewer of the tests."""
    return open_for(worker, clock, handed_over(worker, clock, ring), days)
