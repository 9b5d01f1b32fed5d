"""A process that hangs in the middle of a transaction: the server ends it, and what it held is free again."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, sleep

import psycopg
import pytest

from storage.audit.commands import snapshot
from storage.database import KNOWS_WHOLE, PATIENCE, Database, Patience, Scope

ROW = "INSERT INTO tenant_key (tenant, key_id, purpose, wrapped, created_at) VALUES (%s, %s, 'patience', '', now())"
LOCKED = "UPDATE tenant_key SET wrapped = 'x' WHERE tenant = %s AND key_id = 1 AND purpose = 'patience'"
LIMITS = (
    "SELECT name, setting::int / 1000 FROM pg_settings WHERE name IN"
    " ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
)


@pytest.fixture(scope="module")
def locked(databases, tenant_a):
    """A row that a process may hang on."""
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        tx.raw.execute(ROW, (tenant_a, 1))
        version = tx.raw.info.server_version
    return Scope(tenant=tenant_a), version


def freed(databases, scope):
    """Whether somebody else gets at the row, in a generous time."""
    end = monotonic() + 20
    while monotonic() < end:
        with suppress(psycopg.errors.LockNotAvailable), databases.worker.transaction(scope) as tx:
            tx.raw.execute("SET LOCAL lock_timeout = '200ms'")
            tx.raw.execute(LOCKED, (scope.tenant,))
            return True
        sleep(0.05)
    return False


def test_a_transaction_in_which_nothing_is_asked_loses_its_locks(databases, locked):
    scope, _ = locked
    database = Database(databases.url("worker"), "worker", pool_size=1, patience=Patience(idle=0.3, whole=0))
    with pytest.raises(psycopg.Error), database.transaction(scope) as tx:
        tx.raw.execute(LOCKED, (scope.tenant,))
        assert freed(databases, scope)
        tx.ask(("SELECT 1", ()))
    with database.transaction(scope) as tx:
        assert tx.ask(("SELECT 7", ())) == [[(7,)]]
    database.close()


@pytest.mark.parametrize("viewed", [True, False])
def test_nor_does_one_keep_them_that_goes_on_for_too_long(databases, locked, viewed):
    scope, version = locked
    if version < KNOWS_WHOLE:
        pytest.skip("this server has no transaction_timeout, which came with PostgreSQL 17")
    database = Database(databases.url("worker"), "worker", pool_size=1, patience=Patience(idle=0, whole=0.3))
    with pytest.raises(psycopg.Error), database.transaction(scope) as tx:
        if viewed:
            assert tx.raw is not None
        tx.ask((LOCKED, (scope.tenant,)))
        assert freed(databases, scope)
        tx.ask(("SELECT 1", ()))
    with database.transaction(scope) as tx:
        assert tx.ask(("SELECT 7", ())) == [[(7,)]]
    database.close()


def limits_of(tx):
    return dict(tx.ask((LIMITS, ()))[0])


@pytest.mark.parametrize("role", ["web", "worker", "vault", "migrator"])
def test_every_role_is_opened_with_its_patience(databases, locked, role):
    _, version = locked
    with getattr(databases, role).transaction() as tx:
        found = limits_of(tx)
    assert found["idle_in_transaction_session_timeout"] == PATIENCE[role].idle
    assert found.get("transaction_timeout", -1) == (PATIENCE[role].whole if version >= KNOWS_WHOLE else -1)


def test_behind_the_web_stands_a_person_and_behind_the_worker_a_long_file():
    web, worker = PATIENCE["web"], PATIENCE["worker"]
    # nginx gives a page up after 35 seconds.
    assert 35 < web.idle <= 60
    assert web.idle < web.whole <= 120
    assert worker.idle > 5 * web.idle
    assert PATIENCE["vault"] == worker


def test_a_long_look_at_one_moment_has_no_end(databases, locked):
    scope, _ = locked
    with snapshot(databases.worker, scope.tenant) as tx:
        assert set(limits_of(tx).values()) == {0}
    with databases.worker.transaction(scope) as tx:
        assert limits_of(tx)["idle_in_transaction_session_timeout"] == PATIENCE["worker"].idle
