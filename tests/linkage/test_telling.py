"""The intermediate server knows what stands here: freezes, records not to be disclosed, addressees closed or merged."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from storage.clock import SystemClock
from tests.linkage.exchanges import at_the_core, exchanged
from tests.linkage.house import BOSS, CLERK, HOLDER, KONO, OTHER_BOSS, OTSUKAWA, House
from workflows.addressees.changes.machine import register as register_changes
from workflows.addressees.changes.service import AddresseeChanges
from workflows.addressees.models import NewAddressee
from workflows.engine import Actor, Command, Engine, Registry
from workflows.linkage.freezes import TOLD_BY, Freezes, being_lifted
from workflows.linkage.telling import tell_hub
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable
from workflows.linkage.worker import pump_outbox, sync_records

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


@pytest.mark.parametrize(
    ("scope", "value"), [("person", ""), ("item", "local-tax"), ("tenant", "*")], ids=str
)
def test_an_inquiry_the_server_refuses_for_a_freeze_just_lifted_waits_for_a_moment_and_is_answered(
    house: House, scope: str, value: str
) -> None:
    freezes = Freezes(house.parts.clock)
    value = value or house.addressee(KONO, "hanako")
    with house.tx(KONO) as tx:
        freezes.freeze(tx, scope, value, reason="SUSPICION", actor="staff:boss")
    assert tell(house) == 1
    with house.tx(KONO) as tx:
        freezes.release(tx, scope, value, actor="staff:boss2")
    opened = house.ask(house.apply_for("hanako"))
    pump_outbox(house.worker, house.runtime, KONO)
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT state, cause FROM madoguchi.linkage_outbox WHERE case_id = %s", (opened.case_id,)
        ).fetchone()
    assert row == ("ready", "FROZEN")
    assert house.state(KONO, opened.case_id) == "sent"
    assert tell(house) == 1
    house.hurry()
    house.settle()
    assert house.state(KONO, opened.case_id) == "answered"


def test_a_freeze_counts_as_being_lifted_for_a_minute_and_as_long_as_the_server_was_not_told(
    house: House,
) -> None:
    freezes, clock = Freezes(house.parts.clock), house.parts.clock

    def lifting(later: timedelta) -> bool:
        with house.tx(KONO) as tx:
            return "medical" in being_lifted(tx, clock.now() + later).items

    with house.tx(KONO) as tx:
        freezes.freeze(tx, "item", "medical", reason="SUSPICION", actor="staff:boss")
    tell(house)
    assert not lifting(timedelta())
    with house.tx(KONO) as tx:
        freezes.release(tx, "item", "medical", actor="staff:boss2")
    assert lifting(timedelta(hours=1)), "nobody told the server"
    tell(house)
    assert (lifting(timedelta()), lifting(TOLD_BY)) == (True, False)
    with house.tx(KONO) as tx:
        freezes.freeze(tx, "item", "medical", reason="SUSPICION", actor="staff:boss")
    assert not lifting(timedelta()), "it stands again"


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


class Splitting:
    """Proposing and carrying out that part of an addressee's numbers belongs to somebody else."""

    def __init__(self, house: House) -> None:
        registry = Registry()
        register_changes(registry)
        self.house = house
        self.changes = AddresseeChanges(Engine(registry, SystemClock()), house.register)

    def of(self, source: str, number: str) -> tuple[UUID, str]:
        """Carry one out; the case, and who came of it."""
        with self.house.tx(OTSUKAWA, "vault") as tx:
            self.house.register.put_business(tx, [("care", number, source), ("tax", number, source)])
        with self.house.tx(OTSUKAWA, "web") as tx:
            case = self.changes.propose_split(tx, CLERK, source, [("care", number)], number).case_id
        assert tell(self.house, OTSUKAWA) == 0, "nothing was carried out yet"
        self.step(case, "approve", BOSS)
        with self.house.tx(OTSUKAWA) as tx:
            found = self.house.register.by_business_number(tx, "care", number)
        assert found is not None
        return case, found.number

    def step(self, case: UUID, trigger: str, actor: Actor, **given: str) -> None:
        with self.house.tx(OTSUKAWA, "web") as tx:
            self.changes.engine.apply(tx, Command(case, trigger, actor, "確認", f"{trigger}:{case}", given))
        with self.house.tx(OTSUKAWA, "vault") as tx:
            self.changes.carry_out(tx, case)

    def at_hub(self, *numbers: str) -> list[tuple]:
        """State and whether there is a link code, for those the server knows."""
        return at_the_hub(
            self.house,
            "SELECT state, fugo IS NOT NULL FROM hub.subject WHERE org = %s AND danban = ANY(%s)"
            " ORDER BY array_position(%s::text[], danban::text)",
            HOLDER,
            list(numbers),
            list(numbers),
        )


def test_a_split_and_its_undoing_are_told_once_and_the_link_code_stays_with_whom_it_was(house: House) -> None:
    splitting, source = Splitting(house), house.addressee(OTSUKAWA, "taro")
    case, fresh = splitting.of(source, "split-1")
    assert splitting.at_hub(source, fresh) == [("OPEN", True)]
    assert [tell(house, OTSUKAWA) for _ in range(2)] == [1, 0]
    assert splitting.at_hub(source, fresh) == [("OPEN", True), ("OPEN", False)]
    splitting.step(case, "undo", OTHER_BOSS, reason="WRONG_PERSON")
    assert [tell(house, OTSUKAWA) for _ in range(2)] == [1, 0]
    assert splitting.at_hub(source, fresh) == [("OPEN", True), ("CLOSED", False)]


def test_a_split_that_was_settled_stands_at_the_server(house: House) -> None:
    splitting, source = Splitting(house), house.addressee(OTSUKAWA, "taro")
    case, fresh = splitting.of(source, "split-2")
    assert tell(house, OTSUKAWA) == 1
    splitting.step(case, "settle", OTHER_BOSS)
    assert tell(house, OTSUKAWA) == 0
    assert splitting.at_hub(fresh) == [("OPEN", False)]


def test_a_split_of_somebody_the_server_never_heard_of_is_not_told(house: House) -> None:
    with house.tx(OTSUKAWA, "vault") as tx:
        (unknown,) = house.register.open_many(tx, [NewAddressee("resident", None, {})], actor="test")
    splitting = Splitting(house)
    _, fresh = splitting.of(unknown, "split-3")
    assert tell(house, OTSUKAWA) == 0
    assert splitting.at_hub(unknown, fresh) == []
