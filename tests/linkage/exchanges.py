"""Exchanges carried to where a test wants them, and the core's own word of them."""

from __future__ import annotations

from uuid import UUID

import psycopg

from tests.linkage.house import CLERK, KONO, House
from tests.waiting import eventually
from workflows.engine import Command
from workflows.linkage.worker import sync_records


def at_the_core(house: House, statement: str, *values: object) -> list[tuple]:
    """Ask or change the core's own database."""
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
    _end_reported(house, exchange)
    return exchange


def _end_reported(house: House, exchange: str) -> None:
    """The server tells the core a moment later how it ended."""
    asked = "SELECT outcome <> 'PERMITTED' FROM core.record WHERE exchange_id = %s"
    assert eventually(lambda: at_the_core(house, asked, exchange)[0][0]), "the core never heard how it ended"


def cancel(house: House, case: UUID) -> None:
    """A clerk gives an inquiry up."""
    with house.tx(KONO, "web") as tx:
        house.engine.apply(tx, Command(case, "cancel", CLERK, "取りやめ", f"c:{case}", {"reason": "MISTAKE"}))


def until(house: House, case: UUID, state: str) -> None:
    """Let 甲野市 alone work until its inquiry is in a state."""
    for _ in range(100):
        if house.state(KONO, case) == state:
            return
        house.round((KONO,), always=True)
    raise AssertionError(house.state(KONO, case))
