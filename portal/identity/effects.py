"""What happens after a card's first login, away from the page: the register says who the holder is.

The certificate carries no name. The binder (``workflows.addressees.accounts.AccountBinder``) asks 住基ネット and ties the account
to its addressees; here the ties become part of the open sessions. A renewed card is known again by its addressee: when another
account of the same person exists already, the new card is moved to it, and with it everything that account may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog
from procrastinate import App, RetryStrategy

from portal.identity.service import BIND_TASK
from portal.identity.sessions import record
from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.tenants import known_tenants

log = structlog.get_logger(__name__)

# The CS may be away for a while: after 1, 2, 4 … seconds, about a quarter of an hour in all.
RETRY = RetryStrategy(max_attempts=10, exponential_wait=2, retry_exceptions={ConnectionError})


class Tie(Protocol):
    """One addressee of an account (``workflows.addressees.models.AccountTie``)."""

    @property
    def tenant(self) -> str: ...
    @property
    def addressee(self) -> str: ...
    @property
    def display_name(self) -> bytes: ...


class Binder(Protocol):
    """Ties accounts to addressees."""

    def bind_account(self, account: UUID, issuer: str, serial: str, tenants: Sequence[str]) -> Sequence[Tie]:
        """The ties that now stand.

        :raises ConnectionError: 住基ネット does not answer.
        """
        ...


class AccountEffects:
    """The jobs of identity.

    :param database: worker role.
    """

    def __init__(self, database: Database, binder: Binder, clock: Clock) -> None:
        self._database = database
        self._binder = binder
        self._clock = clock

    def register(self, jobs: App) -> None:
        """Register the job ``identity.bind_account`` with the worker's list."""

        @jobs.task(name=BIND_TASK, retry=RETRY)
        def bind_account(account: str, session: str) -> None:
            self.bind_account(UUID(account))

    def bind_account(self, account: UUID) -> UUID:
        """Bind an account by its newest card and carry the ties into its open sessions. Doing it again changes nothing.

        :returns: the account that stands: an older one when the card is a renewal.
        :raises ConnectionError: the register's source does not answer; nothing is lost, the job comes again.
        """
        with self._database.transaction() as tx:
            key = tx.raw.execute(
                "SELECT issuer_hash, serial FROM identity.card_key WHERE account = %s AND superseded_at IS NULL"
                " ORDER BY last_used_at DESC LIMIT 1",
                (account,),
            ).fetchone()
        if key is None:
            log.info("no card stands for the account any more", account=str(account))
            return account
        tenants = known_tenants(self._database)
        issuer, serial = bytes(key[0]).hex(), f"{int(key[1], 16):08x}"
        ties = self._binder.bind_account(account, issuer, serial, tenants)
        older = self._older_account(account, ties)
        if older is not None:
            self._move(account, older)
            ties = self._binder.bind_account(older, issuer, serial, tenants)
        self._carry(older or account, ties)
        return older or account

    def _older_account(self, account: UUID, ties: Sequence[Tie]) -> UUID | None:
        """Another account of the same person in the same office, the oldest; row-level security opens one office at a time."""
        found: set[UUID] = set()
        for tie in ties:
            with self._database.transaction(Scope(tenant=tie.tenant)) as tx:
                rows = tx.raw.execute(
                    "SELECT account FROM madoguchi.account_addressee WHERE tenant = %s AND addressee = %s AND account <> %s",
                    (tie.tenant, tie.addressee, account),
                ).fetchall()
            found.update(other for (other,) in rows)
        if not found:
            return None
        with self._database.transaction() as tx:
            row = tx.raw.execute(
                "SELECT a.id FROM identity.account a JOIN identity.account mine ON mine.id = %s"
                " WHERE a.id = ANY(%s) AND a.merged_into IS NULL AND a.closed_at IS NULL"
                " AND (a.created_at, a.id) < (mine.created_at, mine.id) ORDER BY a.created_at, a.id LIMIT 1",
                (account, list(found)),
            ).fetchone()
        return row[0] if row else None

    def _move(self, account: UUID, older: UUID) -> None:
        """The account made by the renewed card becomes part of the older one: cards, sessions, history."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            tx.raw.execute("UPDATE identity.account SET merged_into = %s WHERE id = %s", (older, account))
            tx.raw.execute("UPDATE identity.card_key SET account = %s WHERE account = %s", (older, account))
            tx.raw.execute("UPDATE identity.session SET account = %s WHERE account = %s", (older, account))
            record(tx, older, "card-renewed", "card", "", now)

    def _carry(self, account: UUID, ties: Sequence[Tie]) -> None:
        now = self._clock.now()
        with self._database.transaction() as tx:
            tx.raw.execute("UPDATE identity.account SET bound_at = %s WHERE id = %s", (now, account))
            _carry_into_sessions(tx, account, ties)


def _carry_into_sessions(tx: Transaction, account: UUID, ties: Sequence[Tie]) -> None:
    first = ties[0] if ties else None
    tx.raw.execute(
        "UPDATE identity.session SET addressees = %s, profile = %s, profile_tenant = %s, bound = true"
        " WHERE account = %s AND ended_at IS NULL",
        (
            [f"{tie.tenant}:{tie.addressee}" for tie in ties],
            first.display_name if first else None,
            first.tenant if first else None,
            account,
        ),
    )
