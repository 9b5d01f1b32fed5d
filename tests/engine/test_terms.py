"""Terms counted from what somebody typed in: leap days, the ends of the calendar, writings that mean something else."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from storage.clock import JAPAN, FixedClock
from storage.database import Transaction
from tests.conftest import Databases
from tests.engine.conftest import DEFINITIONS, outbox
from tests.engine.helpers import CLERK, command
from workflows.engine import Engine, Reason, Refused, Registry
from workflows.engine.firing import FIRST_REST
from workflows.engine.soundness import problems


@pytest.fixture
def engine(clock: FixedClock, sample_tables: Databases) -> Engine:
    """An engine with the kind that only waits."""
    registry = Registry()
    registry.load(DEFINITIONS / "terms" / "workflow.yaml").write_effect("outbox")(outbox)
    assert problems(registry.kind("terms").newest) == []
    return Engine(registry, clock)


def begun(engine: Engine, tx: Transaction) -> UUID:
    """A case that waits for nothing."""
    return engine.open(tx, "terms", actor=CLERK, purpose="受付", request_key=f"{uuid4()}").case_id


def waiting(tx: Transaction) -> dict[str, datetime]:
    """The deadlines that wait, by name."""
    return dict(tx.raw.execute("SELECT name, due_at FROM deadline WHERE status = 'pending'").fetchall())


@pytest.mark.parametrize(
    ("day", "over"),
    [
        ("2028-02-28", date(2028, 3, 3)),  # 29 February is counted
        ("2027-02-28", date(2027, 3, 4)),
        ("2028-02-29", date(2028, 3, 4)),
        ("2026-12-31", date(2027, 1, 4)),
        ("1950-01-01", date(1950, 1, 5)),  # when Japan had summer time the day began at midnight as well
        ("1950-05-06", date(1950, 5, 10)),
        (date(2028, 2, 28), date(2028, 3, 3)),
    ],
)
def test_a_term_ends_with_the_midnight_in_japan_after_its_last_day(
    engine: Engine, tx: Transaction, day: str | date, over: date
) -> None:
    engine.apply(tx, command(begun(engine, tx), "by_day", day=day))
    assert waiting(tx)["day"] == datetime.combine(over, time.min, JAPAN)


@pytest.mark.parametrize(
    "day",
    [
        "20261122",
        "2026-W47-7",
        "２０２６-11-22",
        "2026-02-29",
        "2026-11-31",
        " 2026-11-22",
        "0001-01-01",
        "9998-12-31",
        "9999-12-31",
        "令和8年11月22日",
        datetime(2026, 11, 22, tzinfo=UTC),
    ],
)
def test_a_day_written_otherwise_or_beyond_the_calendar_is_refused(
    engine: Engine, tx: Transaction, day: object
) -> None:
    case_id = begun(engine, tx)
    with pytest.raises(Refused) as refused:
        engine.apply(tx, command(case_id, "by_law", day=day))
    assert refused.value.reasons == (Reason("input_wrong", field="day"),)
    assert waiting(tx) == {}
    assert engine.case(tx, case_id).steps == 1


def test_a_day_before_there_was_such_a_law_is_refused_not_an_error(engine: Engine, tx: Transaction) -> None:
    case_id, other = begun(engine, tx), begun(engine, tx)
    wrong = command(case_id, "by_law", day="1950-01-01")
    with pytest.raises(Refused, match="input_wrong"):
        engine.apply(tx, wrong)
    refused, taken = engine.apply_many(tx, [wrong, command(other, "by_law", day="2026-11-22")])
    assert isinstance(refused, Refused)
    assert refused.reasons == (Reason("input_wrong", field="day"),)
    assert not isinstance(taken, Refused)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22",
        "2026-11-22T10:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9999-01-01T00:00:00+00:00",
        date(2026, 11, 22),
        datetime(2026, 11, 22, 10),  # noqa: DTZ001
    ],
)
def test_a_moment_nobody_can_place_is_refused(engine: Engine, tx: Transaction, moment: object) -> None:
    with pytest.raises(Refused) as refused:
        engine.apply(tx, command(begun(engine, tx), "by_hour", moment=moment))
    assert refused.value.reasons == (Reason("input_wrong", field="moment"),)


def test_a_moment_is_the_same_from_whatever_zone(engine: Engine, tx: Transaction) -> None:
    for moment in ("2026-11-23T00:30:00+09:00", "2026-11-22T15:30:00Z"):
        engine.apply(tx, command(begun(engine, tx), "by_hour", moment=moment))
    rows = tx.raw.execute("SELECT DISTINCT due_at FROM deadline").fetchall()
    assert rows == [(datetime(2026, 11, 22, 18, 30, tzinfo=UTC),)]


def test_what_was_not_given_arms_nothing_nor_what_is_counted_from_it(engine: Engine, tx: Transaction) -> None:
    case_id = begun(engine, tx)
    engine.apply(tx, command(case_id, "by_day"))
    assert waiting(tx) == {}
    assert engine.case(tx, case_id).due_at.year == 9999


def test_a_case_whose_term_ran_out_long_ago_stands_in_the_inbox(engine: Engine, tx: Transaction) -> None:
    case_id = begun(engine, tx)
    engine.apply(tx, command(case_id, "by_day", day="1899-12-01"))
    assert [item.case.id for item in engine.worklist(tx, CLERK)] == [case_id]


def test_steps_of_one_batch_see_the_deadlines_of_those_before(engine: Engine, tx: Transaction) -> None:
    ended, waits = begun(engine, tx), begun(engine, tx)
    engine.apply_many(
        tx,
        [
            command(ended, "near"),
            command(waits, "near"),
            command(ended, "end"),
            command(waits, "far"),
        ],
    )
    rows = tx.raw.execute("SELECT name, status FROM deadline WHERE case_id = %s", (ended,)).fetchall()
    assert rows == [("near", "disarmed")]
    assert engine.case(tx, ended).due_at.year == 9999
    assert engine.case(tx, waits).due_at == waiting(tx)["near"]


def test_a_clock_that_goes_back_neither_fires_twice_nor_breaks_the_chain(
    engine: Engine, tx: Transaction, clock: FixedClock
) -> None:
    case_id = begun(engine, tx)
    engine.apply(tx, command(case_id, "near"))
    clock.advance(days=-40)
    assert engine.fire_due_deadlines(tx) == []
    engine.apply(tx, command(case_id, "far"))
    clock.advance(days=50)
    assert len(engine.fire_due_deadlines(tx)) == 1
    clock.advance(days=-50)
    assert engine.fire_due_deadlines(tx) == []
    assert waiting(tx) == {}
    assert [step.seq for step in engine.history(tx, case_id)] == [1, 2, 3, 4]
    assert engine.verify(tx) is None


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_case_that_cannot_go_on_keeps_no_other_term_from_running_out(
    engine: Engine, tx: Transaction, clock: FixedClock, limit: int
) -> None:
    cases = [begun(engine, tx) for _ in range(5)]
    for case_id in cases:
        engine.apply(tx, command(case_id, "near"))
        clock.advance(seconds=1)
    # What the step of the first and of the fourth is to write is there already, which its effect does not expect.
    stuck = [cases[0], cases[3]]
    for case_id in stuck:
        tx.raw.execute("INSERT INTO sample_outbox VALUES (%s, 3)", (case_id,))
    clock.advance(days=4)
    with capture_logs() as lines:
        fired = []
        while batch := engine.fire_due_deadlines(tx, limit):
            fired += batch
    assert sorted(one.case_id for one in fired) == sorted({*cases} - {*stuck})
    assert {line["case_id"] for line in lines} == {str(case_id) for case_id in stuck}
    assert {(line["event"], line["cause"]) for line in lines} == {
        ("engine.deadline_failed", "UniqueViolation")
    }
    assert [engine.case(tx, one).steps for one in cases] == [2, 3, 3, 2, 3]
    tx.raw.execute("DELETE FROM sample_outbox WHERE seq = 3")
    clock.advance(seconds=FIRST_REST.total_seconds())
    assert sorted(one.case_id for one in engine.fire_due_deadlines(tx)) == sorted(stuck)
    assert engine.verify(tx) is None
