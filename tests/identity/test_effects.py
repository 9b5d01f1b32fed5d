"""The job that ties an account to its addressees, with the real register and vault."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from portal.identity.desks import Desks
from portal.identity.effects import AccountEffects
from portal.identity.models import UNBOUND_NAME, Identity
from portal.identity.sessions import identity_from_row, session_statement
from sandbox.pki import Pki
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.identity.desk import Desk, make_desk
from tests.pki.world import SoftCard, card
from workflows.addressees.accounts import AccountBinder
from workflows.addressees.models import NewAddressee
from workflows.addressees.numbers import Number, Regime, parse_individual, synthetic_individual
from workflows.addressees.service import AddresseeRegister

NAME = "葛󠄀城 𠮷子"


class Cs:
    """住基ネット's answers: certificate to number."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Number] = {}
        self.away = False
        self.asked: list[tuple[str, str, str]] = []

    def number_of(self, tenant: str, issuer: str, serial: str) -> Number | None:
        self.asked.append((tenant, issuer, serial))
        if self.away:
            raise ConnectionError
        return self.known.get((tenant, serial))


@pytest.fixture
def register(clock: FixedClock, key_ring: KeyRing) -> AddresseeRegister:
    return AddresseeRegister(clock, key_ring)


@pytest.fixture
def cs() -> Cs:
    return Cs()


@pytest.fixture
def effects(databases: Databases, clock: FixedClock, register: AddresseeRegister, cs: Cs) -> AccountEffects:
    return AccountEffects(databases.worker, AccountBinder(databases.vault, register, cs), clock)


@pytest.fixture
def desk(pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Desk]:
    yield make_desk(pki, databases.web, clock)
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")


def serial(found: SoftCard) -> str:
    return f"{found.certificate.serial_number:08x}"


def enter(databases: Databases, register: AddresseeRegister, tenant: str, digits: str) -> tuple[str, Number]:
    """A person known to an office."""
    number = parse_individual(synthetic_individual(digits), Regime.SYNTHETIC)
    with databases.vault.transaction(Scope(tenant=tenant)) as tx:
        made = register.open(tx, NewAddressee("resident", number, {"name": NAME}), actor="test")
    return made.number, number


def identity(desk: Desk, token: str) -> Identity:
    (row,) = desk.database.read(NOWHERE, session_statement(token, desk.clock.now()))[0]
    return identity_from_row(row)


def test_a_first_login_becomes_a_known_person_in_the_open_session(
    desk: Desk, databases: Databases, register: AddresseeRegister, effects: AccountEffects, cs: Cs, pki: Pki
) -> None:
    found = card(pki.auth)
    home, number = enter(databases, register, "992011", "00000000101")
    other, _ = enter(databases, register, "992020", "00000000101")
    cs.known = {("992011", serial(found)): number, ("992020", serial(found)): number}
    finished = desk.login(found)
    assert not identity(desk, finished.token).bound
    effects.bind_account(finished.account)
    now = identity(desk, finished.token)
    assert now.bound
    assert now.addressees == (("992011", home), ("992020", other))
    issuer = cs.asked[0][1]
    assert (len(issuer), issuer) == (64, issuer.lower())
    # The next login carries it from the start, and starts no job.
    again = identity(desk, desk.login(found).token)
    assert again.addressees == now.addressees


def test_her_name_is_sealed_in_the_session_and_opens_for_her_page(
    desk: Desk, databases: Databases, register: AddresseeRegister, effects: AccountEffects, cs: Cs, pki: Pki,
    key_ring: KeyRing,
) -> None:  # fmt: skip
    found = card(pki.auth)
    _, number = enter(databases, register, "992011", "00000000102")
    cs.known = {("992011", serial(found)): number}
    finished = desk.login(found)
    effects.bind_account(finished.account)
    person = identity(desk, finished.token)
    assert person.profile is not None
    assert NAME.encode() not in person.profile
    assert NAME not in repr(person)
    desks = Desks.__new__(Desks)
    desks._database = databases.web
    desks.__dict__["ring"] = key_ring
    assert desks.open_name(person) == NAME
    assert person.display_name == UNBOUND_NAME


def test_somebody_no_office_knows_may_stay_and_sees_nothing(
    desk: Desk, effects: AccountEffects, pki: Pki
) -> None:
    finished = desk.login(card(pki.auth))
    effects.bind_account(finished.account)
    found = identity(desk, finished.token)
    assert found.bound
    assert found.addressees == ()


def test_when_the_cs_is_away_the_job_comes_again_and_nothing_changes(
    desk: Desk, effects: AccountEffects, cs: Cs, pki: Pki
) -> None:
    finished = desk.login(card(pki.auth))
    cs.away = True
    with pytest.raises(ConnectionError):
        effects.bind_account(finished.account)
    assert not identity(desk, finished.token).bound


def test_a_renewed_card_keeps_the_account(
    desk: Desk, databases: Databases, register: AddresseeRegister, effects: AccountEffects, cs: Cs, pki: Pki
) -> None:
    old, new = card(pki.auth), card(pki.auth)
    home, number = enter(databases, register, "992011", "00000000103")
    cs.known = {("992011", serial(old)): number, ("992011", serial(new)): number}
    first = desk.login(old)
    effects.bind_account(first.account)
    desk.clock.advance(days=1)
    desk.asker.now = desk.clock.now()
    second = desk.login(new)
    assert second.account != first.account
    assert effects.bind_account(second.account) == first.account
    now = identity(desk, second.token)
    assert (now.account_id, now.addressees) == (first.account, (("992011", home),))
    assert desk.login(new).account == first.account
    # Doing it again, as a job that is run twice would, changes nothing.
    assert effects.bind_account(first.account) == first.account
    assert desk.login(old).account == first.account


def test_another_persons_card_never_joins(
    desk: Desk, databases: Databases, register: AddresseeRegister, effects: AccountEffects, cs: Cs, pki: Pki
) -> None:
    one, two = card(pki.auth), card(pki.auth)
    _, first_number = enter(databases, register, "992011", "00000000104")
    _, second_number = enter(databases, register, "992011", "00000000105")
    cs.known = {("992011", serial(one)): first_number, ("992011", serial(two)): second_number}
    first, second = desk.login(one), desk.login(two)
    for account in (first.account, second.account):
        assert effects.bind_account(account) == account
    assert identity(desk, first.token).addressees != identity(desk, second.token).addressees


def test_the_job_is_known_to_the_worker_under_its_name(effects: AccountEffects) -> None:
    app = App(connector=InMemoryConnector())
    effects.register(app)
    assert "identity.bind_account" in app.tasks


def test_an_account_without_a_card_is_left_alone(effects: AccountEffects) -> None:
    assert effects.bind_account(UUID(int=5)) == UUID(int=5)
