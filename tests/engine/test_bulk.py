"""Many steps at once: the same answers as one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.database import Scope, Transaction
from storage.ids import new_id
from tests.conftest import Databases
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


UNFIT: list[dict[str, Any]] = [
    {"purpose": "\ud800"},
    {"purpose": "a\x00"},
    {"purpose": None},
    {"purpose": "あ" * 2001},
    {"request_key": "\ud800"},
    {"request_key": "a\x00"},
    {"request_key": ""},
    {"request_key": None},
    {"request_key": 5},
    {"request_key": []},
    {"on_behalf_of": "\ud800"},
    {"on_behalf_of": "a\x00"},
    {"on_behalf_of": ""},
    {"input": {"text": "\ud800"}},
    {"input": {"text": "あ" * 2001}},
    {"input": {"text": {"a": object()}}},
    {"input": {"text": float("nan")}},
    {"input": {5: "x"}},
    {"trigger": "no\x00te"},
]


@pytest.mark.parametrize(
    "unfit", UNFIT, ids=[f"{next(iter(one))}-{place}" for place, one in enumerate(UNFIT)]
)
def test_what_cannot_be_kept_is_refused_alone(engine: Engine, tx: Transaction, unfit: dict[str, Any]) -> None:
    one, other = opened(engine, tx, "one").case_id, opened(engine, tx, "other").case_id
    wrong = replace(command(one, "note"), **unfit)
    with pytest.raises(Refused) as refused:
        engine.apply(tx, wrong)
    answers = engine.apply_many(tx, [wrong, command(other, "note", text="髙橋の件 葛\U000e0100城")])
    assert isinstance(answers[0], Refused)
    assert answers[0].reasons == refused.value.reasons
    assert isinstance(answers[1], Applied)
    if "trigger" not in unfit:
        with pytest.raises(Refused) as closed:
            engine.open(tx, "sample", **{"actor": CLERK, "purpose": "受付", "request_key": "third", **unfit})
        assert closed.value.reasons
    assert engine.case(tx, one).steps == 1
    assert engine.history(tx, other)[-1].input == {"text": "髙橋の件 葛\U000e0100城"}
    assert engine.verify(tx) is None


def test_a_batch_that_names_cases_of_another_office_finds_none_of_them(
    engine: Engine, sample_tables: Databases, tenant_a: str, tenant_b: str
) -> None:
    with sample_tables.worker.transaction(Scope(tenant=tenant_b)) as tx:
        theirs = opened(engine, tx, "theirs").case_id
    with sample_tables.worker.transaction(Scope(tenant=tenant_a)) as tx:
        ours = opened(engine, tx, "ours").case_id
        answers = engine.apply_many(
            tx, [command(one, "submit", amount=500) for one in (theirs, ours, theirs, ours)]
        )
        told = [one.after if isinstance(one, Applied) else one.reasons[0].code for one in answers]
        assert told == ["case_not_found", "waiting", "case_not_found", "wrong_state"]
    with sample_tables.worker.transaction(Scope(tenant=tenant_b)) as tx:
        assert engine.case(tx, theirs).steps == 1
