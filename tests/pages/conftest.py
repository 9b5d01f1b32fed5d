"""The portal with something in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.app import make_app
from portal.settings import Settings
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.pages import records
from tests.web.conftest import TEST_PARTS, Counter


@pytest.fixture(scope="module")
def counter(databases: Databases) -> Counter:
    """The portal on this module's database, with records, on 22 November 2026."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    records.write(databases.worker, clock)
    return Counter(make_app(Settings.from_env({}), database=databases.web, clock=clock, parts=TEST_PARTS))
