"""Nobody waits for ever for a link code: lost results are asked for, lost acquisitions are made anew, nothing goes round in circles."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.linkage.house import KONO, OTSUKAWA, SYSTEM, House
from tests.waiting import eventually
from workflows.addressees.imports import import_residents
from workflows.addressees.numbers import Regime
from workflows.linkage.link_codes.following import follow_up
from workflows.linkage.link_codes.service import LinkCodeService
from workflows.linkage.worker import pump_outbox


def at_the_hub(house: House, statement: str, *values: object) -> list[tuple]:
    with psycopg.connect(house.stand_ins.config.database_url, autocommit=True) as hub:
        done = hub.execute(statement, values)
        return done.fetchall() if done.description else []


def newcomers(house: House) -> list[str]:
    """Rows of 甲野市's residents whom 乙川市 does not know, as its existing system would give them out."""
    lines = (house.stand_ins.var / f"residents-{KONO}.csv").read_text("utf-8").splitlines()
    there = {
        key: person["tenants"][KONO]["business_number"]
        for key, person in house.stand_ins.people.items()
        if KONO in person["tenants"] and OTSUKAWA not in person["tenants"]
    }
    return [lines[0], *(line for line in lines[1:] if any(number in line for number in there.values()))]


@pytest.fixture(scope="module")
def arriving(furnished: House) -> Iterator[str]:
    """Addressees that 乙川市 has just entered and that have no link code yet."""
    lines = newcomers(furnished)
    with furnished.tx(OTSUKAWA, "vault") as tx:
        content = "\n".join(lines).encode()
        import_residents(tx, furnished.register, content, regime=Regime.SYNTHETIC, actor="system:import")
        entered = [
            furnished.register.by_business_number(tx, "juki", line.split(",")[0]) for line in lines[1:]
        ]
    return iter([one.number for one in entered if one is not None])


@pytest.fixture
def arrived(arriving: Iterator[str]) -> str:
    """One of them, for this test alone."""
    return next(arriving)


def acquire(house: House, addressee: str):
    with house.tx(OTSUKAWA) as tx:
        (case_id,) = LinkCodeService(house.engine).acquire(tx, [addressee], SYSTEM)
    return case_id


def acquisition(house: House, case_id) -> str:
    with house.tx(OTSUKAWA) as tx:
        row = tx.raw.execute(
            "SELECT acquisition_id FROM madoguchi.linkage_link_code WHERE case_id = %s", (case_id,)
        ).fetchone()
    return row[0]


def pump(house: House) -> None:
    pump_outbox(house.worker, house.runtime, OTSUKAWA)
    pump_outbox(house.databases.vault, house.vault_runtime, OTSUKAWA, house.vault_runtime.vault_lanes)


def accepted_and_lost(house: House, addressee: str):
    """An acquisition whose result the hub had, and whose message never arrived."""
    case_id = acquire(house, addressee)
    for _ in range(10):
        pump(house)
        if house.state(OTSUKAWA, case_id) == "cs_accepted":
            break
    gateway = house.parts.offices.gateway(OTSUKAWA)
    assert eventually(lambda: gateway.link_code_status(acquisition(house, case_id)) == "LINKED")
    at_the_hub(house, "DELETE FROM hub.inbox WHERE family = 'FGU' AND acked_at IS NULL")
    return case_id


def age(house: House, case_id, minutes: int) -> None:
    """As if nobody had heard anything for a while."""
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.case_file SET updated_at = updated_at - make_interval(mins => %s) WHERE id = %s",
            (minutes, case_id),
        )
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET asked_at = asked_at - make_interval(mins => %s) WHERE case_id = %s",
            (minutes, case_id),
        )


def ask(house: House) -> int:
    return follow_up(house.worker, house.runtime, OTSUKAWA)


def test_a_result_that_got_lost_is_asked_for_and_the_case_goes_on(house: House, arrived: str) -> None:
    case_id = accepted_and_lost(house, arrived)
    assert house.state(OTSUKAWA, case_id) == "cs_accepted"
    assert ask(house) == 0, "who has waited a moment is not asked about yet"
    age(house, case_id, 1)
    assert ask(house) == 1
    assert house.state(OTSUKAWA, case_id) == "linked"
    assert ask(house) == 0


def test_who_still_waits_is_asked_about_seldom(house: House, arrived: str) -> None:
    case_id = acquire(house, arrived)
    for _ in range(10):
        pump(house)
        if house.state(OTSUKAWA, case_id) == "cs_accepted":
            break
    number = acquisition(house, case_id)
    gateway = house.parts.offices.gateway(OTSUKAWA)
    assert eventually(lambda: gateway.link_code_status(number) == "LINKED")
    at_the_hub(house, "DELETE FROM hub.inbox WHERE family = 'FGU' AND acked_at IS NULL")
    at_the_hub(house, "UPDATE hub.acquisition SET status = 'NUMBERED' WHERE id = %s", number)
    age(house, case_id, 1)
    assert ask(house) == 1
    assert house.state(OTSUKAWA, case_id) == "cs_accepted"
    assert ask(house) == 0

    # The hub gives the acquisition up: its number is over. Another one is asked for, and leads to the code.
    at_the_hub(house, "UPDATE hub.acquisition SET status = 'EXPIRED' WHERE id = %s", number)
    at_the_hub(house, "UPDATE hub.subject SET fugo = NULL WHERE danban = %s", arrived)
    age(house, case_id, 6)
    assert ask(house) == 1
    assert house.state(OTSUKAWA, case_id) == "requested"
    assert acquisition(house, case_id) != number
    assert house.settle_until(OTSUKAWA, case_id, "linked") == "linked"


def test_an_acquisition_the_hub_does_not_know_is_made_anew(house: House, arrived: str) -> None:
    case_id = accepted_and_lost(house, arrived)
    at_the_hub(house, "DELETE FROM hub.acquisition WHERE id = %s", acquisition(house, case_id))
    at_the_hub(house, "UPDATE hub.subject SET fugo = NULL WHERE danban = %s", arrived)
    age(house, case_id, 1)
    assert ask(house) == 1
    assert house.settle_until(OTSUKAWA, case_id, "linked") == "linked"


def again(house: House, addressee: str):
    """Forget here that the addressee has a code, as a restored backup would."""
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET live = false WHERE addressee = %s", (addressee,)
        )
    return acquire(house, addressee)


def test_a_code_the_hub_has_already_is_taken_as_it_is_and_not_asked_for_again_and_again(
    house: House, arrived: str
) -> None:
    first = acquire(house, arrived)
    assert house.settle_until(OTSUKAWA, first, "linked") == "linked"
    case_id = again(house, arrived)
    assert house.settle_until(OTSUKAWA, case_id, "linked") == "linked"
    with house.tx(OTSUKAWA) as tx:
        assert arrived not in LinkCodeService(house.engine).missing(tx, 1000)


def test_an_acquisition_that_ended_without_a_code_is_left_alone_for_a_day(house: House, arrived: str) -> None:
    from workflows.engine import Command

    case_id = acquire(house, arrived)
    with house.tx(OTSUKAWA) as tx:
        house.engine.apply(tx, Command(case_id, "cancel", SYSTEM, "確かめる間", f"cancel:{case_id}"))
        codes = LinkCodeService(house.engine)
        assert arrived not in codes.missing(tx, 1000)
    age(house, case_id, 25 * 60)
    with house.tx(OTSUKAWA) as tx:
        assert arrived in codes.missing(tx, 1000)
        codes.acquire(tx, [arrived], SYSTEM)
    house.settle()
