"""What the clock cannot pull: which failures end the round of a tenant, and how long a case rests that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from storage.clock import FixedClock
from storage.database import Database, Patience, Scope, Transaction
from tests.conftest import Databases
from tests.engine.conftest import DEFINITIONS, outbox
from tests.engine.helpers import CLERK, command
from workflows.engine import Applied, Engine, Registry

SCOPE = Scope(tenant="992011")
# What an effect does that its transaction does not outlive, and how long that may last in all.
ENDS = {
    "the connection is ended": ("SELECT pg_terminate_backend(pg_backend_pid())", 3600.0),
    "the transaction takes too long": ("SELECT pg_sleep(30)", 1.0),
}


def made(clock: FixedClock, ends: list[str] | None = None) -> Engine:
    """An engine with the kind that only waits; its effect does what ``ends`` says instead, once there is something in it."""

    def effect(tx: Transaction, applied: Sequence[Applied]) -> None:
        for sql in ends or ():
            tx.raw.execute(sql)
        outbox(tx, applied)

    registry = Registry()
    registry.load(DEFINITIONS / "terms" / "workflow.yaml").write_effect("outbox")(effect)
    return Engine(registry, clock)


def due(engine: Engine, tx: Transaction, clock: FixedClock, many: int) -> list[UUID]:
    """Cases whose term is over."""
    cases = []
    for _ in range(many):
        opened = engine.open(tx, "terms", actor=CLERK, purpose="受付", request_key=f"{uuid4()}")
        engine.apply(tx, command(opened.case_id, "near"))
        cases.append(opened.case_id)
        clock.advance(seconds=1)
    clock.advance(days=4)
    return cases


@contextmanager
def held(databases: Databases, case_id: UUID) -> Iterator[None]:
    """Somebody else is writing the row that the next step of this case is to write."""
    with psycopg.connect(databases.admin_url) as other:
        other.execute("INSERT INTO madoguchi.sample_outbox VALUES (%s, 3)", (case_id,))
        yield
        other.rollback()


def drained(engine: Engine, tx: Transaction) -> list[UUID]:
    """Everything that can be pulled now."""
    fired: list[UUID] = []
    while batch := engine.fire_due_deadlines(tx):
        fired += [one.case_id for one in batch if isinstance(one, Applied)]
    return fired


@pytest.mark.parametrize(
    ("patience", "cause"), [("statement_timeout", "QueryCanceled"), ("lock_timeout", "LockNotAvailable")]
)
def test_a_step_that_takes_too_long_keeps_no_other_term_from_running_out(
    sample_tables: Databases, tx: Transaction, clock: FixedClock, patience: str, cause: str
) -> None:
    engine = made(clock)
    first, *others = due(engine, tx, clock, 3)
    tx.raw.execute("SELECT set_config(%s, '300', true)", (patience,))
    with held(sample_tables, first), capture_logs() as lines:
        assert sorted(drained(engine, tx)) == sorted(others)
    assert [(line["event"], line["case_id"], line["cause"]) for line in lines] == [
        ("engine.deadline_failed", str(first), cause)
    ]
    clock.advance(minutes=1)
    assert drained(engine, tx) == [first]
    assert engine.verify(tx) is None


@pytest.mark.parametrize("how", ENDS)
def test_with_its_transaction_the_round_is_over_and_no_case_is_blamed(
    alone: Databases, clock: FixedClock, how: str
) -> None:
    with alone.migrator.transaction() as tx:
        tx.raw.execute("CREATE TABLE madoguchi.sample_outbox (case_id uuid, seq int)")
        tx.raw.execute("GRANT ALL ON madoguchi.sample_outbox TO madoguchi_worker")
    ends: list[str] = []
    engine = made(clock, ends)
    with alone.worker.transaction(SCOPE) as tx:
        cases = due(engine, tx, clock, 2)
    during, whole = ENDS[how]
    ends.append(during)
    database = Database(alone.url("worker"), "worker", patience=Patience(idle=900, whole=whole))
    with (
        capture_logs() as lines,
        pytest.raises((psycopg.errors.AdminShutdown, psycopg.errors.TransactionTimeout)),
        database.transaction(SCOPE) as tx,
    ):
        engine.fire_due_deadlines(tx)
    assert lines == []
    database.close()
    ends.clear()
    with alone.worker.transaction(SCOPE) as tx:
        assert sorted(drained(engine, tx)) == sorted(cases)
        assert engine.verify(tx) is None


def test_a_case_that_failed_rests_longer_each_time_and_is_told_once_each_time(
    sample_tables: Databases, tx: Transaction, clock: FixedClock
) -> None:
    engine = made(clock)
    (stuck,) = due(engine, tx, clock, 1)
    tx.raw.execute("INSERT INTO sample_outbox VALUES (%s, 3)", (stuck,))
    tried = []
    with capture_logs() as lines:
        for half_minute in range(8 * 60):
            told = len(lines)
            for _ in range(3):
                assert engine.fire_due_deadlines(tx) == []
            tried += [half_minute / 2] * (len(lines) - told)
            clock.advance(seconds=30)
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    # Whoever begins anew begins with it, and a clock that was set back lets nobody rest.
    tx.raw.execute("DELETE FROM sample_outbox WHERE seq = 3")
    assert drained(engine, tx) == []
    clock.advance(hours=-5)
    assert drained(engine, tx) == [stuck]


def test_another_process_finds_out_for_itself(
    sample_tables: Databases, tx: Transaction, clock: FixedClock
) -> None:
    engine = made(clock)
    (stuck,) = due(engine, tx, clock, 1)
    tx.raw.execute("INSERT INTO sample_outbox VALUES (%s, 3)", (stuck,))
    assert drained(engine, tx) == []
    tx.raw.execute("DELETE FROM sample_outbox WHERE seq = 3")
    assert drained(engine, tx) == []
    assert drained(made(clock), tx) == [stuck]
