"""The usual ending of a login, for somebody the register knows already: one statement, and all the conditions of the longer one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from portal.identity.service import BIND_TASK
from portal.identity.sessions import end, identity_from_row, session_statement
from sandbox.pki import Pki
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from tests.conftest import Databases
from tests.identity.desk import HOME, Desk, make_desk
from tests.pki.world import SoftCard, card


@pytest.fixture
def desk(pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Desk]:
    yield make_desk(pki, databases.web, clock)
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")


@pytest.fixture
def good(pki: Pki) -> SoftCard:
    return card(pki.auth)


@pytest.fixture
def known(desk: Desk, good: SoftCard, databases: Databases) -> UUID:
    """The account of somebody about whom the register answered a moment ago."""
    account = desk.login(good).account
    with databases.worker.transaction() as tx:
        tx.raw.execute("UPDATE identity.account SET bound_at = %s WHERE id = %s", (desk.clock.now(), account))
    return account


def asked(databases: Databases) -> int:
    """How often the register was to be asked."""
    counted = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = %s"
    ((row,),) = databases.worker.read(NOWHERE, (counted, (BIND_TASK,)))
    return int(row[0])


def test_she_comes_in_and_the_register_is_not_asked_again_that_day(
    desk: Desk, good: SoftCard, known: UUID, databases: Databases
) -> None:
    before = asked(databases)
    finished = desk.login(good)
    assert finished.account == known
    ((row,),) = [desk.database.read(NOWHERE, session_statement(finished.token, desk.clock.now()))[0]]
    identity = identity_from_row(row)
    assert (identity.kind, identity.account_id, identity.bound) == ("resident", known, True)
    assert asked(databases) == before
    desk.clock.advance(hours=25)
    desk.asker.now = desk.clock.now()
    assert desk.login(good).account == known
    assert asked(databases) == before + 1


def test_her_accepted_challenge_left_lying_does_not_open(desk: Desk, good: SoftCard, known: UUID) -> None:
    started = desk.start()
    desk.answer(started, good)
    desk.clock.advance(seconds=61)
    assert desk.desk.finish(started.entry) is None


def test_her_challenge_opens_one_session_only(desk: Desk, good: SoftCard, known: UUID) -> None:
    started = desk.start()
    desk.answer(started, good)
    assert desk.desk.finish(desk.start().entry) is None
    assert desk.desk.finish(started.entry)
    assert desk.desk.finish(started.entry) is None


def test_over_the_card_host_only_the_browser_that_brings_the_token_back_comes_in(
    desk: Desk, good: SoftCard, known: UUID
) -> None:
    """Else whoever led her to the card host with a challenge of his own would be let in with her card."""
    started = desk.start(method="tls")
    token = desk.desk.answer_tls(started.code, good.der, HOME)
    assert desk.desk.finish(started.entry) is None
    assert desk.desk.finish(started.entry, "guess") is None
    finished = desk.desk.finish(started.entry, token)
    assert finished
    assert finished.account == known


def test_an_answer_that_was_refused_opens_nothing(desk: Desk, good: SoftCard, known: UUID) -> None:
    started = desk.start()
    desk.asker.fault = "stale"
    with pytest.raises(Exception, match="status_stale"):
        desk.answer(started, good)
    assert desk.desk.finish(started.entry) is None


def test_a_session_that_ended_meanwhile_is_not_brought_back_by_her_card(
    desk: Desk, good: SoftCard, known: UUID
) -> None:
    finished = desk.login(good)
    ((row,),) = [desk.database.read(NOWHERE, session_statement(finished.token, desk.clock.now()))[0]]
    present = identity_from_row(row)
    assert present.session_id
    started = desk.start(account=known, session=present.session_id)
    desk.answer(started, good)
    with desk.database.transaction(Scope(account=known)) as tx:
        assert end(tx, known, present.session_id, "logout", desk.clock.now())
    assert desk.desk.finish(started.entry) is None
    assert desk.database.read(NOWHERE, session_statement(finished.token, desk.clock.now())) == [[]]
