"""The third keeper: every night the core's own word is laid beside the server's, and what differs is an incident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from ulid import ULID

from tests.linkage.exchanges import at_the_core, cancel, exchanged, until
from tests.linkage.house import CLERK, KONO, OPERATOR, OTSUKAWA, House
from workflows.linkage.freezes import Freezes
from workflows.linkage.inquiry.machine import InquiryMachine
from workflows.linkage.record_sync import discrepancies
from workflows.linkage.record_sync.core_match import LONGEST, match_core
from workflows.linkage.telling import tell_hub
from workflows.linkage.wire.problems import Problem
from workflows.linkage.worker import sync_records


def night(house: House, tenant: str = KONO):
    return match_core(house.worker, house.runtime, tenant)


@pytest.fixture(autouse=True)
def nothing_open(house: House) -> Iterator[None]:
    """Exchanges that other tests left under way are gone, and the nights until now are over; afterwards what never was is gone."""
    at_the_core(house, "DELETE FROM core.record WHERE outcome = 'PERMITTED'")
    for tenant in (KONO, OTSUKAWA):
        sync_records(house.worker, house.runtime, tenant, force=True)
        night(house, tenant)
        for one in standing(house, tenant):
            explain(house, one.about, tenant=tenant)
    yield
    with psycopg.connect(house.databases.admin_url, autocommit=True) as everything:
        everything.execute("DELETE FROM madoguchi.linkage_record WHERE seq < 0")


def standing(house: House, tenant: str = KONO) -> list[discrepancies.Standing]:
    with house.tx(tenant, "web") as tx:
        return discrepancies.standing(tx)


def explain(house: House, about: str, actor=OPERATOR, tenant: str = KONO) -> None:
    with house.tx(tenant, "web") as tx:
        discrepancies.explain(tx, about, actor, "CONFIRMED_OTHERWISE", house.parts.clock.now())


def under_way(house: House) -> None:
    """An exchange that the core keeps open from now on, so that every night begins before it."""
    exchange = exchanged(house)
    at_the_core(house, "UPDATE core.record SET outcome = 'PERMITTED' WHERE exchange_id = %s", exchange)


def only_the_core_knows(house: House) -> str:
    """An exchange of which neither the server nor we have a record; its number."""
    exchange = exchanged(house)
    at_the_core(
        house,
        "INSERT INTO core.record (exchange_id, person, asker, holder, record, outcome, provided_at, at)"
        " SELECT 'X' || substr(exchange_id, 2), person, asker, holder, record, outcome, provided_at, at"
        " FROM core.record WHERE exchange_id = %s",
        exchange,
    )
    return "X" + exchange[1:]


def comes_late(house: House, exchange: str, digest: str) -> None:
    """The server's record of an exchange arrives after the night that missed it."""
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_record (tenant, seq, exchange_id, side, outcome, digest, body, received_at, matched)"
            " SELECT tenant, -(SELECT count(*) FROM madoguchi.linkage_record), %s, side, outcome, %s, body, received_at, 'same'"
            " FROM madoguchi.linkage_record ORDER BY seq DESC LIMIT 1",
            (exchange, digest),
        )


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


def test_while_an_exchange_stays_open_a_missing_record_is_said_in_one_night_only_and_stands(
    house: House,
) -> None:
    under_way(house)
    exchange = only_the_core_knows(house)
    before = incidents(house)
    assert [night(house).missing_here for _ in range(3)] == [1, 0, 0]
    assert incidents(house)[len(before) :] == ["RECORD_CORE_MISSING_HERE"]
    (one,) = standing(house)
    assert (one.exchange_id, one.kind) == (exchange, "RECORD_CORE_MISSING_HERE")
    assert not night(house).whole


def test_a_discrepancy_that_became_another_one_is_said_again(house: House) -> None:
    exchange = only_the_core_knows(house)
    assert night(house).missing_here == 1
    comes_late(house, exchange, "another digest")
    before = incidents(house)
    assert [night(house).differs for _ in range(2)] == [1, 0]
    assert incidents(house)[len(before) :] == ["RECORD_CORE_DIFFERS"]
    assert [one.kind for one in standing(house)] == ["RECORD_CORE_DIFFERS"]


def test_a_discrepancy_ends_by_itself_when_the_record_comes(house: House) -> None:
    exchange = only_the_core_knows(house)
    night(house)
    (one,) = standing(house)
    comes_late(house, exchange, one.said)
    before = incidents(house)
    assert night(house).whole
    assert standing(house) == []
    assert core_of(house, exchange) == "same"
    assert incidents(house) == before


def test_what_a_person_explained_is_not_said_again_while_it_stays_the_same(house: House) -> None:
    under_way(house)
    exchange = only_the_core_knows(house)
    night(house)
    (one,) = standing(house)
    for wrong, about in ((CLERK, one.about), (OPERATOR, "core:NOTHING")):
        with pytest.raises(discrepancies.DiscrepancyRefused):
            explain(house, about, wrong)
    explain(house, one.about)
    with pytest.raises(discrepancies.DiscrepancyRefused):
        explain(house, one.about)
    before = incidents(house)
    assert night(house).whole
    assert incidents(house) == before
    at_the_core(house, "UPDATE core.record SET outcome = 'TIMEOUT' WHERE exchange_id = %s", exchange)
    assert night(house).missing_here == 1, "the core tells another story now"


