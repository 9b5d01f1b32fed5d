"""Transactions: one pool for each database role, and the scope that row-level security reads.

The scope is sent together with the first statement of a transaction, in one trip, and lives only as long as that
transaction. A transaction without a tenant and without addressees sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session

from storage.trips import Statement, Trips

__all__ = ["NOWHERE", "SET_SCOPE", "Database", "Role", "Scope", "Statement", "Transaction"]

Role = Literal["web", "worker", "vault", "migrator"]
_TRIPS = "madoguchi.trips"

SET_SCOPE = (
    "SELECT set_config('madoguchi.tenant', %s, true), set_config('madoguchi.addressees', %s, true),"
    " set_config('madoguchi.account', %s, true)"
)


@dataclass(frozen=True)
class Scope:
    """Whose rows a transaction may see.

    :param tenant: the six-digit code of the office at work, or None.
    :param addressees: pairs (tenant, addressee number) of the resident at the counter.
    :param account: the account at the counter, for the few rows that belong to an account.
    """

    tenant: str | None = None
    addressees: tuple[tuple[str, str], ...] = ()
    account: UUID | None = None

    def settings(self) -> tuple[str, str, str]:
        """The three database settings, as text."""
        joined = ",".join(f"{tenant}:{addressee}" for tenant, addressee in self.addressees)
        return (self.tenant or "", joined, str(self.account or ""))


NOWHERE = Scope()


class Transaction:
    """One open transaction; ``raw``, ``connection`` and ``session`` are three views of the same one."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self.raw: psycopg.Connection[Any] = driver
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """An ORM session on this transaction, made when first asked for."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    @property
    def tenant(self) -> str:
        """The tenant of the scope.

        :raises ValueError: when the transaction has none.
        """
        if self.scope.tenant is None:
            raise ValueError("a transaction without a tenant was asked for its tenant")
        return self.scope.tenant

    def flush(self) -> None:
        """Send what the session still holds."""
        if self._session is not None:
            self._session.flush()

    def close_session(self) -> None:
        """Let the session go, if there is one."""
        if self._session is not None:
            self._session.close()


class Database:
    """A pool of connections that all log in as one role.

    :param url: ``postgresql://`` address whose user is that of the role.
    :param role: which role it is; only for messages and for choosing what to start.
    :param pool_size: connections kept open.
    :param statement_timeout: seconds after which the server gives a statement up.
    """

    def __init__(self, url: str, role: Role, pool_size: int = 4, statement_timeout: float = 30.0) -> None:
        self.role = role
        self.url = url
        self.engine: Engine = create_engine(
            _driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            connect_args={
                "options": f"-c search_path=madoguchi,identity,jobs -c statement_timeout={int(statement_timeout * 1000)}",
                "application_name": f"madoguchi-{role}",
            },
        )

    @contextmanager
    def transaction(self, scope: Scope = NOWHERE) -> Iterator[Transaction]:
        """Open a transaction in ``scope``: committed when the block ends, rolled back when it raises."""
        with self.engine.connect() as connection, connection.begin():
            tx = Transaction(connection, scope)
            tx.raw.execute(SET_SCOPE, scope.settings(), prepare=True)
            try:
                yield tx
                tx.flush()
            finally:
                tx.close_session()

    def read(self, scope: Scope, *statements: Statement) -> list[list[tuple[Any, ...]]]:
        """Run statements in one trip to the server, as one transaction.

        :returns: for each statement its rows as tuples.
        :raises psycopg.Error: the first error; nothing was done.
        """
        pooled = self.engine.raw_connection()
        try:
            raw = pooled.driver_connection
            assert isinstance(raw, psycopg.Connection)
            trips = pooled.info.get(_TRIPS)
            if trips is None:
                trips = pooled.info[_TRIPS] = Trips(raw)
            if scope == NOWHERE:  # where a connection of the pool stands by itself
                return trips.run(statements)
            return trips.run(((SET_SCOPE, scope.settings()), *statements))[1:]
        finally:
            pooled.close()

    def close(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()


def _driver_url(url: str) -> str:
    """The address with the driver named, as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
