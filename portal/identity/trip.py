"""One statement, one trip, one transaction: for the steps of a login, each of which is a single statement.

It stands outside any scope, as ``Database.read(NOWHERE, …)`` would, but without the trips around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from storage.database import NOWHERE, Database, Transaction


def one_trip(database: Database, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement that is wholly there or not, and return its rows.

    :param sql: must not read tables with row-level security: no scope is set.
    """
    pooled = database.engine.raw_connection()
    try:
        raw = pooled.driver_connection
        assert isinstance(raw, psycopg.Connection)
        raw.autocommit = True
        try:
            return raw.execute(sql, values, prepare=True).fetchall()
        finally:
            raw.autocommit = False
    finally:
        pooled.close()


@contextmanager
def transaction_outside(database: Database) -> Iterator[Transaction]:
    """A transaction outside any scope, without the trip that sets one; its first statement may set its own."""
    with database.engine.connect() as connection, connection.begin():
        yield Transaction(connection, NOWHERE)
