"""The register of staff: who may come in, with which roles. Written by the worker role only, so that no page can do it by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.identity.limits import limits
from portal.identity.models import COMMISSION, ROLES
from portal.identity.secrets import ENROLMENT_LENGTH, digest, new_code
from portal.identity.sessions import end_all
from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.ids import new_id


class UnknownRole(ValueError):
    """A role that does not exist; the message lists those that do."""


class UnknownStaff(LookupError):
    """Nobody of that number in this office."""


@dataclass(frozen=True)
class Invitation:
    """A new or returning member of staff.

    :param code: the one-time enrolment code, shown once.
    """

    account: UUID
    code: str


class StaffRegister:
    """The register.

    :param database: worker role.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def invite(self, tenant: str, office: str, roles: Iterable[str], display_name: str) -> Invitation:
        """Enter somebody and make the code with which she enrols her first key.

        :param tenant: the municipality, or ``000000`` for the commission.
        :param office: the section as residents read it in their records, e.g. ``子育て支援課``.
        :raises UnknownRole: when a role does not exist.
        """
        wanted = _roles(roles)
        now = self._clock.now()
        account = new_id()
        kind = "reviewer" if tenant == COMMISSION else "staff"
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            tx.raw.execute(
                "INSERT INTO identity.account (id, kind, created_at, bound_at) VALUES (%s, %s, %s, %s)",
                (account, kind, now, now),
            )
            tx.raw.execute(
                "INSERT INTO identity.staff (tenant, account, office, roles, display_name, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (tenant, account, office, wanted, display_name, now),
            )
            return Invitation(account, self._code(tx, tenant, account))

    def new_code(self, tenant: str, account: UUID) -> str:
        """Another code for somebody who lost her keys; codes not yet used end.

        :raises UnknownStaff: when there is no such person in this office.
        """
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            self._find(tx, tenant, account)
            tx.raw.execute(
                "UPDATE identity.enrolment SET used_at = %s WHERE account = %s AND used_at IS NULL",
                (self._clock.now(), account),
            )
            return self._code(tx, tenant, account)

    def set_roles(self, tenant: str, account: UUID, roles: Iterable[str], office: str | None = None) -> None:
        """Change roles (and office); her sessions end, so that the change counts from now.

        :raises UnknownRole, UnknownStaff: see :meth:`invite`, :meth:`new_code`.
        """
        wanted = _roles(roles)
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            self._find(tx, tenant, account)
            tx.raw.execute(
                "UPDATE identity.staff SET roles = %s, office = coalesce(%s, office) WHERE tenant = %s AND account = %s",
                (wanted, office, tenant, account),
            )
            end_all(tx, account, "roles-changed", self._clock.now())

    def leave(self, tenant: str, account: UUID) -> None:
        """Somebody leaves: sessions and keys end at once. Her name stays in what she did.

        :raises UnknownStaff: when there is no such person in this office.
        """
        now = self._clock.now()
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            self._find(tx, tenant, account)
            tx.raw.execute(
                "UPDATE identity.staff SET left_at = %s WHERE tenant = %s AND account = %s",
                (now, tenant, account),
            )
            tx.raw.execute(
                "UPDATE identity.passkey SET ended_at = %s, end_reason = 'left' WHERE account = %s AND ended_at IS NULL",
                (now, account),
            )
            end_all(tx, account, "left", now)

    def people(self, tenant: str) -> list[tuple[UUID, str, str, list[str], int]]:
        """Everybody of an office: account, name, office, roles, number of keys."""
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            return tx.raw.execute(
                "SELECT s.account, s.display_name, s.office, s.roles, (SELECT count(*) FROM identity.passkey p"
                " WHERE p.account = s.account AND p.ended_at IS NULL) FROM identity.staff s"
                " WHERE s.tenant = %s AND s.left_at IS NULL ORDER BY s.created_at, s.account",
                (tenant,),
            ).fetchall()

    def _find(self, tx: Transaction, tenant: str, account: UUID) -> None:
        row = tx.raw.execute(
            "SELECT 1 FROM identity.staff WHERE tenant = %s AND account = %s AND left_at IS NULL FOR UPDATE",
            (tenant, account),
        ).fetchone()
        if row is None:
            raise UnknownStaff(
                "この役所に、その番号の職員はいません。`madoguchi staff list` で確かめてください。"
            )

    def _code(self, tx: Transaction, tenant: str, account: UUID) -> str:
        code = new_code(ENROLMENT_LENGTH)
        now = self._clock.now()
        tx.raw.execute(
            "INSERT INTO identity.enrolment (code_hash, account, tenant, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
            (digest(code), account, tenant, now, now + limits(self._clock.today()).enrolment_life),
        )
        return code


def _roles(roles: Iterable[str]) -> list[str]:
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise UnknownRole(f"役割「{'、'.join(unknown)}」はありません。選べるもの: {'、'.join(ROLES)}")
    return wanted
