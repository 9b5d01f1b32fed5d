"""Files of a withdrawn version are withheld by the database itself, whoever asks and whatever a page forgets."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from privacy_assessment import publication
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from tests.conftest import Databases
from tests.privacy_assessment.world import Office

CLOCK = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FILES = "SELECT count(*) FROM madoguchi.public_statement_file WHERE body = %s AND number = %s"


def seen(databases: Databases, body: str, number: str) -> dict[str, int]:
    """How many files each of those who may ask can see."""
    found = {}
    for name, scope in (
        ("anyone", NOWHERE),
        ("another office", Scope(tenant="992020")),
        ("its office", Scope(tenant="992011")),
    ):
        with databases.web.transaction(scope) as tx:
            row = tx.raw.execute(FILES, (body, number)).fetchone()
            found[name] = row[0] if row else 0
    return found


@pytest.mark.parametrize("how", ["withdrawn", "left"])
def test_files_of_what_is_no_longer_public_are_its_office_s_only(databases: Databases, how: str) -> None:
    office = Office(FixedClock(CLOCK))
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        gone, stays = office.published(tx, "basic"), office.published(tx, "basic")
    assert set(seen(databases, gone.body, gone.number).values()) == {2}
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        if how == "withdrawn":
            assert publication.withdraw(
                tx, gone, "published", 1, date(2026, 11, 22), "別の事務でした。", CLOCK
            )
        else:
            publication.left(tx, gone, date(2026, 11, 22), CLOCK)
    assert seen(databases, gone.body, gone.number) == {"anyone": 0, "another office": 0, "its office": 2}
    assert set(seen(databases, stays.body, stays.number).values()) == {2}
