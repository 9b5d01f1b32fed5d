"""The intermediate server knows what stands here: freezes, records not to be disclosed, addressees closed or merged."""

from __future__ import annotations

import pytest

from tests.linkage.house import HOLDER, KONO, OTSUKAWA, House
from tests.linkage.test_core_match import at_the_core, exchanged
from workflows.linkage.freezes import Freezes
from workflows.linkage.telling import tell_hub
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable
from workflows.linkage.worker import sync_records

at_the_hub = at_the_core  # both keep their state in the stand-ins' database


def tell(house: House, tenant: str = KONO) -> int:
    return tell_hub(house.worker, house.runtime, tenant)


@pytest.fixture(autouse=True)
def told(house: House) -> None:
    """The server knows what stood before; afterwards what the test has frozen is free again."""
    for tenant in (KONO, OTSUKAWA):
        while tell(house, tenant):
            pass


@pytest.mark.parametrize(
    ("scope", "value"), [("person", "000000000000018"), ("item", "local-tax"), ("tenant", "*")]
)
def test_a_freeze_and_its_lifting_are_told_once(house: House, scope: str, value: str) -> None:
    freezes = Freezes(house.parts.clock)
    with house.tx(KONO) as tx:
        freezes.freeze(tx, scope, value, reason="SUSPICION", actor="staff:boss")
    assert tell(house) == 1
    wire = "" if scope == "tenant" else value
    assert at_the_hub(house, "SELECT scope, value, reason FROM hub.freeze") == [(scope, wire, "SUSPICION")]
    assert tell(house) == 0
    with house.tx(KONO) as tx:
        freezes.release(tx, scope, value, actor="staff:boss2")
    assert tell(house) == 1
    assert at_the_hub(house, "SELECT count(*) FROM hub.freeze") == [(0,)]
    assert tell(house) == 0


def test_what_cannot_be_told_now_is_told_later(house: House) -> None:
    freezes = Freezes(house.parts.clock)
    with house.tx(KONO) as tx:
        freezes.freeze(tx, "item", "pension", reason="something with spaces", actor="staff:boss")
    house.stand_ins.fault("hub", "down")
    with pytest.raises((LinkUnreachable, Problem)):
        tell(house)
    house.stand_ins.heal("hub")
    assert tell(house) == 1
    assert at_the_hub(house, "SELECT value, reason FROM hub.freeze") == [("pension", "OTHER")]
    with house.tx(KONO) as tx:
        freezes.release(tx, "item", "pension", actor="staff:boss2")
    assert tell(house) == 1


def test_a_freeze_of_an_office_stays_in_the_house(house: House) -> None:
    with house.tx(KONO) as tx:
        Freezes(house.parts.clock).freeze(tx, "office", "税務課", reason="SUSPICION", actor="staff:boss")
    assert tell(house) == 0


def test_a_record_not_to_be_disclosed_is_marked_at_the_server_and_shown_again(house: House) -> None:
    exchange = exchanged(house)
    sync_records(house.worker, house.runtime, OTSUKAWA, force=True)

    def marked() -> bool:
        ((found,),) = at_the_hub(
            house,
            "SELECT nondisclosure FROM hub.record WHERE record->>'exchange_id' = %s AND org = '992020-01'",
            exchange,
        )
        return bool(found)

    def disclose(how: str) -> None:
        with house.tx(OTSUKAWA) as tx:
            tx.raw.execute(
                "UPDATE madoguchi.provision_record SET disclosure = %s WHERE exchange_id = %s",
                (how, exchange),
            )

    tell(house, OTSUKAWA)  # what other tests left untold
    assert (tell(house, OTSUKAWA), marked()) == (0, False)
    disclose("withheld")
    assert (tell(house, OTSUKAWA), marked()) == (1, True)
    disclose("visible")
    assert (tell(house, OTSUKAWA), marked()) == (1, False)


def test_a_closed_addressee_loses_her_link_code_on_both_sides_and_gets_a_new_one_when_opened_again(
    house: House,
) -> None:
    person = house.addressee(OTSUKAWA, "hanako")

    def set_state(state: str) -> None:
        with house.tx(OTSUKAWA, "vault") as tx:
            tx.raw.execute("UPDATE madoguchi.addressee SET state = %s WHERE number = %s", (state, person))

    def at_hub() -> tuple:
        return at_the_hub(
            house,
            "SELECT state, fugo IS NOT NULL FROM hub.subject WHERE org = %s AND danban = %s",
            HOLDER,
            person,
        )[0]

    def live() -> list[str]:
        with house.tx(OTSUKAWA) as tx:
            return [
                row[0]
                for row in tx.raw.execute(
                    "SELECT c.state FROM madoguchi.linkage_link_code l JOIN madoguchi.case_file c ON c.tenant = l.tenant"
                    " AND c.id = l.case_id WHERE l.addressee = %s AND l.live",
                    (person,),
                )
            ]

    assert (at_hub(), live()) == (("OPEN", True), ["linked"])
    set_state("closed")
    assert tell(house, OTSUKAWA) == 1
    assert (at_hub(), live()) == (("CLOSED", False), [])
    assert tell(house, OTSUKAWA) == 0
    set_state("active")
    assert tell(house, OTSUKAWA) == 1
    assert at_hub() == ("OPEN", False)
    from tests.linkage.house import SYSTEM
    from workflows.linkage.link_codes.service import LinkCodeService

    with house.tx(OTSUKAWA) as tx:
        codes = LinkCodeService(house.engine)
        assert person in codes.missing(tx, 100)
        (case_id,) = codes.acquire(tx, [person], SYSTEM)
    assert house.settle_until(OTSUKAWA, case_id, "linked") == "linked"
    assert at_hub() == ("OPEN", True)
