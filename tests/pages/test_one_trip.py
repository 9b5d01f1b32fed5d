"""The list with a real session: one trip to the database, and never another person's rows by what a process remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from webtest import TestApp

from portal.app import make_app
from portal.identity.policy import cookie_name
from portal.identity.sessions import end, open_session
from portal.settings import Settings
from storage.clock import FixedClock
from storage.database import Database
from storage.encryption import FileMasterKey
from tests.conftest import Databases
from tests.pages import records
from tests.web.people import OTHER_RESIDENT, RESIDENT

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ACCOUNT = UUID(int=77)


class Counting(Database):
    """Counts its reading trips."""

    trips = 0

    def read(self, *args: Any) -> Any:
        """One trip more."""
        self.trips += 1
        return super().read(*args)


@pytest.fixture
def signed_in(databases: Databases, tmp_path: Any) -> Any:
    """The portal with its real sign-in, and a resident's session: (browser, database, session id)."""
    FileMasterKey.create(tmp_path / "keys" / "master.key")
    database = Counting(databases.web.url, "web")
    settings = Settings.from_env({"MADOGUCHI_VAR": str(tmp_path)})
    app = make_app(settings, database=database, clock=FixedClock(NOW))
    with databases.worker.transaction() as tx:
        tx.raw.execute(
            "INSERT INTO identity.account (id, kind, created_at) VALUES (%s, 'resident', %s) ON CONFLICT DO NOTHING",
            (ACCOUNT, NOW),
        )
        opened = open_session(
            tx,
            account=ACCOUNT,
            kind="resident",
            method="card",
            device="試験",
            now=NOW,
            display_name="髙﨑 𠮷子",
        )
    browser = TestApp(app, extra_environ={"HTTP_HOST": "localhost:6543"})
    browser.set_cookie(cookie_name(False), opened.token)
    yield browser, database, opened.session_id
    database.close()


@pytest.fixture(scope="module", autouse=True)
def written(databases: Databases) -> None:
    """Records of two people."""
    records.write(databases.worker, FixedClock(NOW))


def name(databases: Databases, session: UUID, people: tuple[tuple[str, str], ...]) -> None:
    """Let a session name these addressees."""
    with databases.worker.transaction() as tx:
        tx.raw.execute(
            "UPDATE identity.session SET addressees = %s WHERE id = %s",
            ([":".join(one) for one in people], session),
        )


def test_the_list_costs_one_trip_once_the_session_was_seen(databases: Databases, signed_in: Any) -> None:
    browser, database, session = signed_in
    name(databases, session, RESIDENT.addressees[:1])
    first = browser.get("/my/records")
    database.trips = 0
    second = browser.get("/my/records")
    assert database.trips == 1
    assert first.html.main == second.html.main
    assert "25件あります" in second.text


def test_when_the_session_names_somebody_else_nothing_remembered_is_shown(
    databases: Databases, signed_in: Any
) -> None:
    browser, _database, session = signed_in
    name(databases, session, RESIDENT.addressees[:1])
    browser.get("/my/records")
    browser.get("/my/records")
    name(databases, session, OTHER_RESIDENT.addressees)
    page = browser.get("/my/records")
    assert "1件あります" in page.text
    assert str(records.record_id(900)) in page.text
    assert str(records.record_id(0)) not in page.text


def test_an_ended_session_sees_nothing_whatever_was_remembered(databases: Databases, signed_in: Any) -> None:
    browser, _database, session = signed_in
    name(databases, session, RESIDENT.addressees[:1])
    browser.get("/my/records")
    with databases.worker.transaction() as tx:
        assert end(tx, ACCOUNT, session, "ended", NOW)
    assert browser.get("/my/records").status_code == 303
