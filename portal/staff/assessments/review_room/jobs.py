"""The worker's part: entering an outside reviewer in the register of staff, which no page may write.

A page can only ask for this one thing: somebody with the role "outside reviewer" and no other, who sees nothing but the rooms she is
named for (docs/decisions/009-outside-reviewers.md). The code for her first key comes back sealed and is shown to the office once.
"""

from __future__ import annotations

from uuid import UUID

from procrastinate import App

from portal.identity.limits import limits
from portal.identity.staff import StaffRegister
from privacy_assessment.consultation import rooms
from storage.clock import Clock
from storage.database import Database, Scope
from storage.encryption import KeyRing

ROLE = "outside_reviewer"


def invite(database: Database, clock: Clock, keys: KeyRing, tenant: str, room: UUID, member: UUID) -> None:
    """Make her account and keep her code. Doing it twice enters her once; somebody taken out meanwhile is not entered.

    :param database: of the worker role.
    """
    with database.transaction(Scope(tenant=tenant)) as tx:
        # Held until her account is noted, so that a second run of the job waits and then finds it.
        row = tx.raw.execute(
            "SELECT state FROM madoguchi.review_member WHERE tenant = %s AND room_id = %s AND id = %s FOR UPDATE",
            (tenant, room, member),
        ).fetchone()
        found = rooms.read_member(tx, room, member)
        if row is None or row[0] != "asked" or found is None:
            return
        made = StaffRegister(database, clock).invite(tenant, found.organisation, [ROLE], found.name)
        until = clock.now() + limits(clock.today()).enrolment_life
        rooms.keep_code(tx, keys, found, made.account, made.code, until)


def register(jobs: App, database: Database, keys: KeyRing, clock: Clock) -> None:
    """Teach a worker this job."""

    @jobs.task(name=rooms.INVITE, retry=2)
    def invite_reviewer(tenant: str, room: str, member: str) -> None:
        invite(database, clock, keys, tenant, UUID(room), UUID(member))
