"""Authorities for the tests of this folder, and the whole front for those that need a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.identity.passkeys import PasskeyDesk
from portal.identity.staff import StaffRegister
from sandbox.pki import Pki, provision
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.identity.front import Front, Servers
from tests.identity.office import ORIGIN, Office
from tests.identity.web import Portal, anew, make_portal
from tests.pki.world import NOW


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Authorities with the three generations, in a folder of their own."""
    return provision(tmp_path_factory.mktemp("pki"), NOW)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a running installation."""
    return tmp_path_factory.mktemp("front")


@pytest.fixture(scope="module")
def own(var: Path) -> Pki:
    """Authorities of the running installation, which lives by the machine's clock."""
    return provision(var, datetime.now(UTC))


@pytest.fixture(scope="module")
def front(var: Path, own: Pki, databases: Databases) -> Iterator[Front]:
    """OCSP, portal and nginx, running."""
    servers = Servers(var, own, databases)
    yield servers.front
    servers.stop()


@pytest.fixture(scope="module")
def application(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """One for the tests of a module, which ask for ``portal``."""
    return make_portal(databases, tmp_path_factory.mktemp("portal"))


@pytest.fixture
def portal(application: Portal, pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Portal]:
    """The portal, by the test's clock."""
    yield from anew(application, pki, databases, clock)


@pytest.fixture
def office(databases: Databases, clock: FixedClock) -> Iterator[Office]:
    """Register and desk of keys, with no failure counted afterwards."""
    yield Office(
        PasskeyDesk(databases.web, clock, ORIGIN), StaffRegister(databases.worker, clock), clock, databases
    )
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")
