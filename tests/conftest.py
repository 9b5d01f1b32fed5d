"""What every test may ask for: a real PostgreSQL with the migrated schema, cloned for each test module."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey, KeyRing
from storage.migrations.run import migrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TEMPLATE = "template_madoguchi"
# How long one example takes says how busy the machine is, not whether the code is right.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the suite by rooms (``bin/test``)."""
    from tests.sharing import Rooms

    return Rooms(config, log) if config.getoption("dist") == "loadscope" else None


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
    _trust_the_machine(found.admin_url())
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


def _trust_the_machine(admin_url: str) -> None:
    """No waiting for the disk: these data need not outlive a power cut, and processes that are killed lose nothing by it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def cloned(server: EmbeddedServer) -> Iterator[Databases]:
    """A fresh clone of the template, dropped at the end."""
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


@pytest.fixture(scope="module")
def databases(server: EmbeddedServer) -> Iterator[Databases]:
    """A database of this test module's own."""
    with cloned(server) as found:
        yield found


@pytest.fixture
def alone(server: EmbeddedServer) -> Iterator[Databases]:
    """A database of this test's own: for one that looks at all there is, or leaves what others would see."""
    with cloned(server) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for this module; one for all of them would leave its event loop running under the others' tests."""
    from tests.browser import launched

    with launched() as browser:
        yield browser


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


@pytest.fixture(scope="module")
def key_ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A ring with a fresh master key. It remembers the keys of a database, so it lives no longer than one."""
    return KeyRing(FileMasterKey.create(tmp_path_factory.mktemp("keys") / "master.key"))
