"""The third keeper: every night the core's own word is laid beside the server's, and what differs is an incident."""

from __future__ import annotations

import psycopg
import pytest

from tests.linkage.house import KONO, OTSUKAWA, House
from workflows.linkage.record_sync.core_match import match_core
from workflows.linkage.wire.problems import Problem
from workflows.linkage.worker import sync_records


def at_the_core(house: House, statement: str, *values: object) -> list[tuple]:
    with psycopg.connect(house.stand_ins.config.database_url, autocommit=True) as core:
        done = core.execute(statement, values)
        return done.fetchall() if done.description else []


def exchanged(house: House, person: str = "hanako") -> str:
    """One whole exchange, in all records of 甲野市 and of the server; its number."""
    opened = house.ask(house.apply_for(person))
    house.settle()
    sync_records(house.worker, house.runtime, KONO, force=True)
    with house.tx(KONO) as tx:
        (exchange,) = tx.raw.execute(
            "SELECT exchange_id FROM madoguchi.linkage_inquiry WHERE case_id = %s", (opened.case_id,)
        ).fetchone()
    end_reported(house, exchange)
    return exchange


def end_reported(house: House, exchange: str) -> None:
    """The server tells the core a moment later how it ended."""
    import time

    until = time.monotonic() + 15
    while time.monotonic() < until:
        ((outcome,),) = at_the_core(house, "SELECT outcome FROM core.record WHERE exchange_id = %s", exchange)
        if outcome != "PERMITTED":
            return
        time.sleep(0.1)
    raise AssertionError("the core never heard how it ended")


def night(house: House, tenant: str = KONO):
    return match_core(house.worker, house.runtime, tenant)


@pytest.fixture(autouse=True)
def nothing_open(house: House) -> None:
    """Exchanges that other tests left under way are gone, and the nights until now are over."""
    at_the_core(house, "DELETE FROM core.record WHERE outcome = 'PERMITTED'")
    for tenant in (KONO, OTSUKAWA):
        sync_records(house.worker, house.runtime, tenant, force=True)
        night(house, tenant)


def core_of(house: House, exchange: str) -> str | None:
    with house.tx(KONO) as tx:
        return tx.raw.execute(
            "SELECT core FROM madoguchi.linkage_record WHERE exchange_id = %s", (exchange,)
        ).fetchone()[0]


def incidents(house: House) -> list[str]:
    with house.tx(KONO) as tx:
        rows = tx.raw.execute(
            "SELECT kind FROM madoguchi.linkage_incident WHERE kind LIKE 'RECORD_CORE%%' ORDER BY at, id"
        )
        return [row[0] for row in rows]


def test_all_three_agree_and_the_next_night_goes_on_where_this_one_ended(house: House) -> None:
    before = incidents(house)
    exchange = exchanged(house)
    sync_records(house.worker, house.runtime, OTSUKAWA, force=True)
    for tenant in (KONO, OTSUKAWA):
        found = night(house, tenant)
        assert found.compared > 0
        assert found.whole, found
    assert core_of(house, exchange) == "same"
    assert incidents(house) == before
    assert night(house).compared <= 1
    later = exchanged(house)
    assert night(house).whole
    assert core_of(house, later) == "same"


def test_a_server_that_tells_another_story_than_the_core_is_found_out(house: House) -> None:
    exchange = exchanged(house)
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_record SET digest = 'another' WHERE exchange_id = %s", (exchange,)
        )
    before = incidents(house)
    assert night(house).differs == 1
    assert core_of(house, exchange) == "differs"
    assert incidents(house)[len(before) :] == ["RECORD_CORE_DIFFERS"]


def test_an_exchange_that_only_the_core_knows_is_found(house: House) -> None:
    exchange = exchanged(house)
    assert night(house).whole
    at_the_core(
        house,
        "INSERT INTO core.record (exchange_id, person, asker, holder, record, outcome, provided_at, at)"
        " SELECT 'X' || substr(exchange_id, 2), person, asker, holder, record, outcome, provided_at, at"
        " FROM core.record WHERE exchange_id = %s",
        exchange,
    )
    before = incidents(house)
    assert night(house).missing_here == 1
    assert incidents(house)[len(before) :] == ["RECORD_CORE_MISSING_HERE"]
    assert night(house).missing_here == 0, "said once"


def test_an_exchange_that_the_core_has_lost_is_found_after_a_while(house: House) -> None:
    exchange = exchanged(house)
    at_the_core(house, "DELETE FROM core.record WHERE exchange_id = %s", exchange)
    assert night(house).whole, "the core may not have heard yet"
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_record SET received_at = received_at - interval '2 hours' WHERE exchange_id = %s",
            (exchange,),
        )
    assert night(house).missing_there == 1
    assert core_of(house, exchange) == "missing"


def test_an_exchange_under_way_is_compared_when_it_has_ended(house: House) -> None:
    exchange = exchanged(house)
    at_the_core(house, "UPDATE core.record SET outcome = 'PERMITTED' WHERE exchange_id = %s", exchange)
    found = night(house)
    assert (found.open, found.whole) == (1, True)
    assert core_of(house, exchange) is None
    at_the_core(house, "UPDATE core.record SET outcome = 'OK' WHERE exchange_id = %s", exchange)
    assert night(house).whole
    assert core_of(house, exchange) == "same"


def test_while_the_core_is_away_nothing_is_concluded(house: House) -> None:
    house.stand_ins.fault("core", "down")
    before = incidents(house)
    with pytest.raises(Problem) as away:
        night(house)
    assert away.value.code == "UNAVAILABLE"
    house.stand_ins.heal("core")
    assert incidents(house) == before
