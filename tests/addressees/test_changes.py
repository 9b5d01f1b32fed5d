"""Joining and parting addressees: two people agree, what moved is recorded, and it can be taken back exactly."""

from __future__ import annotations

import pytest

from storage.clock import SystemClock
from storage.database import Scope
from workflows.addressees.changes.machine import register
from workflows.addressees.changes.service import AddresseeChanges
from workflows.addressees.models import NewAddressee
from workflows.addressees.numbers import Regime, parse_individual, synthetic_individual
from workflows.addressees.service import AddresseeRefused, AddresseeRegister
from workflows.engine import Actor, Command, Engine, Refused, Registry

CLERK = Actor(kind="staff", id="staff:clerk", roles=frozenset({"clerk"}))
BOSS = Actor(kind="staff", id="staff:boss", roles=frozenset({"supervisor"}))


@pytest.fixture(scope="module")
def changes(key_ring):
    registry = Registry()
    register(registry)
    return AddresseeChanges(Engine(registry, SystemClock()), AddresseeRegister(SystemClock(), key_ring))


def number(seed):
    return parse_individual(synthetic_individual(f"{seed:011d}"), Regime.SYNTHETIC)


def open_(databases, changes, tenant, seed, *business, with_number=False):
    with databases.vault.transaction(Scope(tenant=tenant)) as tx:
        new = NewAddressee(
            "resident", number(seed) if with_number else None, {"name": "見本 花子"}, business=business
        )
        return changes.register.open(tx, new, actor="staff:1").number


def standing(databases, tenant, *numbers):
    with databases.vault.transaction(Scope(tenant=tenant)) as tx:
        return (
            tx.raw.execute(
                "SELECT number, state, merged_into FROM madoguchi.addressee WHERE number = ANY(%s) ORDER BY 1",
                (list(numbers),),
            ).fetchall(),
            tx.raw.execute(
                "SELECT system, number, addressee FROM madoguchi.business_number WHERE addressee = ANY(%s) ORDER BY 1, 2",
                (list(numbers),),
            ).fetchall(),
            tx.raw.execute(
                "SELECT addressee FROM vault.number WHERE addressee = ANY(%s) ORDER BY 1", (list(numbers),)
            ).fetchall(),
        )


def step(databases, changes, tenant, case, trigger, actor=BOSS, **given):
    with databases.web.transaction(Scope(tenant=tenant)) as tx:
        changes.engine.apply(tx, Command(case, trigger, actor, "確認", f"{trigger}:{case}:{actor.id}", given))


def carry_out(databases, changes, tenant, case):
    with databases.vault.transaction(Scope(tenant=tenant)) as tx:
        changes.carry_out(tx, case)
        return changes.engine.case(tx, case).state


def test_a_merge_moves_numbers_and_undoing_puts_everything_back(databases, changes, tenant_a):
    source = open_(databases, changes, tenant_a, 1, ("juki", "1"), ("tax", "1"), with_number=True)
    target = open_(databases, changes, tenant_a, 2, ("tax", "2"))
    before = standing(databases, tenant_a, source, target)
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        case = changes.propose_merge(tx, CLERK, source, target, "merge-1").case_id
    with pytest.raises(Refused):
        step(databases, changes, tenant_a, case, "approve", CLERK)
    step(databases, changes, tenant_a, case, "approve")
    assert carry_out(databases, changes, tenant_a, case) == "applied"
    assert carry_out(databases, changes, tenant_a, case) == "applied"
    people, business, numbers = standing(databases, tenant_a, source, target)
    assert (source, "merged", target) in people
    assert {row[2] for row in business} == {target}
    assert numbers == [(target,)]
    step(databases, changes, tenant_a, case, "undo", reason="WRONG_PERSON")
    assert carry_out(databases, changes, tenant_a, case) == "undone"
    assert standing(databases, tenant_a, source, target) == before


def test_two_people_with_two_numbers_are_never_joined(databases, changes, tenant_a):
    source = open_(databases, changes, tenant_a, 11, ("tax", "11"), with_number=True)
    target = open_(databases, changes, tenant_a, 12, ("tax", "12"), with_number=True)
    before = standing(databases, tenant_a, source, target)
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        case = changes.propose_merge(tx, CLERK, source, target, "merge-2").case_id
    step(databases, changes, tenant_a, case, "approve")
    assert carry_out(databases, changes, tenant_a, case) == "failed"
    assert standing(databases, tenant_a, source, target) == before


def test_a_split_gives_part_of_the_numbers_a_new_addressee_and_can_be_taken_back(
    databases, changes, tenant_a
):
    source = open_(databases, changes, tenant_a, 21, ("tax", "21"), ("care", "21"))
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        for wrong in ([], [("tax", "21"), ("care", "21")], [("tax", "99")]):
            with pytest.raises(AddresseeRefused):
                changes.propose_split(tx, CLERK, source, wrong, "split-0")
        case = changes.propose_split(tx, CLERK, source, [("care", "21")], "split-1").case_id
    step(databases, changes, tenant_a, case, "approve")
    assert carry_out(databases, changes, tenant_a, case) == "applied"
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        fresh = changes.register.by_business_number(tx, "care", "21").number
        assert fresh != source
        assert changes.register.by_business_number(tx, "tax", "21").number == source
    step(databases, changes, tenant_a, case, "undo", reason="WRONG_PERSON")
    assert carry_out(databases, changes, tenant_a, case) == "undone"
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        assert changes.register.by_business_number(tx, "care", "21").number == source
        assert changes.register.get(tx, fresh).state == "closed"


def test_an_addressee_cannot_be_joined_to_itself_or_to_one_that_is_not_there(databases, changes, tenant_a):
    source = open_(databases, changes, tenant_a, 31, ("tax", "31"))
    for target, code in ((source, "SAME_ADDRESSEE"), ("000000000099994", "UNKNOWN_ADDRESSEE")):
        with (
            databases.web.transaction(Scope(tenant=tenant_a)) as tx,
            pytest.raises(AddresseeRefused) as refused,
        ):
            changes.propose_merge(tx, CLERK, source, target, "merge-x")
        assert refused.value.code == code
