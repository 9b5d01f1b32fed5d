"""The database as one role sees it: connections kept open, transactions and readings in a scope."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Literal

import psycopg
from sqlalchemy import Engine, PoolProxiedConnection, create_engine, event

from storage.transaction import (
    BEGIN,
    BEGIN_SNAPSHOT,
    LATER,
    NOWHERE,
    SET_SCOPE,
    Scope,
    Transaction,
    trips_of,
)
from storage.trips import Meanwhile, Statement

__all__ = [
    "BEGIN_SNAPSHOT",
    "LATER",
    "NOWHERE",
    "NO_END",
    "SET_SCOPE",
    "Database",
    "Patience",
    "Role",
    "Scope",
    "Statement",
    "Transaction",
]

Role = Literal["web", "worker", "vault", "migrator"]

IDLE = psycopg.pq.TransactionStatus.IDLE
# A page never walks through a table. Without this, a statement planned while its table is almost empty does so until the
# server has counted anew, which takes it a minute or more: challenges and counters are such tables every morning.
# (A server before 18 prices a walk that cannot be avoided so high that it would compile the plan: hence no compiling.)
BY_INDEX = " -c enable_seqscan=off -c jit=off"
# The first server with transaction_timeout.
KNOWS_WHOLE = 170000
WAIT_FOR_CONNECTION = 30.0
"""Seconds a transaction waits for a connection when all are in use."""


@dataclass(frozen=True)
class Patience:
    """How long the server lets a transaction keep its locks; 0: for ever. A process that hangs must not hold others up for good.

    :param idle: seconds in which nothing is asked. Counted by every server, but only once somebody has taken a view (``BEGIN``).
    :param whole: seconds from beginning to end; counted by servers from 17 on, whoever began it.
    """

    idle: float
    whole: float


# Behind the web stands a person for whom the front server waits 35 seconds. A worker prints and reads whole files within a transaction.
PATIENCE: dict[Role, Patience] = {
    "web": Patience(idle=40, whole=120),
    "worker": Patience(idle=900, whole=3600),
    "vault": Patience(idle=900, whole=3600),
    "migrator": Patience(idle=0, whole=0),
}
# Within a transaction: for a long look that keeps no locks. Setting by setting, because a server before 17 does not know all of them.
NO_END = (
    "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN"
    " ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
)


class Database:
    """A pool of connections that all log in as one role.

    :param url: ``postgresql://`` address whose user is that of the role.
    :param role: which role it is; only for messages and for choosing what to start.
    :param pool_size: connections kept open.
    :param statement_timeout: seconds after which the server gives a statement up.
    :param patience: how long the server lets a transaction stand; that of the role when not given.
    """

    def __init__(
        self,
        url: str,
        role: Role,
        pool_size: int = 4,
        statement_timeout: float = 30.0,
        patience: Patience | None = None,
    ) -> None:
        self.role = role
        patience = patience or PATIENCE[role]
        self.url = url
        # Connections wait here, still taken from the library's pool: taking one costs a tenth of what it costs there.
        self._idle: deque[PoolProxiedConnection] = deque()
        self._places = BoundedSemaphore(2 * pool_size)
        self.engine: Engine = create_engine(
            _driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            connect_args={
                "options": f"-c search_path=madoguchi,identity,jobs -c statement_timeout={int(statement_timeout * 1000)}"
                f" -c idle_in_transaction_session_timeout={int(patience.idle * 1000)}"
                + (BY_INDEX if role == "web" else ""),
                "application_name": f"madoguchi-{role}",
            },
        )
        event.listen(self.engine, "connect", lambda raw, _record: _limit(raw, patience.whole))

    @contextmanager
    def transaction(self, scope: Scope = NOWHERE, begin: str = BEGIN) -> Iterator[Transaction]:
        """Open a transaction in ``scope``: committed when the block ends, rolled back when it raises.

        :param begin: ``BEGIN``, or ``BEGIN_SNAPSHOT`` to see one moment of the database throughout.
        """
        pooled = self._take()
        try:
            tx = Transaction(self.engine, pooled, scope, begin)
            try:
                yield tx
                tx.commit()
            except BaseException:
                tx.rollback()
                raise
        finally:
            self._give_back(pooled)

    def _take(self) -> PoolProxiedConnection:
        """A connection in no transaction.

        :raises TimeoutError: when all were in use for too long.
        """
        if not self._places.acquire(timeout=WAIT_FOR_CONNECTION):
            raise TimeoutError(
                f"every database connection of the role {self.role} is in use; ask again in a moment"
            )
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return self.engine.raw_connection()
        except BaseException:
            self._places.release()
            raise

    def _give_back(self, pooled: PoolProxiedConnection) -> None:
        """Return a connection; when it was lost, the others that wait are taken for lost too."""
        raw = pooled.driver_connection
        try:
            if isinstance(raw, psycopg.Connection) and raw.pgconn.transaction_status == IDLE:
                self._idle.append(pooled)
                return
            lost = raw is None or raw.closed
            _end(pooled)
            if lost:
                self.close()
        finally:
            self._places.release()

    def read(
        self, scope: Scope, *statements: Statement, meanwhile: Meanwhile | None = None
    ) -> list[list[tuple[Any, ...]]]:
        """Run statements in one trip to the server, as one transaction.

        :param meanwhile: called once while the server works on them; it must not raise.
        :returns: for each statement its rows as tuples.
        :raises psycopg.Error: the first error; nothing was done.
        """
        pooled = self._take()
        try:
            raw = pooled.driver_connection
            assert isinstance(raw, psycopg.Connection)
            trips = trips_of(pooled, raw)
            if scope == NOWHERE:  # where a connection of the pool stands by itself
                return trips.run(statements, meanwhile=meanwhile)
            return trips.run(((SET_SCOPE, scope.settings()), *statements), meanwhile=meanwhile)[1:]
        finally:
            self._give_back(pooled)

    def close(self) -> None:
        """Close every connection that waits; the next transaction opens a new one."""
        while self._idle:
            _end(self._idle.pop())


def _driver_url(url: str) -> str:
    """The address with the driver named, as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _limit(raw: psycopg.Connection[Any], whole: float) -> None:
    """Say how long a transaction may last, where the server knows it: it would refuse a connection that opens with words it does
    not know."""
    if raw.info.server_version >= KNOWS_WHOLE:
        raw.pgconn.exec_(f"SET transaction_timeout = {int(whole * 1000)}".encode())


def _end(pooled: PoolProxiedConnection) -> None:
    """Close a connection and give its place in the library's pool back."""
    if pooled.is_valid:  # else the library has closed it already
        pooled.invalidate()
    pooled.close()
