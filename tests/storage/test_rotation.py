"""Turning the keys: everything sealed is sealed again, an interruption loses nothing, and nothing is left behind."""

from __future__ import annotations

import psycopg
import pytest

from storage.database import Scope
from storage.encryption.rotation import BATCH, SealedColumn, reseal

COLUMN = SealedColumn(
    "worker", "madoguchi.kept", "value", ("id",), lambda key: f"kept.value:{key['id']}", "turning"
)


@pytest.fixture(scope="module")
def sealed_rows(databases, key_ring):
    with psycopg.connect(databases.admin_url, autocommit=True) as admin:
        admin.execute(
            "CREATE TABLE madoguchi.kept (tenant text, id int, value bytea, PRIMARY KEY (tenant, id))"
        )
        admin.execute("GRANT ALL ON madoguchi.kept TO madoguchi_worker")
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        for number in range(BATCH + 3):
            sealed = key_ring.seal(tx, "992011", b"value %d" % number, f"kept.value:{number}", "turning")
            tx.raw.execute("INSERT INTO kept VALUES ('992011', %s, %s)", (number, sealed))


def test_every_value_is_sealed_again_and_opens(databases, key_ring, sealed_rows):
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        newest = key_ring.rotate(tx, "992011", "turning")
    assert reseal(databases.worker, key_ring, "992011", COLUMN, newest) == BATCH
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert COLUMN.count_old(tx, newest) == 3  # as after an interruption: the rest is still there to do
    while reseal(databases.worker, key_ring, "992011", COLUMN, newest):
        pass
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        rows = tx.raw.execute("SELECT id, value FROM kept ORDER BY id").fetchall()
        opened = [key_ring.open(tx, "992011", bytes(v), f"kept.value:{i}", "turning") for i, v in rows]
    assert opened == [b"value %d" % number for number in range(BATCH + 3)]
    assert {key_ring.key_id(bytes(value)) for _, value in rows} == {newest}