def test_a_record_missing_on_our_side_is_said_once_and_ends_when_ours_is_written(house: House) -> None:
    exchange = exchanged(house)
    unwritten = "Y" + exchange[1:]
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_record (tenant, seq, exchange_id, side, outcome, digest, body, received_at, core)"
            " SELECT tenant, -1000, %s, side, outcome, digest, body, received_at - interval '2 hours', 'same'"
            " FROM madoguchi.linkage_record WHERE exchange_id = %s",
            (unwritten, exchange),
        )
    for _ in range(2):
        sync_records(house.worker, house.runtime, KONO, force=True)
        assert not night(house).whole
    assert [(one.exchange_id, one.kind) for one in standing(house)] == [(unwritten, "RECORD_MISSING")]
    assert said_of(house, unwritten) == ["RECORD_MISSING"]
    with house.tx(KONO) as tx:
        columns = [
            row[0]
            for row in tx.raw.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'provision_record'"
            )
        ]
        own = {"exchange_id": "%s", "record_id": "gen_random_uuid()"}
        tx.raw.execute(
            f"INSERT INTO madoguchi.provision_record ({', '.join(columns)})"
            f" SELECT {', '.join(own.get(name, name) for name in columns)}"
            " FROM madoguchi.provision_record WHERE exchange_id = %s",
            (unwritten, exchange),
        )
    assert night(house).whole
    assert said_of(house, unwritten) == ["RECORD_MISSING", "RECORD_AGREES"]


def test_what_ended_before_the_core_or_the_holder_was_asked_is_no_discrepancy(house: House) -> None:
    house.stand_ins.fault("core", "down")
    early = house.ask(house.apply_for("hanako")).case_id
    house.round((KONO,), wait=0)
    cancel(house, early)
    house.round((KONO,), wait=0)
    house.stand_ins.heal("core")
    permitted = house.ask(house.apply_for("taro")).case_id
    until(house, permitted, "permitted")
    cancel(house, permitted)
    gone = "UPDATE hub.subject SET state = %s WHERE org = '992020-01' AND danban = %s"
    at_the_core(house, gone, "CLOSED", house.addressee(OTSUKAWA, "ichiro"))
    unknown = house.ask(house.apply_for("ichiro")).case_id
    with house.tx(OTSUKAWA) as tx:
        Freezes(house.parts.clock).freeze(
            tx, "person", house.addressee(OTSUKAWA, "sakura"), reason="SUSPICION", actor="staff:boss"
        )
    tell_hub(house.worker, house.runtime, OTSUKAWA)
    frozen = house.ask(house.apply_for("sakura")).case_id
    house.settle()
    states = [house.state(KONO, case) for case in (early, permitted, unknown, frozen)]
    assert states == ["cancelled", "cancelled", "no_such_subject", "refused"]
    with house.tx(KONO) as tx:  # the job that a step at a desk leaves
        assert InquiryMachine(house.parts).record_cases(tx, [early, permitted]) == 2
    for tenant in (KONO, OTSUKAWA):
        sync_records(house.worker, house.runtime, tenant, force=True)
        with house.tx(tenant) as tx:
            outcomes = tx.raw.execute(
                "UPDATE madoguchi.linkage_record SET received_at = received_at - interval '2 hours'"
                " WHERE seq > (SELECT max(seq) - 4 FROM madoguchi.linkage_record) RETURNING outcome"
            ).fetchall()
        assert {"CANCELLED", "NO_SUCH_SUBJECT", "FROZEN"} <= {row[0] for row in outcomes}
        sync_records(house.worker, house.runtime, tenant, force=True)
        night(house, tenant)
        assert [(one.kind, one.exchange_id) for one in standing(house, tenant)] == []
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute("UPDATE madoguchi.linkage_freeze SET released_by = 'test', released_at = now()")
    tell_hub(house.worker, house.runtime, OTSUKAWA)
    at_the_core(house, gone, "OPEN", house.addressee(OTSUKAWA, "ichiro"))


def test_an_exchange_that_never_ends_is_said_once_and_does_not_hold_up_the_nights(house: House) -> None:
    exchange = exchanged(house)
    forgotten = str(ULID.from_datetime(house.parts.clock.now() - LONGEST - timedelta(days=1)))
    at_the_core(
        house,
        "INSERT INTO core.record (exchange_id, person, asker, holder, record, outcome, provided_at, at)"
        " SELECT %s, person, asker, holder, record, 'PERMITTED', NULL, at FROM core.record WHERE exchange_id = %s",
        forgotten,
        exchange,
    )
    assert [(found.stay_open, found.open) for found in (night(house), night(house))] == [(1, 1), (0, 0)]
    assert [(one.kind, one.exchange_id) for one in standing(house)] == [("RECORD_CORE_STAYS_OPEN", forgotten)]


def said_of(house: House, exchange: str) -> list[str]:
    with house.tx(KONO) as tx:
        rows = tx.raw.execute(
            "SELECT kind FROM madoguchi.linkage_incident WHERE detail->>'about' LIKE %s ORDER BY at, id",
            (f"%:{exchange}%",),
        )
        return [row[0] for row in rows]


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
