"""The floor's promises: scope, isolation, roles, jobs in the same transaction, seals."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import FileMasterKey, KeyRing, SealBroken
from storage.ids import new_id
from storage.jobs import defer
from storage.tenants import UnknownTenant, check_digit, parse_tenant


def test_scope_ends_with_the_transaction(databases, tenant_a):
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        assert tx.raw.execute("SELECT current_setting('madoguchi.tenant')").fetchone() == (tenant_a,)
    with databases.web.transaction() as tx:
        assert tx.raw.execute("SELECT current_setting('madoguchi.tenant', true)").fetchone() == ("",)


def test_a_read_answers_every_statement_in_order(databases, tenant_a):
    first, second = databases.web.read(
        Scope(tenant=tenant_a), ("SELECT %s::int", (1,)), ("SELECT current_setting('madoguchi.tenant')", ())
    )
    assert (first, second) == ([(1,)], [(tenant_a,)])


def test_a_failed_read_gives_the_connection_back_usable(databases):
    for _ in range(20):
        with pytest.raises(psycopg.errors.DivisionByZero):
            databases.web.read(Scope(), ("SELECT 1/0", ()))
    assert databases.web.read(Scope(), ("SELECT 7", ())) == [[(7,)]]


def test_keys_of_another_tenant_are_not_seen(databases, key_ring, tenant_a, tenant_b):
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        key_ring.seal(tx, tenant_a, b"x", "t.c:1")
    with databases.worker.transaction(Scope(tenant=tenant_b)) as tx:
        count = tx.raw.execute("SELECT count(*) FROM tenant_key WHERE tenant = %s", (tenant_a,)).fetchone()
        assert count == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), tx.raw.transaction():
            tx.raw.execute(
                "INSERT INTO tenant_key (tenant, key_id, purpose, wrapped, created_at) VALUES (%s, 9, 'x', '', now())",
                (tenant_a,),
            )


@pytest.mark.parametrize("role", ["web", "worker"])
def test_only_the_vault_role_enters_the_vault(databases, role):
    with getattr(databases, role).transaction() as tx:
        assert tx.raw.execute("SELECT has_schema_privilege('vault', 'USAGE')").fetchone() == (False,)


def test_no_role_can_pass_row_level_security(databases):
    with databases.migrator.transaction() as tx:
        rows = tx.raw.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'madoguchi%' AND (rolsuper OR rolbypassrls)"
        ).fetchall()
    assert rows == []


def test_every_tenant_table_forces_row_level_security(databases):
    with databases.migrator.transaction() as tx:
        rows = tx.raw.execute(
            """
            SELECT n.nspname || '.' || c.relname
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
             WHERE n.nspname IN ('madoguchi', 'vault', 'identity') AND c.relkind IN ('r', 'p')
               AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """
        ).fetchall()
    # Accounts and sessions belong to the installation, not to one tenant; they name a tenant but are closed by role.
    assert [name for (name,) in rows if not name.startswith("identity.")] == []


def test_a_job_goes_with_its_transaction(databases, tenant_a):
    def waiting() -> int:
        with databases.worker.transaction() as tx:
            row = tx.raw.execute("SELECT count(*) FROM jobs.procrastinate_jobs").fetchone()
            assert row is not None
            return row[0]

    before = waiting()
    with pytest.raises(RuntimeError), databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        defer(tx, "anything", tenant=tenant_a)
        raise RuntimeError
    assert waiting() == before
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        defer(tx, "anything", tenant=tenant_a)
    assert waiting() == before + 1


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(plain=st.binary(max_size=200), flip=st.integers(min_value=0, max_value=10_000))
def test_a_changed_or_moved_seal_does_not_open(tx, key_ring, plain, flip):
    sealed = key_ring.seal(tx, "992011", plain, "t.c:1")
    assert key_ring.open(tx, "992011", sealed, "t.c:1") == plain
    with pytest.raises(SealBroken):
        key_ring.open(tx, "992011", sealed, "t.c:2")
    at = flip % len(sealed)
    with pytest.raises(SealBroken):
        key_ring.open(tx, "992011", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "t.c:1")


def test_a_key_that_was_rolled_back_is_forgotten(databases, key_ring):
    with pytest.raises(RuntimeError), databases.worker.transaction(Scope(tenant="992011")) as tx:
        key_ring.seal(tx, "992011", b"lost", "t.c:1", purpose="undone")
        key_ring.seal(tx, "992011", b"lost", "t.c:1", purpose="undone")
        raise RuntimeError
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        sealed = key_ring.seal(tx, "992011", b"kept", "t.c:1", purpose="undone")
    key_ring.forget()
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert key_ring.open(tx, "992011", sealed, "t.c:1", purpose="undone") == b"kept"


def test_rotation_keeps_old_values_readable(tx, key_ring):
    old = key_ring.seal(tx, "992011", b"old", "t.c:1", purpose="rotating")
    new_id = key_ring.rotate(tx, "992011", "rotating")
    new = key_ring.seal(tx, "992011", b"new", "t.c:2", purpose="rotating")
    assert key_ring.key_id(new) == new_id > key_ring.key_id(old)
    assert key_ring.open(tx, "992011", old, "t.c:1", purpose="rotating") == b"old"


@pytest.fixture
def two_processes(databases, tmp_path):
    """A ring that runs and another of the same master key that rotates, both with keys; the clock of the first."""
    master, clock = (
        FileMasterKey.create(tmp_path / "master.key"),
        FixedClock(datetime(2026, 11, 22, tzinfo=UTC)),
    )
    running, turning = KeyRing(master, clock), KeyRing(master)
    purpose = f"running-{new_id()}"
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        turning.ensure(tx, "992011", purpose)
    return running, turning, clock, purpose


def test_a_running_process_seals_with_the_key_of_a_rotation_within_a_minute(databases, two_processes):
    running, turning, clock, purpose = two_processes

    def sealed_by() -> int:
        with databases.web.transaction(Scope(tenant="992011")) as tx:
            return running.key_id(running.seal(tx, "992011", b"x", "t.c:1", purpose))

    assert sealed_by() == 1
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert turning.rotate(tx, "992011", purpose) == 2
    clock.advance(seconds=59)
    assert sealed_by() == 1
    clock.advance(seconds=1)
    assert sealed_by() == 2
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        turning.rotate(tx, "992011", purpose)
    clock.advance(days=-1)
    assert sealed_by() == 3, "a clock that was set back does not keep the old key"


def test_a_value_under_a_newer_key_tells_a_running_process_of_it(databases, two_processes):
    running, turning, _, purpose = two_processes
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert running.key_id(running.seal(tx, "992011", b"x", "t.c:1", purpose)) == 1
        turning.rotate(tx, "992011", purpose)
        sealed = turning.seal(tx, "992011", b"new", "t.c:1", purpose)
    with databases.web.transaction(Scope(tenant="992011")) as tx:
        assert running.open(tx, "992011", sealed, "t.c:1", purpose) == b"new"
        assert running.key_id(running.seal(tx, "992011", b"x", "t.c:1", purpose)) == 2


def test_a_scope_that_does_not_show_the_keys_takes_none_away(databases, two_processes):
    running, _, clock, purpose = two_processes
    with databases.web.transaction(Scope(tenant="992011")) as tx:
        sealed = running.seal(tx, "992011", b"mine", "t.c:1", purpose)
    clock.advance(minutes=5)
    with databases.web.transaction(Scope(tenant="992020")) as tx:
        assert running.key_id(running.seal(tx, "992011", b"x", "t.c:1", purpose)) == 1
        assert running.open(tx, "992011", sealed, "t.c:1", purpose) == b"mine"


@pytest.mark.parametrize("code", ["011002", "131016", "312011", "271004", "992011", "992020"])
def test_known_municipal_codes_pass(code):
    assert parse_tenant(code) == code


@pytest.mark.parametrize("code", ["992012", "99201", "9920111", "９９２０１１", "abcdef", ""])
def test_other_codes_are_refused(code):
    with pytest.raises(UnknownTenant):
        parse_tenant(code)


@given(st.from_regex(r"\A[0-9]{5}\Z"))
def test_exactly_one_check_digit_fits(body):
    fitting = [digit for digit in "0123456789" if _passes(body + digit)]
    assert fitting == [check_digit(body)]


def _passes(code: str) -> bool:
    try:
        parse_tenant(code)
    except UnknownTenant:
        return False
    return True
