"""People for the tests of pages: who is at the counter is said in the WSGI environment, past the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pyramid.config import Configurator

from portal.web.permissions import Permission, identity_permits
from storage.database import Transaction

ENVIRON_KEY = "madoguchi.test.identity"


@dataclass(frozen=True)
class Person:
    """The fields of an identity that pages and permissions read."""

    kind: str
    display_name: str = ""
    account_id: UUID | None = None
    tenant: str | None = None
    roles: frozenset[str] = frozenset()
    office: str | None = None
    addressees: tuple[tuple[str, str], ...] = ()
    session_id: UUID | None = None
    step_up_at: datetime | None = datetime(2026, 11, 22, 0, 50, tzinfo=UTC)
    bound: bool = True


ANONYMOUS = Person("anonymous")
RESIDENT = Person(
    "resident",
    "髙﨑 𠮷子",
    UUID(int=1),
    addressees=(("992011", "900000000000001"), ("992020", "900000000000002")),
)
OTHER_RESIDENT = Person("resident", "葛󠄀城 一郎", UUID(int=2), addressees=(("992020", "900000000000009"),))
CLERK = Person("staff", "見本 太郎", UUID(int=3), "992011", frozenset({"caseworker"}), "992011-01")
OPERATOR = Person("staff", "仮名 さくら", UUID(int=4), "992011", frozenset({"linkage_operator"}), "992011-01")
SUPERVISOR = Person("staff", "試験 一郎", UUID(int=5), "992011", frozenset({"approver"}), "992011-01")
NO_ROLE = Person("staff", "見本 次郎", UUID(int=6), "992011", frozenset(), "992011-01")
REVIEWER = Person(
    "reviewer", "委員 花子", UUID(int=7), "000000", frozenset({"commission_reviewer"}), "審査課"
)
MEMBER = Person("reviewer", "委員 月子", UUID(int=8), "000000", frozenset({"commission_member"}), "委員会")
COORDINATOR = Person(
    "staff", "見本 三郎", UUID(int=9), "992011", frozenset({"assessment_coordinator"}), "992011-01"
)
OUTSIDER = Person(
    "staff", "仮名 点検", UUID(int=10), "992011", frozenset({"outside_reviewer"}), "外部の点検者"
)
EVERYBODY = {
    "anonymous": ANONYMOUS,
    "resident": RESIDENT,
    "caseworker": CLERK,
    "operator": OPERATOR,
    "approver": SUPERVISOR,
    "staff without a role": NO_ROLE,
    "reviewer": REVIEWER,
    "commission member": MEMBER,
    "coordinator": COORDINATOR,
    "outside reviewer": OUTSIDER,
}


def enter_staff(tx: Transaction, at: datetime, *people: Person) -> None:
    """Enter people into the staff of the transaction's office; those who are there stay as they are."""
    for person in people:
        tx.raw.execute(
            "INSERT INTO identity.account (id, kind, created_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (person.account_id, person.kind, at),
        )
        tx.raw.execute(
            "INSERT INTO identity.staff (tenant, account, office, roles, display_name, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (tx.tenant, person.account_id, person.office, list(person.roles), person.display_name, at),
        )


class StandingAtTheCounter:
    """Security policy of the tests: the identity is what the test put into the environment."""

    def identity(self, request: Any) -> Any:
        return request.environ.get(ENVIRON_KEY)

    def authenticated_userid(self, request: Any) -> str | None:
        person = self.identity(request)
        return str(person.account_id) if person else None

    def permits(self, request: Any, context: Any, permission: str) -> bool:
        return identity_permits(self.identity(request), context, permission)

    def remember(self, request: Any, userid: str, **kw: Any) -> list[tuple[str, str]]:
        return []

    def forget(self, request: Any, **kw: Any) -> list[tuple[str, str]]:
        return []


def empty(_request: Any) -> dict[str, Any]:
    """A view for the addresses of sign-in, which belong to another package."""
    return {}


def includeme(config: Configurator) -> None:
    config.set_security_policy(StandingAtTheCounter())
    for name, path in (("login", "/login"), ("staff.login", "/staff/login"), ("logout", "/logout")):
        config.add_route(name, path)
        config.add_view(empty, route_name=name, renderer="json", permission=Permission.SIGN_IN)
