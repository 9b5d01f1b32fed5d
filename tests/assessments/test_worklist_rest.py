"""A public statement waits for nobody: it is in no list of work until its review or a new assessment comes up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from storage.clock import FixedClock
from storage.database import Scope
from tests.assessments.desk import Desk
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, OPERATOR, SUPERVISOR

TENANT = "992011"
HEAD = "見直しの時期が来た評価書"


@pytest.fixture
def desk(counter: Counter, databases: Databases, time: FixedClock, now: FixedClock) -> Iterator[Desk]:
    """A published statement and one being written."""
    found = Desk(time)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        found.public = found.published(tx, "basic")
        found.written = found.drafting(tx, "basic")
    return found


def test_a_published_statement_is_in_the_list_of_work_only_when_something_is_due(
    desk: Desk, counter: Counter, databases: Databases, now: FixedClock
) -> None:
    public, written = (f"/staff/assessments/{one.id}" for one in (desk.public, desk.written))
    page = counter.of(COORDINATOR).get("/staff/")
    assert written in page.text
    assert public not in page.text
    assert HEAD not in page.text

    now.advance(days=340)
    page = counter.of(COORDINATOR).get("/staff/")
    (line,) = page.html.find("h2", string=HEAD).find_next("ul").find_all("li")
    assert line.a["href"] == public
    assert "1年ごとの見直し" in line.get_text()
    assert "過ぎています" not in line.get_text()
    assert HEAD not in counter.of(OPERATOR).get("/staff/").text

    # The reminder itself is over, the review is not done: it stays, and says that its day is past.
    now.advance(days=40)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.engine.fire_due_deadlines(tx)
    assert (
        "過ぎています"
        in counter.of(COORDINATOR).get("/staff/").html.find("h2", string=HEAD).find_next("ul").text
    )

    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.step(tx, desk.public, "review", done_on=now.today(), result="none")
    page = counter.of(COORDINATOR).get("/staff/")
    assert HEAD not in page.text
    assert public not in page.text


def test_an_ended_affair_waits_for_nobody(
    desk: Desk, counter: Counter, databases: Databases, now: FixedClock
) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.step(tx, desk.public, "end", stopped_on=now.today() - timedelta(days=1))
    for person in (CLERK, SUPERVISOR, COORDINATOR):
        assert f"/staff/assessments/{desk.public.id}" not in counter.of(person).get("/staff/").text
