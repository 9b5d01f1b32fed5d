"""An office whose machines are read once for all tests: reading them takes longer than most tests do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.clock import FixedClock
from tests.privacy_assessment.world import Office

BEGINNING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def standing_office() -> Office:
    """The office between tests; a test asks for ``office``."""
    return Office(FixedClock(BEGINNING))


@pytest.fixture
def clock(standing_office: Office) -> FixedClock:
    """The office's clock, put back to 22 November 2026, ten in the morning."""
    standing_office.clock.set(BEGINNING)
    return standing_office.clock


@pytest.fixture
def office(standing_office: Office, clock: FixedClock) -> Office:
    """The office, at the beginning of its day."""
    return standing_office
