"""An office at noon with its people and keys, for the tests of pages of this room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.clock import FixedClock
from storage.embedded import EmbeddedServer
from storage.encryption import FileMasterKey, KeyRing
from tests.assessments.bureau import Bureau, keep_body, staffed
from tests.assessments.writing import Writing, writings
from tests.conftest import Databases, cloned
from tests.pages import office
from tests.web.conftest import Counter, open_portal


@pytest.fixture(scope="module")
def time() -> FixedClock:
    """Noon in Japan on 22 November 2026, for the whole module."""
    return FixedClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


@pytest.fixture
def now(time: FixedClock) -> Iterator[FixedClock]:
    """The clock, set back after the test."""
    before = time.now()
    yield time
    time.set(before)


@pytest.fixture(scope="module")
def counter(
    databases: Databases, time: FixedClock, key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Counter:
    """The portal of an office with its people."""
    office.furnish(databases.worker, time, key_ring)
    return open_portal(databases, time, tmp_path_factory.mktemp("var"), key_ring)


@pytest.fixture(scope="module")
def making(databases: Databases, key_ring: KeyRing) -> Iterator[Writing]:
    """Statements of an office, made when they are asked for."""
    return writings(databases, key_ring)


@pytest.fixture
def writing(making: Iterator[Writing]) -> Writing:
    """A statement of its own for each test."""
    return next(making)


@pytest.fixture(scope="module")
def bureau(databases: Databases, key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """The pages of an office that knows its body and has no statement yet."""
    found = staffed(databases, key_ring, tmp_path_factory.mktemp("var"))
    found.work(keep_body)
    return found


@pytest.fixture
def empty_bureau(server: EmbeddedServer, tmp_path: Path) -> Iterator[Bureau]:
    """An office that has not begun, for a test that counts or begins."""
    with cloned(server) as databases:
        yield staffed(databases, KeyRing(FileMasterKey.create(tmp_path / "master.key")), tmp_path)
