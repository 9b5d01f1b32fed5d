"""番号法21条の2第3項: an acquisition number is held no longer than it serves, here and at the server, whatever crosses what."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.linkage.exchanges import at_the_core as at_the_hub
from tests.linkage.house import KONO, SYSTEM, House
from workflows.engine import Command
from workflows.linkage.link_codes.service import LinkCodeService
from workflows.linkage.wire.problems import Problem
from workflows.linkage.worker import pump_outbox


@pytest.fixture
def person(house: House) -> Iterator[str]:
    """One whose code is forgotten here and at the server; afterwards she has it again."""
    addressee = house.addressee(KONO, "yoshiko")
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET live = false WHERE addressee = %s", (addressee,)
        )
    at_the_hub(house, "UPDATE hub.subject SET fugo = NULL WHERE danban = %s AND org = '992011-01'", addressee)
    yield addressee
    house.settle()
    with house.tx(KONO) as tx:
        cases = LinkCodeService(house.engine).acquire(tx, [addressee], SYSTEM)
    assert all(house.settle_until(KONO, case_id, "linked") == "linked" for case_id in cases)


def acquire(house: House, addressee: str) -> UUID:
    with house.tx(KONO) as tx:
        (case_id,) = LinkCodeService(house.engine).acquire(tx, [addressee], SYSTEM)
    return case_id


def give_up(house: House, case_id: UUID) -> None:
    with house.tx(KONO) as tx:
        house.engine.apply(tx, Command(case_id, "cancel", SYSTEM, "取りやめ", f"cancel:{case_id}"))


def pump(house: House) -> None:
    pump_outbox(house.worker, house.runtime, KONO)


def held(house: House, case_id: UUID) -> tuple[bool, list[tuple[str, str]], list[str]]:
    """Whether the number is here, what stands in the outbox, and what the server says of the acquisition."""
    with house.tx(KONO) as tx:
        token, number = tx.raw.execute(
            "SELECT token IS NOT NULL, acquisition_id FROM madoguchi.linkage_link_code WHERE case_id = %s",
            (case_id,),
        ).fetchone()
        rows = tx.raw.execute(
            "SELECT type, state FROM madoguchi.linkage_outbox WHERE case_id = %s ORDER BY seq", (case_id,)
        ).fetchall()
    there = at_the_hub(
        house,
        "SELECT status || CASE WHEN token IS NULL THEN '' ELSE ' with its number' END FROM hub.acquisition WHERE id = %s",
        number,
    )
    return token, rows, [row[0] for row in there]


def test_one_given_up_before_it_left_never_leaves(house: House, person: str) -> None:
    case_id = acquire(house, person)
    give_up(house, case_id)
    pump(house)
    assert held(house, case_id) == (False, [("fugo.acquire", "closed")], [])


def test_one_given_up_while_it_was_numbered_is_wiped_on_both_sides_and_asks_nobody_for_the_person(
    house: House, person: str
) -> None:
    case_id = acquire(house, person)
    pump(house)
    assert held(house, case_id)[::2] == (True, ["NUMBERED with its number"])
    give_up(house, case_id)
    assert held(house, case_id)[0] is False
    pump(house)
    pump_outbox(house.databases.vault, house.vault_runtime, KONO, house.vault_runtime.vault_lanes)
    assert held(house, case_id) == (
        False,
        [("fugo.acquire", "sent"), ("juki.fugo-request", "closed"), ("fugo.cancel", "sent")],
        ["CANCELLED"],
    )
    assert house.state(KONO, case_id) == "cancelled"


def test_one_given_up_while_its_number_was_on_the_way_keeps_none(
    house: House, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has numbered it, its answer was lost, and meanwhile it was given up."""
    case_id = acquire(house, person)
    house.stand_ins.fault("hub", "lose-answer", path="/v1/fugo-acquisitions")
    pump(house)
    house.stand_ins.heal("hub")
    give_up(house, case_id)
    house.hurry()
    pump(house)
    pump(house)
    token, rows, there = held(house, case_id)
    assert (token, there) == (False, ["CANCELLED"])
    assert rows == [("fugo.acquire", "sent"), ("fugo.cancel", "sent")]


@pytest.fixture
def refused(house: House, person: str, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """An acquisition the server would not have; then the server is well again."""
    case_id = acquire(house, person)

    def refuse(message: object) -> None:
        raise Problem("FORBIDDEN")

    with monkeypatch.context() as once:
        once.setattr(house.parts.offices.gateway(KONO), "acquire_link_code", refuse)
        pump(house)
    assert house.state(KONO, case_id) == "cs_rejected"
    assert held(house, case_id)[1] == [("fugo.acquire", "dead")]
    return case_id


def test_one_given_up_after_it_was_refused_does_not_hold_up_the_next_of_the_person(
    house: House, person: str, refused: UUID
) -> None:
    give_up(house, refused)
    second = acquire(house, person)
    pump(house)
    assert held(house, refused)[1] == [("fugo.acquire", "closed"), ("fugo.cancel", "sent")]
    assert house.settle_until(KONO, second, "linked") == "linked"


def test_one_tried_again_after_it_was_refused_does_not_wait_behind_its_own_refusal(
    house: House, person: str, refused: UUID
) -> None:
    with house.tx(KONO) as tx:
        house.engine.apply(tx, Command(refused, "retry", SYSTEM, "取り直し", f"retry:{refused}"))
    assert house.settle_until(KONO, refused, "linked") == "linked"
    assert held(house, refused)[1][:2] == [("fugo.acquire", "closed"), ("fugo.acquire", "sent")]


def test_one_tried_again_after_the_cs_refused_it_does_not_wait_behind_that_refusal(
    house: House, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = acquire(house, person)
    pump(house)

    def refuse(*_: object) -> None:
        raise Problem("FORBIDDEN")

    with monkeypatch.context() as once:
        once.setattr(house.vault_runtime.parts.offices.gateway(KONO), "request_link_code", refuse)
        pump_outbox(house.databases.vault, house.vault_runtime, KONO, house.vault_runtime.vault_lanes)
    assert house.state(KONO, case_id) == "cs_rejected"
    with house.tx(KONO) as tx:
        house.engine.apply(tx, Command(case_id, "retry", SYSTEM, "取り直し", f"retry:{case_id}"))
    assert house.settle_until(KONO, case_id, "linked") == "linked"
    assert ("juki.fugo-request", "dead") not in held(house, case_id)[1]
