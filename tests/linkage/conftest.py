"""The link's world: stand-ins over sockets, two furnished municipalities; once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storage.embedded import EmbeddedServer
from storage.encryption import KeyRing
from tests.linkage.house import House, StandIns


@pytest.fixture(scope="module")
def stand_ins(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """Core, hub, 住基ネット CS and tax system, each its own process, on a database of their own."""
    var: Path = tmp_path_factory.mktemp("country")
    name = f"sandbox_{var.name.replace('-', '_')}"
    world = StandIns(var, server.admin_url(name))
    world.start()
    yield world
    world.stop()
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def house(databases, stand_ins: StandIns, key_ring: KeyRing) -> Iterator[House]:
    """Both municipalities with residents, link codes and copies."""
    built = House.build(databases, stand_ins, key_ring)
    built.furnish()
    yield built
    built.close()
