"""One side withholds, the other follows: no line, no count and no proof shows an exchange that either office may not show."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from storage.database import Scope
from storage.ids import new_id
from tests.provision_records.people import record, writer
from workflows.provision_records.followers import Follower, NotWrittenYet
from workflows.provision_records.following import TASK
from workflows.provision_records.marks import RecordMarks
from workflows.provision_records.models import Party
from workflows.provision_records.reader import ResidentRecords

ASKER, HOLDER = "992011", "992020"


@pytest.fixture
def sides(databases, clock):
    """Both sides' records of one exchange: (write, follow, marks, seen)."""
    exchange = f"X{uuid4().hex[:20]}"
    person = {ASKER: f"A{uuid4().hex[:10]}", HOLDER: f"H{uuid4().hex[:10]}"}
    marks = RecordMarks(writer(clock, exchange), clock, new_id)
    follower = Follower(databases.worker, marks)

    def one(tenant: str, disclosure: str):
        return replace(
            record(0, person[tenant], tenant),
            record_id=new_id(),
            exchange_id=exchange,
            side="asker" if tenant == ASKER else "holder",
            asker=Party(f"{ASKER}-01", "甲野市長", ""),
            holder=Party(f"{HOLDER}-01", "乙川市長", ""),
            disclosure=disclosure,
        )

    def write(tenant: str, disclosure: str = "visible"):
        made = one(tenant, disclosure)
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            writer(clock, tenant + exchange).write_many(tx, [made])
        return made.record_id

    def mark(tenant: str, record_id, disclosure: str) -> None:
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            marks.mark(tx, record_id, disclosure, ground="23-2-1", proposed_by="one", approved_by="two")

    def seen():
        page = ResidentRecords(databases.web).page(Scope(addressees=tuple(person.items())))
        return len(page.rows), page.total

    return write, mark, lambda tenant: follower.follow(tenant, [exchange]), seen


def test_a_mark_on_one_side_hides_the_other_side_too(sides):
    write, mark, follow, seen = sides
    asked, _ = write(ASKER), write(HOLDER)
    assert seen()[0] == 1
    mark(ASKER, asked, "withheld")
    assert follow(ASKER) == 1
    assert seen() == (0, 0)


def test_written_withheld_is_followed_as_soon_as_the_other_side_writes(sides):
    write, _, follow, seen = sides
    write(HOLDER, "withheld")
    with pytest.raises(NotWrittenYet):
        follow(HOLDER)
    write(ASKER)
    assert follow(HOLDER) == 1
    assert seen() == (0, 0)
    assert follow(HOLDER) == 0


def test_lifting_is_followed_only_where_the_other_had_merely_followed(sides):
    write, mark, follow, seen = sides
    asked, held = write(ASKER), write(HOLDER)
    mark(ASKER, asked, "withheld")
    follow(ASKER)
    mark(ASKER, asked, "visible")
    assert follow(ASKER) == 1
    assert seen()[0] == 1
    mark(HOLDER, held, "withheld")
    mark(ASKER, asked, "withheld")
    mark(ASKER, asked, "visible")
    assert follow(ASKER) == 0, "the holder's own decision stays"


def test_the_job_goes_with_the_mark(sides, databases):
    write, mark, _, _ = sides
    asked = write(ASKER)
    count = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = %s"
    (before,) = databases.worker.read(Scope(), (count, (TASK,)))
    mark(ASKER, asked, "withheld")
    (after,) = databases.worker.read(Scope(), (count, (TASK,)))
    assert after[0][0] == before[0][0] + 1
