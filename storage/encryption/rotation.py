"""Sealing again with the newest key, in batches, so that old keys can be thrown away.

Rooms that keep sealed values say so once with ``register``; nothing sealed can then be forgotten by a rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.database import Database, Role, Scope, Transaction
from storage.encryption.ring import KeyRing

BATCH = 500


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values.

    :param role: the database role that may read and write it.
    :param table: with its schema.
    :param column: the sealed column.
    :param key: the other columns of the primary key, after ``tenant``.
    :param context: from the key values to the context the value was sealed under.
    :param purpose: which of the tenant's keys.
    :param batch: how many values are in memory at once; fewer where they are large.
    """

    role: Role
    table: str
    column: str
    key: tuple[str, ...]
    context: Callable[[Mapping[str, object]], str]
    purpose: str = "data"
    batch: int = BATCH

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    def count_old(self, tx: Transaction, newest: int) -> int:
        """How many values are sealed under an older key."""
        row = tx.raw.execute(
            f"SELECT count(*) FROM {self.table} WHERE tenant = %s AND {self._is_old()}",  # noqa: S608
            (tx.tenant, newest.to_bytes(2, "big")),
        ).fetchone()
        assert row is not None
        return row[0]

    def _is_old(self) -> str:
        # The key id is bytes 2 and 3 of a sealed value.
        return f"{self.column} IS NOT NULL AND substring({self.column} FROM 2 FOR 2) <> %s::bytea"


_COLUMNS: list[SealedColumn] = []


def register(column: SealedColumn) -> SealedColumn:
    """Name a sealed column, once, beside its model."""
    if str(column) not in {str(known) for known in _COLUMNS}:
        _COLUMNS.append(column)
    return column


def sealed_columns(role: Role) -> list[SealedColumn]:
    """The columns a role looks after."""
    return [column for column in _COLUMNS if column.role == role]


def reseal(database: Database, ring: KeyRing, tenant: str, column: SealedColumn, newest: int) -> int:
    """Seal one batch again; each batch is a transaction of its own, so an interruption loses nothing.

    :param newest: the id of the newest key of the column's purpose.
    :returns: how many values were sealed again; 0 when none is left.
    """
    keys = ", ".join(column.key)
    same = " AND ".join(f"{name} = %s" for name in column.key)
    with database.transaction(Scope(tenant=tenant)) as tx:
        rows = tx.raw.execute(
            f"SELECT {column.column}, {keys} FROM {column.table} WHERE tenant = %s AND {column._is_old()}"  # noqa: S608
            f" LIMIT {column.batch} FOR UPDATE SKIP LOCKED",
            (tenant, newest.to_bytes(2, "big")),
        ).fetchall()
        for sealed, *values in rows:
            context = column.context(dict(zip(column.key, values, strict=True)))
            plain = ring.open(tx, tenant, bytes(sealed), context, column.purpose)
            tx.raw.execute(
                f"UPDATE {column.table} SET {column.column} = %s WHERE tenant = %s AND {same}",  # noqa: S608
                (ring.seal(tx, tenant, plain, context, column.purpose), tenant, *values),
            )
    return len(rows)
