"""What every test may ask for: a real PostgreSQL with the migrated schema, cloned for each test module."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey, KeyRing
from storage.migrations.run import migrate

TEMPLATE = "template_madoguchi"


@dataclass(frozen=True)
class Databases:
    """One fresh database, seen by each role, and its server's owner."""

    name: str
    admin_url: str
    web: Database
    worker: Database
    vault: Database
    migrator: Database

    def url(self, role: str) -> str:
        """The address of this database for a role."""
        return self.admin_url.replace("postgres:@", f"madoguchi_{role}:@", 1)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL server of this test process, with a migrated template database and two tenants."""
    folder = Path(tempfile.mkdtemp(prefix=f"madoguchi-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"))
    found = EmbeddedServer(folder)
    create_roles(found.admin_url())
    create_database(found.admin_url(), TEMPLATE)
    migrate(found.url(TEMPLATE, "migrator"))
    with psycopg.connect(found.admin_url(TEMPLATE)) as connection:
        connection.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES"
            " ('992011', '甲野市', 'Kono City', 'こうのし'), ('992020', '乙川市', 'Otsukawa City', 'おつかわし')"
        )
    yield found
    found.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def databases(server: EmbeddedServer) -> Iterator[Databases]:
    """A fresh clone of the template for this test module."""
    name = f"test_{uuid4().hex}"
    create_database(server.admin_url(), name, template=TEMPLATE)
    opened = {
        role: Database(server.url(name, role), role)  # type: ignore[arg-type]
        for role in ("web", "worker", "vault", "migrator")
    }
    yield Databases(name, server.admin_url(name), **opened)
    for database in opened.values():
        database.close()
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def clock() -> FixedClock:
    """Sunday 2026-11-22, ten in the morning in Japan."""
    return FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def tenant_a() -> str:
    """甲野市, which asks."""
    return "992011"


@pytest.fixture(scope="session")
def tenant_b() -> str:
    """乙川市, which holds."""
    return "992020"


@pytest.fixture
def tx(databases: Databases, tenant_a: str) -> Iterator[Transaction]:
    """A worker's transaction in 甲野市 that is rolled back."""

    class _Undo(Exception):
        pass

    try:
        with databases.worker.transaction(Scope(tenant=tenant_a)) as transaction:
            yield transaction
            raise _Undo
    except _Undo:
        pass


@pytest.fixture(scope="session")
def key_ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A ring with a fresh master key."""
    return KeyRing(FileMasterKey.create(tmp_path_factory.mktemp("keys") / "master.key"))
