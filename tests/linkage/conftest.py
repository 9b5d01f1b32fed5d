"""The link's world: stand-ins over sockets, two furnished municipalities; once for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from storage.embedded import EmbeddedServer
from storage.encryption import FileMasterKey, KeyRing
from tests.conftest import Databases, cloned
from tests.linkage.house import KONO, OTSUKAWA, House, StandIns


@pytest.fixture(scope="session")
def stand_ins(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """Core, hub, 住基ネット CS and tax system, each its own process, on a database of their own."""
    var: Path = tmp_path_factory.mktemp("country")
    name = f"sandbox_{uuid4().hex}"
    world = StandIns(var, server.admin_url(name), timing={"lease": 3})
    world.start()
    yield world
    world.stop()
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def link_databases(server: EmbeddedServer) -> Iterator[Databases]:
    """One database of the product for all tests of this room."""
    with cloned(server) as found:
        yield found


@pytest.fixture(scope="session")
def master_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The master key's file, for worker processes of their own."""
    path: Path = tmp_path_factory.mktemp("keys") / "master.key"
    FileMasterKey.create(path)
    return path


@pytest.fixture(scope="session")
def furnished(link_databases: Databases, stand_ins: StandIns, master_key_file: Path) -> Iterator[House]:
    """Both municipalities with residents, link codes and copies."""
    built = House.build(link_databases, stand_ins, KeyRing(FileMasterKey(master_key_file)))
    built.furnish()
    yield built
    built.close()


@pytest.fixture
def house(furnished: House) -> Iterator[House]:
    """The furnished house; after the test the country is well again, nothing is frozen and nothing is on its way."""
    yield furnished
    furnished.stand_ins.heal()
    for tenant in (KONO, OTSUKAWA):
        with furnished.tx(tenant) as tx:
            tx.raw.execute(
                "UPDATE madoguchi.linkage_freeze SET released_by = 'test', released_at = now() WHERE released_at IS NULL"
            )
    furnished.runtime.pump.reset()
    furnished.settle()
