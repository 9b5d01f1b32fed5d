"""One transaction: the scope that row-level security reads, and three views of the same connection.

The scope is sent with the first statements, in one trip, and lives only as long as the transaction. A transaction without a
tenant and without addressees sees nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.orm import Session

from storage.trips import Statement, Trips

Explain = Callable[[psycopg.Error], Exception | None]
_TRIPS = "madoguchi.trips"
# What begins as a transaction and then stands like this has failed, or was undone by somebody who had a view of it. A server that is
# told to commit it would answer ROLLBACK, and the driver would say nothing.
_OVER = (psycopg.pq.TransactionStatus.INERROR, psycopg.pq.TransactionStatus.IDLE)
FAILED = "the transaction has failed; nothing more can be done in it"

BEGIN = "BEGIN"
# For a long look at one moment of the database, however long it takes.
BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ"
SET_SCOPE = (
    "SELECT set_config('madoguchi.tenant', %s, true), set_config('madoguchi.addressees', %s, true),"
    " set_config('madoguchi.account', %s, true)"
)
# Among what a statement returns: its commit does not wait for the disk. For what may be lost with the power and harms nobody then.
LATER = "set_config('synchronous_commit', 'off', true)"


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
    """One open transaction; ``raw``, ``connection`` and ``session`` are three views of the same one.

    It begins with the first trip to the server, so that what opens it costs no trip of its own, and its views are made when
    first asked for. As long as nobody has taken a view, statements may be asked and announced (``ask``, ``later``) in trips
    of several, the last of them together with the commit.
    """

    def __init__(
        self, engine: Engine, pooled: PoolProxiedConnection, scope: Scope, begin: str = BEGIN
    ) -> None:
        self.scope = scope
        self._engine, self._pooled = engine, pooled
        driver = pooled.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self._raw: psycopg.Connection[Any] = driver
        self._trips = trips_of(pooled, driver)
        self._begin: Statement = (begin, ())
        self._opening: tuple[Statement, ...] = ((SET_SCOPE, scope.settings()),)
        self._waiting: list[tuple[Statement, Explain | None]] = []
        self._viewed = self._failed = False
        self._connection: Connection | None = None
        self._session: Session | None = None

    @property
    def raw(self) -> psycopg.Connection[Any]:
        """The driver's connection, in this transaction and this scope, with all that was announced done."""
        self._view()
        return self._raw

    @property
    def connection(self) -> Connection:
        """A SQLAlchemy connection on this transaction, made when first asked for."""
        if self._connection is None:
            self._view()
            self._connection = Connection(self._engine, connection=self._pooled)
            self._connection.begin()
        return self._connection

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

    @property
    def direct(self) -> bool:
        """Whether nobody has taken a view yet, so that ``later`` may be used."""
        return not self._viewed

    @property
    def stands(self) -> bool:
        """Whether more can be done in it: nothing that went wrong is left, and the connection is there."""
        status = self._raw.pgconn.transaction_status
        return not self._failed and status not in (*_OVER, psycopg.pq.TransactionStatus.UNKNOWN)

    def ask(self, *statements: Statement) -> list[list[tuple[Any, ...]]]:
        """Run statements, in one trip together with what was announced before.

        :returns: for each statement its rows as tuples.
        :raises psycopg.Error: the first error, or what ``later`` was told to make of it; the transaction has failed.
        """
        if self._begin[0] != BEGIN:
            self._view()
        if self._viewed:
            # Somebody may have made the server forget what was prepared for trips; the driver knows its own.
            return [_rows(self._raw.execute(sql, values, prepare=True)) for sql, values in statements]
        return self._go(statements, more=True)

    def later(self, statement: Statement, explain: Explain | None = None) -> None:
        """Announce a statement whose rows nobody needs: it goes with the next trip, at the latest with the commit.

        :param explain: what to raise for its error instead of the error.
        :raises RuntimeError: when a view was taken before (see ``direct``).
        """
        if self._viewed:
            raise RuntimeError("statements can be announced only while no view of the transaction was taken")
        self._waiting.append((statement, explain))

    def flush(self) -> None:
        """Send what the session still holds."""
        if self._session is not None:
            self._session.flush()

    def commit(self) -> None:
        """Send what the session holds and what was announced, and commit. Nothing is sent for a transaction that did nothing.

        :raises psycopg.Error: the commit was refused, or an error before it was passed over; nothing was committed.
        """
        self.flush()
        self.close_session()
        if self._viewed and self._raw.pgconn.transaction_status in _OVER:
            raise psycopg.errors.InFailedSqlTransaction(FAILED)
        if self._connection is not None:
            self._connection.commit()
        elif self._viewed:
            self._raw.commit()
        elif self._waiting or not self._opening:
            self._go()

    def rollback(self) -> None:
        """Undo everything; with a connection that is gone everything is undone already."""
        self.close_session()
        if not self._raw.closed:
            self._trips.rollback()
            if self._connection is not None:
                self._connection.rollback()

    def close_session(self) -> None:
        """Let the session go, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _view(self) -> None:
        """From here on others use the connection as well: what went on in trips becomes a transaction of the connection."""
        if not self._viewed:
            self._opening = (self._begin, *self._opening)
            self._go()
            self._viewed = True

    def _go(self, statements: Sequence[Statement] = (), more: bool = False) -> list[list[tuple[Any, ...]]]:
        """One trip: what opens the transaction, what waits, and these statements; returns the rows of these.

        :param more: the transaction goes on; else it is committed, or handed to the connection when BEGIN is among them.
        """
        if self._failed:
            raise psycopg.errors.InFailedSqlTransaction(FAILED)
        waiting, self._waiting, opening, self._opening = self._waiting, [], self._opening, ()
        before = len(opening) + len(waiting)
        self._failed = True  # whatever goes wrong: what waited is gone, and maybe the scope
        try:
            found = self._trips.run((*opening, *(one for one, _ in waiting), *statements), more)[before:]
        except psycopg.DatabaseError as error:
            place = self._trips.failed_at - len(opening)
            explain = waiting[place][1] if 0 <= place < len(waiting) else None
            told = None if explain is None else explain(error)
            if told is None:
                raise
            raise told from error
        self._failed = False
        return found


def trips_of(pooled: PoolProxiedConnection, raw: psycopg.Connection[Any]) -> Trips:
    """What runs trips on a connection; it stays with the connection and what is prepared on it."""
    trips: Trips | None = pooled.info.get(_TRIPS)
    if trips is None:
        set_json_loads(orjson.loads, raw)  # before anything is read: loaders are chosen once
        trips = pooled.info[_TRIPS] = Trips(raw)
    return trips


def _rows(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []
