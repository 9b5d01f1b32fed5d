"""Applications at the counter, on a real database without the link."""

from __future__ import annotations

import secrets
from datetime import date

import pytest

from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from workflows.addressees.models import NewAddressee
from workflows.addressees.service import AddresseeRegister
from workflows.engine import Actor, CaseNotFound, Command, Engine, Refused, Registry
from workflows.law.loader import shipped
from workflows.linkage.offices import Offices, Organisation
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import register_kinds
from workflows.procedures.machine import register
from workflows.procedures.service import ApplicationRefused, ApplicationService, fiscal_year
from workflows.provision_records.writer import RecordWriter

KONO = "992011"
CLERK = Actor(kind="staff", id="staff:clerk", roles=frozenset({"clerk"}), office="子育て支援課")


@pytest.fixture(scope="module")
def engine(key_ring: KeyRing) -> Engine:
    from datetime import UTC, datetime

    clock, law = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC)), shipped()
    offices = Offices([Organisation("992011-01", KONO, "甲野市長")])
    parts = LinkParts(clock, key_ring, law, offices, RecordWriter(clock, law, secrets.token_bytes))
    registry = Registry()
    register_kinds(registry, parts)
    register(registry)
    return Engine(registry, clock)


@pytest.fixture
def applications(engine: Engine, clock: FixedClock) -> ApplicationService:
    return ApplicationService(clock, shipped(), engine)


@pytest.fixture(scope="module")
def addressee(databases, key_ring: KeyRing) -> str:
    from storage.clock import SystemClock

    new = NewAddressee("resident", None, {"name": "見本 花子"}, business=(("juki", "1001"),))
    with databases.vault.transaction(Scope(tenant=KONO)) as tx:
        return AddresseeRegister(SystemClock(), key_ring).open(tx, new, actor="staff:1").number


def opened(databases, applications, addressee, key):
    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        return applications.open(tx, CLERK, addressee, "child-allowance", key)


def test_an_application_gets_a_receipt_number_of_its_fiscal_year_and_the_same_key_the_same_one(
    databases, applications, addressee
):
    first = opened(databases, applications, addressee, "key-1")
    again = opened(databases, applications, addressee, "key-1")
    second = opened(databases, applications, "1001", "key-2")
    assert first.receipt_no.startswith("R08-")
    assert again == first
    assert second.addressee == addressee
    assert int(second.receipt_no[4:]) == int(first.receipt_no[4:]) + 1
    assert (first.case.state, first.office) == ("received", "子育て支援課")


@pytest.mark.parametrize(
    ("who", "affair", "code"),
    [("000000000000000", "child-allowance", "UNKNOWN_ADDRESSEE"), (None, "fishing", "UNKNOWN_AFFAIR")],
)
def test_an_unknown_person_or_affair_opens_nothing(databases, applications, addressee, who, affair, code):
    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        before = len(applications.list(tx, CLERK))
        with pytest.raises(ApplicationRefused) as refused:
            applications.open(tx, CLERK, who or addressee, affair, "key-x")
        assert refused.value.code == code
        assert "受け付けていません" in str(refused.value)
        assert len(applications.list(tx, CLERK)) == before


def test_the_list_is_newest_first_and_pages_by_case(databases, applications, addressee):
    made = [opened(databases, applications, addressee, f"page-{n}").case.id for n in range(3)]
    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        first = applications.list(tx, CLERK, limit=2)
        rest = applications.list(tx, CLERK, after=first[-1].case_id, limit=2)
    assert [row.case_id for row in (*first, rest[0])] == made[::-1]


def test_who_may_open_and_withdraw(databases, applications, engine, addressee):
    stranger = Actor(kind="staff", id="staff:x", roles=frozenset({"operator"}))
    with databases.web.transaction(Scope(tenant=KONO)) as tx, pytest.raises(Refused):
        applications.open(tx, stranger, addressee, "child-allowance", "key-stranger")
    application = opened(databases, applications, addressee, "key-withdraw")
    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        engine.apply(tx, Command(application.case.id, "withdraw", CLERK, "取下げ", "withdraw-1"))
        assert applications.view(tx, application.case.id, CLERK).case.state == "withdrawn"
        with pytest.raises(CaseNotFound):
            applications.view(tx, application.case.id, stranger)


def test_a_resident_sees_her_own_application_and_no_other(databases, applications, addressee):
    application = opened(databases, applications, addressee, "key-mine")
    query = "SELECT count(*) FROM madoguchi.application WHERE case_id = %s"
    for who, expected in ((addressee, 1), ("000000000000026", 0)):
        with databases.web.transaction(Scope(addressees=((KONO, who),))) as tx:
            assert tx.raw.execute(query, (application.case.id,)).fetchone() == (expected,)
    with databases.web.transaction(Scope(tenant="992020")) as tx:
        assert tx.raw.execute(query, (application.case.id,)).fetchone() == (0,)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 3, 31), 2025), (date(2026, 4, 1), 2026), (date(2026, 12, 31), 2026)]
)
def test_the_fiscal_year_turns_in_april(day, year):
    assert fiscal_year(day) == year
