"""Deadlines: counted once, fired once, settled with a reason when they come to nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.clock import FixedClock
from storage.database import Transaction
from tests.engine.helpers import BOSS, command, opened
from workflows.engine import Engine, Refused


def test_deadlines_are_counted_once_and_kept_with_their_rule(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    rows = tx.raw.execute(
        "SELECT name, due_at, rule, status FROM deadline WHERE case_id = %s", (case_id,)
    ).fetchall()
    assert [(name, due, status) for name, due, _, status in rows] == [
        ("drafting_limit", datetime(2026, 12, 6, 15, tzinfo=UTC), "pending")
    ]
    assert "14日（初日を数えない）" in rows[0][2]
    assert "見本条例2条" in rows[0][2]
    engine.apply(tx, command(case_id, "submit", amount=500))
    rows = tx.raw.execute(
        "SELECT name, status, due_at FROM deadline WHERE case_id = %s ORDER BY due_at", (case_id,)
    ).fetchall()
    assert [(name, status) for name, status, _ in rows] == [
        ("drafting_limit", "disarmed"),
        ("reminder", "pending"),
        ("answer_limit", "pending"),
    ]
    assert engine.case(tx, case_id).due_at == rows[1][2]
    engine.apply(tx, command(case_id, "reject", BOSS))
    assert engine.case(tx, case_id).due_at.year == 9999


def test_the_clock_pulls_what_is_due_exactly_once(engine: Engine, tx: Transaction, clock: FixedClock) -> None:
    case_id = opened(engine, tx).case_id
    assert engine.fire_due_deadlines(tx) == []
    clock.advance(days=13)
    assert engine.fire_due_deadlines(tx) == []
    clock.advance(days=2)
    fired = engine.fire_due_deadlines(tx)
    assert [(one.case_id, one.after) for one in fired] == [(case_id, "expired")]
    assert engine.fire_due_deadlines(tx) == []
    assert engine.history(tx, case_id)[-1].actor_kind == "clock"
    row = tx.raw.execute("SELECT status, settled_by FROM deadline WHERE case_id = %s", (case_id,)).fetchone()
    assert row == ("fired", 2)


def test_a_reminder_fires_and_the_limit_still_waits(
    engine: Engine, tx: Transaction, clock: FixedClock
) -> None:
    case_id = opened(engine, tx).case_id
    engine.apply(tx, command(case_id, "submit", amount=500))
    clock.set(engine.case(tx, case_id).due_at)
    assert [one.trigger for one in engine.fire_due_deadlines(tx)] == ["remind"]
    case = engine.case(tx, case_id)
    assert (case.state, case.due_at > clock.now()) == ("waiting", True)
    clock.advance(days=60)
    assert [one.after for one in engine.fire_due_deadlines(tx)] == ["expired"]


def test_a_deadline_the_case_has_no_use_for_is_settled_with_the_reason(
    engine: Engine, tx: Transaction, clock: FixedClock
) -> None:
    case_id = opened(engine, tx).case_id
    tx.raw.execute("UPDATE deadline SET trigger = 'remind' WHERE case_id = %s", (case_id,))
    clock.advance(days=30)
    (refused,) = engine.fire_due_deadlines(tx)
    assert isinstance(refused, Refused)
    row = tx.raw.execute("SELECT status, reasons FROM deadline WHERE case_id = %s", (case_id,)).fetchone()
    assert row == ("refused", ["wrong_state"])
    assert engine.fire_due_deadlines(tx) == []
    assert engine.case(tx, case_id).due_at.year == 9999


def test_time_between_deadlines_does_not_double_anything(
    engine: Engine, tx: Transaction, clock: FixedClock
) -> None:
    cases = [opened(engine, tx, f"many-{number}").case_id for number in range(5)]
    for case_id in cases:
        engine.apply(tx, command(case_id, "submit", amount=500))
    clock.advance(days=90)
    fired = []
    while batch := engine.fire_due_deadlines(tx, limit=3):
        fired += batch
    assert sorted(one.trigger for one in fired) == ["expire"] * 5 + ["remind"] * 5
    assert engine.verify(tx) is None
