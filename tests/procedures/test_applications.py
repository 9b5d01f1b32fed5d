"""Applications at the counter, on a real database without the link."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic, sleep

import psycopg
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
from workflows.procedures.service import ApplicationRefused, ApplicationService
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


def count(tx):
    return tx.raw.execute("SELECT count(*) FROM madoguchi.application").fetchone()[0]


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
        before = count(tx)
        with pytest.raises(ApplicationRefused) as refused:
            applications.open(tx, CLERK, who or addressee, affair, "key-x")
        assert refused.value.code == code
        assert "受け付けていません" in str(refused.value)
        assert count(tx) == before


def test_a_form_sent_again_for_somebody_else_does_not_show_the_first_persons_application(
    databases, applications, addressee, key_ring
):
    from storage.clock import SystemClock

    with databases.vault.transaction(Scope(tenant=KONO)) as tx:
        other = AddresseeRegister(SystemClock(), key_ring).open(
            tx, NewAddressee("resident", None, {"name": "見本 次郎"}), actor="staff:1"
        )
    mine = opened(databases, applications, addressee, "key-form")
    colleague = replace(CLERK, id="staff:colleague")
    for who, actor in ((other.number, CLERK), (addressee, colleague)):
        with databases.web.transaction(Scope(tenant=KONO)) as tx:
            with pytest.raises(Refused, match="request_key_reused"):
                applications.open(tx, actor, who, "child-allowance", "key-form")
            assert applications.view(tx, mine.case.id, CLERK) == mine


def test_a_button_pressed_twice_at_once_opens_one_application(databases, applications, addressee):
    before = opened(databases, applications, addressee, "key-before")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        with databases.web.transaction(Scope(tenant=KONO)) as tx:
            first = applications.open(tx, CLERK, addressee, "child-allowance", "key-twice")
            second = pool.submit(opened, databases, applications, addressee, "key-twice")
            with psycopg.connect(databases.admin_url, autocommit=True) as watching:
                until = monotonic() + 30
                while watching.execute(waits).fetchone() == (0,) and monotonic() < until:
                    sleep(0.01)
        assert second.result(30) == first
    after = opened(databases, applications, addressee, "key-after")
    assert [int(one.receipt_no[4:]) - int(before.receipt_no[4:]) for one in (first, after)] == [1, 2]


@pytest.mark.parametrize("key", ["", "a\x00", "\ud800", "x" * 201])
def test_what_cannot_be_a_key_opens_nothing(databases, applications, addressee, key):
    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        before = count(tx)
        with pytest.raises(Refused, match="input_wrong"):
            applications.open(tx, CLERK, addressee, "child-allowance", key)
        assert count(tx) == before


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
    ("moment", "number"), [("2027-03-31T14:59:59", "R08-"), ("2027-03-31T15:00:00", "R09-")]
)
def test_the_receipt_number_turns_with_the_fiscal_year_of_japan(databases, engine, addressee, moment, number):
    from datetime import UTC, datetime

    clock = FixedClock(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    made = opened(databases, ApplicationService(clock, shipped(), engine), addressee, f"key-{moment}")
    assert made.receipt_no.startswith(number)
