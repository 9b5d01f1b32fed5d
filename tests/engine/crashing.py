"""Transactions that break at a chosen statement, the ways a real one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

from storage.database import Database, Scope, Transaction

Result = TypeVar("Result")


class Crash(BaseException):
    """The program stopped here: nothing in it gets to do anything about it."""


# What a caller can see when the program or the connection goes away under it.
GONE = (Crash, psycopg.OperationalError, psycopg.InterfaceError, DBAPIError)


class _Breaking:
    """Counts statements and breaks at the n-th: before it, after it, or because the server ends the connection."""

    def __init__(self, raw: psycopg.Connection[Any], at: int, how: str, admin_url: str) -> None:
        self._raw, self._left, self._how, self._admin_url = raw, at, how, admin_url

    def run(self, statement: Callable[[], Result]) -> Result:
        """Run one statement, or break."""
        self._left -= 1
        if self._left == 0:
            if self._how == "before":
                raise Crash
            if self._how == "kill":
                self._kill()
        result = statement()
        if self._left == 0:
            raise Crash
        return result

    def _kill(self) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (self._raw.info.backend_pid,))


class _Raw:
    """The driver's connection, breaking."""

    def __init__(self, raw: psycopg.Connection[Any], breaking: _Breaking) -> None:
        self._raw, self._breaking = raw, breaking

    def execute(self, *arguments: Any, **named: Any) -> Any:
        """One statement."""
        return self._breaking.run(lambda: self._raw.execute(*arguments, **named))

    def cursor(self) -> Any:
        """A cursor; it counts as a statement."""
        return self._breaking.run(self._raw.cursor)

    def transaction(self) -> Any:
        """A part that can be undone; its beginning counts as a statement."""
        return self._breaking.run(self._raw.transaction)


class _Tx:
    """What the engine uses of a transaction, breaking."""

    def __init__(self, tx: Transaction, breaking: _Breaking) -> None:
        self.tenant, self.scope = tx.tenant, tx.scope
        self._tx, self._breaking = tx, breaking

    @property
    def raw(self) -> Any:
        """The driver's connection; it has its own statements counted."""
        return _Raw(self._tx.raw, self._breaking)

    @property
    def direct(self) -> bool:
        """As the transaction says."""
        return self._tx.direct

    @property
    def stands(self) -> bool:
        """As the transaction says."""
        return self._tx.stands

    def ask(self, *statements: Any) -> Any:
        """One trip; it counts as one statement."""
        return self._breaking.run(lambda: self._tx.ask(*statements))

    def later(self, *arguments: Any) -> None:
        """One statement announced."""
        self._breaking.run(lambda: self._tx.later(*arguments))

    def flush(self) -> None:
        """As the transaction does."""
        self._tx.flush()

    def close_session(self) -> None:
        """As the transaction does."""
        self._tx.close_session()


def run(
    database: Database,
    scope: Scope,
    work: Callable[[Any], Result],
    at: int,
    how: str,
    admin_url: str,
    alone: bool = True,
) -> Result:
    """Do ``work`` in a transaction that breaks at statement ``at`` (0: not at all).

    :param how: ``before``, ``after``, ``kill``, ``commit`` (all is done but the commit) or ``answer`` (committed, but nobody hears).
    :param alone: whether nobody used the transaction before, so that the engine may announce what it writes.
    """
    with database.transaction(scope) as tx:
        if not alone:
            tx.raw.execute("SELECT 1")
        if at == 0 and how not in ("commit", "answer"):
            return work(tx)
        broken = at if how in ("before", "after", "kill") else 0
        result = work(_Tx(tx, _Breaking(tx._raw, broken, how, admin_url)))
        if how == "commit":
            raise Crash
    if how == "answer":
        raise Crash
    return result
