"""How long a session lives, what its row lets a page see, and how it ends."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from portal.identity import sessions
from portal.identity.models import Identity
from portal.identity.secrets import digest
from storage.clock import FixedClock
from storage.database import NOWHERE
from storage.ids import new_id
from tests.conftest import Databases


@pytest.fixture
def account(databases: Databases, clock: FixedClock) -> UUID:
    made = new_id()
    with databases.worker.transaction() as tx:
        tx.raw.execute(
            "INSERT INTO identity.account (id, kind, created_at) VALUES (%s, 'staff', %s)",
            (made, clock.now()),
        )
    return made


def open_one(databases: Databases, account: UUID, clock: FixedClock, kind: str = "staff") -> str:
    with databases.web.transaction() as tx:
        return sessions.open_session(
            tx, account=account, kind=kind, method="passkey", device="Mac・Safari", now=clock.now(),
            tenant="992011" if kind == "staff" else None, office="992011-01", roles=("caseworker",), display_name="見本 太郎",
        ).token  # fmt: skip


def look(databases: Databases, token: str, clock: FixedClock) -> Identity | None:
    rows = databases.web.read(NOWHERE, sessions.session_statement(token, clock.now()))[0]
    return sessions.identity_from_row(rows[0]) if rows else None


@pytest.mark.parametrize(("minutes", "seconds", "alive"), [(14, 59, True), (15, 0, False), (15, 1, False)])
def test_a_session_left_alone_ends_after_fifteen_minutes(
    databases: Databases, account: UUID, clock: FixedClock, minutes: int, seconds: int, alive: bool
) -> None:
    token = open_one(databases, account, clock)
    clock.advance(minutes=minutes, seconds=seconds)
    assert (look(databases, token, clock) is not None) is alive


def test_a_session_in_use_lives_on_but_never_beyond_twelve_hours(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    token = open_one(databases, account, clock)
    lived = 0
    for _ in range(12 * 6 + 3):
        clock.advance(minutes=10)
        identity = look(databases, token, clock)
        if identity is None:
            break
        lived += 10
        touch = sessions.touch_statement(identity, clock.now())
        assert touch
        databases.web.read(NOWHERE, touch)
    assert lived == 12 * 60 - 10


def test_reading_does_not_write_while_the_last_touch_is_recent(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    identity = look(databases, open_one(databases, account, clock), clock)
    assert identity
    clock.advance(seconds=29)
    assert sessions.touch_statement(identity, clock.now()) is None
    clock.advance(seconds=1)
    assert sessions.touch_statement(identity, clock.now())


def test_the_pages_own_statement_stands_in_the_sessions_scope_in_the_same_trip(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    token = open_one(databases, account, clock)
    names = ("madoguchi.tenant", "madoguchi.addressees", "madoguchi.account")
    settings = "SELECT current_setting(%s), current_setting(%s), current_setting(%s)", names
    _, found = databases.web.read(NOWHERE, sessions.session_statement(token, clock.now()), settings)
    assert found == [("992011", "", str(account))]
    _, nobody = databases.web.read(NOWHERE, sessions.session_statement("guess", clock.now()), settings)
    assert nobody == [("", "", "")]
    _, after = databases.web.read(NOWHERE, ("SELECT 1", ()), settings)
    assert after == [("", "", "")]


def test_a_resident_stands_in_the_scope_of_her_addressees_and_of_no_tenant(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    token = open_one(databases, account, clock, kind="resident")
    pairs = ["992011:900000000000001", "992020:900000000000002"]
    with databases.worker.transaction() as tx:
        tx.raw.execute("UPDATE identity.session SET addressees = %s, tenant = '992011'", (pairs,))
    settings = "SELECT current_setting('madoguchi.tenant'), current_setting('madoguchi.addressees')", ()
    rows, found = databases.web.read(NOWHERE, sessions.session_statement(token, clock.now()), settings)
    assert found == [("", ",".join(pairs))]
    identity = sessions.identity_from_row(rows[0])
    assert identity.addressees == (("992011", "900000000000001"), ("992020", "900000000000002"))


def test_an_ended_session_is_dead_and_its_secret_gone(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    token = open_one(databases, account, clock)
    identity = look(databases, token, clock)
    assert identity
    assert identity.session_id
    with databases.web.transaction() as tx:
        assert sessions.end(tx, account, identity.session_id, "logout", clock.now())
        assert not sessions.end(tx, account, identity.session_id, "logout", clock.now())
    assert look(databases, token, clock) is None
    kept = "SELECT 1 FROM identity.session WHERE token_hash = %s"
    assert databases.worker.read(NOWHERE, (kept, (digest(token),))) == [[]]


def test_nobody_ends_anothers_session(databases: Databases, account: UUID, clock: FixedClock) -> None:
    identity = look(databases, open_one(databases, account, clock), clock)
    assert identity
    assert identity.session_id
    with databases.web.transaction() as tx:
        assert not sessions.end(tx, new_id(), identity.session_id, "ended", clock.now())


def test_the_list_shows_open_sessions_and_marks_the_present_one(
    databases: Databases, account: UUID, clock: FixedClock
) -> None:
    open_one(databases, account, clock)
    clock.advance(minutes=1)
    token = open_one(databases, account, clock)
    identity = look(databases, token, clock)
    assert identity
    rows = databases.web.read(NOWHERE, sessions.open_sessions_statement(identity, clock.now()))[0]
    lines = sessions.session_lines(rows, identity)
    assert [line.current for line in lines] == [True, False]
    assert {line.device for line in lines} == {"Mac・Safari"}
    with databases.web.transaction() as tx:
        assert sessions.end_all(tx, account, "ended-others", clock.now(), keep=identity.session_id) == 1
    history = databases.web.read(NOWHERE, sessions.operations_statement(identity))[0]
    assert [line.event for line in sessions.operation_lines(history)] == ["ended-others", "login", "login"]


@pytest.mark.parametrize(
    "statement", ["UPDATE identity.operation SET event = 'x'", "DELETE FROM identity.operation"]
)
def test_the_history_can_only_grow(
    databases: Databases, account: UUID, clock: FixedClock, statement: str
) -> None:
    open_one(databases, account, clock)
    with pytest.raises(psycopg.Error), databases.migrator.transaction() as tx:
        tx.raw.execute(statement)


@pytest.mark.parametrize("table", ["session", "account", "card_key", "passkey", "challenge"])
def test_the_web_role_deletes_nothing(databases: Databases, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), databases.web.transaction() as tx:
        tx.raw.execute(f"DELETE FROM identity.{table}")


def test_the_web_role_cannot_make_staff(databases: Databases, account: UUID, clock: FixedClock) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), databases.web.transaction() as tx:
        tx.raw.execute(
            "INSERT INTO identity.staff VALUES ('992011', %s, '992011-01', '{caseworker}', 'x', now(), NULL)",
            (account,),
        )


def test_what_is_over_is_swept(databases: Databases, clock: FixedClock) -> None:
    clock.advance(days=3)
    assert sessions.sweep(databases.worker, clock.now()) >= 0
    assert sessions.sweep(databases.worker, clock.now()) == 0
