"""Many steps at once: the same answers as one at a time."""

from __future__ import annotations

from storage.database import Transaction
from storage.ids import new_id
from tests.engine.helpers import BOSS, CLERK, command, opened
from workflows.engine import Applied, CaseNotFound, Command, Engine, Refused


def test_each_command_is_answered_on_its_own(engine: Engine, tx: Transaction) -> None:
    cases = [opened(engine, tx, f"o-{number}").case_id for number in range(6)]
    tx.raw.execute("INSERT INTO sample_freeze VALUES (%s)", (cases[3],))
    missing = new_id()
    wishes = [
        command(cases[0], "submit", amount=500),
        command(cases[1], "submit", amount=5),
        command(cases[2], "submit", BOSS, amount=500),
        command(cases[3], "submit", amount=500),
        command(missing, "submit", amount=500),
        command(cases[0], "approve", BOSS),
        command(cases[4], "note", key="twice"),
        command(cases[4], "note", key="twice"),
        command(cases[5], "note", key="twice"),
        Command(cases[5], "note", CLERK, "", "no-purpose"),
    ]
    answers = engine.apply_many(tx, wishes)
    told = [one.after if isinstance(one, Applied) else one.reasons[0].code for one in answers]
    assert told == [
        "waiting", "approved", "not_your_role", "not_frozen", "case_not_found", "approved", "drafted", "drafted",
        "request_key_reused", "purpose_missing",
    ]  # fmt: skip
    assert isinstance(answers[4], CaseNotFound)
    assert isinstance(answers[7], Applied)
    assert answers[7].replayed
    assert engine.verify(tx) is None
    assert engine.case(tx, cases[0]).steps == 3
    rows = tx.raw.execute(
        "SELECT seq FROM sample_outbox WHERE case_id = %s ORDER BY seq", (cases[0],)
    ).fetchall()
    assert rows == [(2,), (3,)]


def test_a_batch_sent_again_changes_nothing(engine: Engine, tx: Transaction) -> None:
    cases = [opened(engine, tx, f"again-{number}").case_id for number in range(20)]
    wishes = [command(case_id, "submit", amount=500) for case_id in cases]
    first = engine.apply_many(tx, wishes)
    again = engine.apply_many(tx, wishes)
    assert all(isinstance(one, Applied) and one.replayed for one in again)
    assert [one.step_hash for one in first if isinstance(one, Applied)] == [
        one.step_hash for one in again if isinstance(one, Applied)
    ]


def test_bulk_and_single_steps_leave_the_same_rows(engine: Engine, tx: Transaction) -> None:
    single, bulk = opened(engine, tx, "single").case_id, opened(engine, tx, "bulk").case_id
    engine.apply(tx, command(single, "submit", amount=500, reason="同じ"))
    engine.apply_many(tx, [command(bulk, "submit", amount=500, reason="同じ")])
    engine.apply(tx, command(single, "send_back", BOSS))
    engine.apply_many(tx, [command(bulk, "send_back", BOSS)])
    one, other = engine.case(tx, single), engine.case(tx, bulk)
    assert (one.state, one.steps, one.due_at, one.last_by) == (
        other.state,
        other.steps,
        other.due_at,
        other.last_by,
    )
    columns = "name, armed_by, trigger, due_at, rule, status, settled_by, settled_at"
    sql = f"SELECT {columns} FROM deadline WHERE case_id = %s ORDER BY name, armed_by"
    assert tx.raw.execute(sql, (single,)).fetchall() == tx.raw.execute(sql, (bulk,)).fetchall()
    for left, right in zip(engine.history(tx, single), engine.history(tx, bulk), strict=True):
        assert (left.trigger, left.before, left.after, left.input, left.article) == (
            right.trigger, right.before, right.after, right.input, right.article,
        )  # fmt: skip


def test_an_empty_batch_is_no_work(engine: Engine, tx: Transaction) -> None:
    assert engine.apply_many(tx, []) == []


def test_a_refusal_in_a_batch_keeps_all_its_reasons(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx, "reasons").case_id
    (answer,) = engine.apply_many(tx, [command(case_id, "submit", BOSS, amount=5000, colour="red")])
    assert isinstance(answer, Refused)
    assert {reason.code for reason in answer.reasons} == {"not_your_role", "over_limit", "input_unknown"}
