"""Transactions that break at a chosen statement, the ways a real one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

from storage.database import Database, Scope, Transaction

Result = TypeVar("Result")


class Crash(Exception):
    """The program stopped here."""


# What a caller can see when the program or the connection goes away under it.
GONE = (Crash, psycopg.OperationalError, psycopg.InterfaceError, DBAPIError)


class _Raw:
    """A connection that breaks at its n-th statement: before it, after it, or because the server ends it."""

    def __init__(self, raw: psycopg.Connection[Any], at: int, how: str, admin_url: str) -> None:
        self._raw, self._left, self._how, self._admin_url = raw, at, how, admin_url

    def execute(self, *arguments: Any, **named: Any) -> Any:
        """Run one statement, or break."""
        self._left -= 1
        if self._left == 0:
            if self._how == "before":
                raise Crash
            if self._how == "kill":
                self._kill()
        result = self._raw.execute(*arguments, **named)
        if self._left == 0:
            raise Crash
        return result

    def cursor(self) -> Any:
        """A cursor; it counts as a statement."""
        self._left -= 1
        if self._left == 0:
            raise Crash
        return self._raw.cursor()

    def _kill(self) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (self._raw.info.backend_pid,))


class _Tx:
    """What the engine uses of a transaction, with the breaking connection in it."""

    def __init__(self, tx: Transaction, raw: Any) -> None:
        self.raw, self.tenant, self.scope = raw, tx.tenant, tx.scope


def run(
    database: Database, scope: Scope, work: Callable[[Any], Result], at: int, how: str, admin_url: str
) -> Result:
    """Do ``work`` in a transaction that breaks at statement ``at`` (0: not at all).

    :param how: ``before``, ``after``, ``kill``, ``commit`` (all is done but the commit) or ``answer`` (committed, but nobody hears).
    """
    with database.transaction(scope) as tx:
        if at == 0 and how not in ("commit", "answer"):
            return work(tx)
        broken = at if how in ("before", "after", "kill") else 0
        result = work(_Tx(tx, _Raw(tx.raw, broken, how, admin_url)))
        if how == "commit":
            raise Crash
    if how == "answer":
        raise Crash
    return result
