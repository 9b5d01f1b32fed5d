"""The portal with something in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from storage.clock import FixedClock
from storage.embedded import EmbeddedServer
from storage.encryption import FileMasterKey, KeyRing
from tests.conftest import Databases, cloned
from tests.pages import records
from tests.web.conftest import Counter, open_portal

if TYPE_CHECKING:
    from tests.pages.whole import Whole


@pytest.fixture(scope="session")
def whole(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The portal with something on every page, on a database of its own."""
    from tests.pages.whole import furnished

    ring = KeyRing(FileMasterKey.create(tmp_path_factory.mktemp("keys") / "master.key"))
    with cloned(server) as databases:
        yield furnished(databases, ring, tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def counter(databases: Databases) -> Counter:
    """The portal on this module's database, with records, on 22 November 2026."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    records.write(databases.worker, clock)
    return open_portal(databases, clock)
