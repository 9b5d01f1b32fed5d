"""A portal for the tests of pages: real templates, real database, the person at the counter chosen by the test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from webtest import TestApp

from portal.app import PARTS, make_app
from portal.settings import Settings
from storage.clock import FixedClock
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.web.people import ENVIRON_KEY, Person

TEST_PARTS = tuple("tests.web.people" if part == "portal.identity" else part for part in PARTS)


class Counter:
    """The portal with somebody standing at it.

    :param app: the WSGI application.
    """

    def __init__(self, app: object) -> None:
        self.app = app

    def of(self, person: Person | None, **headers: str) -> TestApp:
        """A browser of this person."""
        environ = {ENVIRON_KEY: person, "HTTP_HOST": "localhost:6543"}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return TestApp(self.app, extra_environ=environ)


def open_portal(
    databases: Databases, clock: FixedClock, folder: Path | None = None, ring: KeyRing | None = None
) -> Counter:
    """The portal on a database.

    :param folder: where it keeps files; none is made for pages that keep none. :param ring: the keys of its offices.
    """
    settings = Settings.from_env({"MADOGUCHI_VAR": str(folder or Path("/nonexistent"))})
    app = make_app(settings, database=databases.web, clock=clock, parts=TEST_PARTS)
    if ring is not None:
        app.registry["keys"] = ring
    return Counter(app)


@pytest.fixture(scope="module")
def counter(databases: Databases) -> Counter:
    """The portal on this module's database, on 22 November 2026."""
    return open_portal(databases, FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC)))
