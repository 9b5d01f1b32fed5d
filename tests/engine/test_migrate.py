"""Moving open cases to a new version: recorded, mapped, once."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from storage.clock import FixedClock
from storage.database import Scope
from tests.conftest import Databases
from tests.engine.conftest import DEFINITIONS, make_registry, with_samples
from tests.engine.helpers import BOSS, CLERK, command, opened
from workflows.engine import Actor, Applied, DefinitionError, Engine, Refused

SCOPE = Scope(tenant="992011")
SYSTEM = Actor("system", "release-2")


def test_open_cases_move_by_a_recorded_step_and_keep_their_terms(alone: Databases, clock: FixedClock) -> None:
    office, engine = with_samples(alone), Engine(make_registry(), clock)
    with office.worker.transaction(SCOPE) as tx:
        cases = [opened(engine, tx, f"{uuid4()}").case_id for _ in range(5)]
        for case_id in cases[1:4]:
            engine.apply(tx, command(case_id, "submit", amount=500))
        engine.apply(tx, command(cases[3], "approve", BOSS))
        due = engine.case(tx, cases[1]).due_at
    newer = Engine(make_registry(DEFINITIONS / "next" / "workflow.yaml"), clock)
    with office.worker.transaction(SCOPE) as tx:
        moved = newer.migrate(tx, "sample", actor=SYSTEM, purpose="第2版へ", limit=3)
        assert (len(moved.moved), moved.left) == (3, 1)
        moved = newer.migrate(tx, "sample", actor=SYSTEM, purpose="第2版へ", limit=3)
        assert (len(moved.moved), moved.left) == (1, 0)
        assert newer.migrate(tx, "sample", actor=SYSTEM, purpose="第2版へ").moved == ()
        states = [(newer.case(tx, one).state, newer.case(tx, one).definition_version) for one in cases]
        assert states == [("drafted", 2), ("in_review", 2), ("in_review", 2), ("approved", 1), ("drafted", 2)]
        step = newer.history(tx, cases[1])[-1]
        assert (step.trigger, step.before, step.after, step.input) == (
            "migrate", "waiting", "in_review", {"from_version": 1, "to_version": 2},
        )  # fmt: skip
        assert newer.case(tx, cases[1]).due_at == due
        assert newer.verify(tx) is None
        assert newer.apply(tx, command(cases[1], "approve", BOSS)).after == "approved"
        # What is closed stays readable under the version it was closed under.
        assert newer.definition(newer.case(tx, cases[3])).version == 1


def test_a_case_that_missed_a_version_goes_to_the_newest_by_both_mappings(
    sample_tables: Databases, engine: Engine, clock: FixedClock, tmp_path: Path
) -> None:
    second = DEFINITIONS / "next" / "workflow.yaml"
    third = (
        second.read_text("utf-8").replace("in_review", "under_review").replace("version: 2", "version: 3", 1)
    )
    third = third.replace(
        "version: 1\n  states: {waiting: under_review}", "version: 2\n  states: {in_review: under_review}"
    )
    for name, text in (
        ("workflow.yaml", third),
        ("workflow.v2.yaml", second.read_text("utf-8")),
        ("workflow.v1.yaml", (DEFINITIONS / "workflow.yaml").read_text("utf-8")),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    with sample_tables.worker.transaction(SCOPE) as tx:
        oldest, draft = (opened(engine, tx, f"{uuid4()}").case_id for _ in range(2))
        engine.apply(tx, command(oldest, "submit", amount=500))
    newer = Engine(make_registry(second), clock)
    with sample_tables.worker.transaction(SCOPE) as tx:
        older = opened(newer, tx, f"{uuid4()}").case_id
        newer.apply(tx, command(older, "submit", amount=500))
    newest = Engine(make_registry(tmp_path / "workflow.yaml"), clock)
    with sample_tables.worker.transaction(SCOPE) as tx:
        while newest.migrate(tx, "sample", actor=SYSTEM, purpose="第3版へ", limit=2).left:
            continue
        found = [newest.case(tx, one) for one in (oldest, older, draft)]
        assert [(case.state, case.definition_version) for case in found] == [
            ("under_review", 3), ("under_review", 3), ("drafted", 3),
        ]  # fmt: skip
        step = newest.history(tx, oldest)[-1]
        assert (step.before, step.after, step.input) == (
            "waiting",
            "under_review",
            {"from_version": 1, "to_version": 3},
        )
        assert newest.verify(tx) is None
        assert newest.apply(tx, command(oldest, "approve", BOSS)).after == "approved"


def test_old_and_new_cases_live_side_by_side(
    sample_tables: Databases, engine: Engine, clock: FixedClock
) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        old = opened(engine, tx, f"{uuid4()}").case_id
    newer = Engine(make_registry(DEFINITIONS / "next" / "workflow.yaml"), clock)
    with sample_tables.worker.transaction(SCOPE) as tx:
        young = opened(newer, tx, f"{uuid4()}").case_id
        answers = newer.apply_many(tx, [command(one, "submit", amount=500) for one in (old, young)])
        assert [one.after for one in answers if isinstance(one, Applied)] == ["waiting", "in_review"]
        inbox = {item.case.id: item.label["ja"] for item in newer.worklist(tx, BOSS, limit=100)}
        assert (inbox[old], inbox[young]) == ("審査待ち", "審査中")


def test_a_version_that_is_gone_is_named(sample_tables: Databases, clock: FixedClock, tmp_path: Path) -> None:
    newer = Engine(make_registry(DEFINITIONS / "next" / "workflow.yaml"), clock)
    with sample_tables.worker.transaction(SCOPE) as tx:
        young = opened(newer, tx, f"{uuid4()}").case_id
    older = Engine(make_registry(), clock)
    with (
        sample_tables.worker.transaction(SCOPE) as tx,
        pytest.raises(DefinitionError, match=r"keep workflow.v2.yaml"),
    ):
        older.apply(tx, command(young, "note"))


def test_terms_of_a_version_that_is_gone_wait_and_all_others_run_out(
    sample_tables: Databases, engine: Engine, clock: FixedClock
) -> None:
    newer = Engine(make_registry(DEFINITIONS / "next" / "workflow.yaml"), clock)
    with sample_tables.worker.transaction(SCOPE) as tx:
        young, old = opened(newer, tx, f"{uuid4()}").case_id, opened(engine, tx, f"{uuid4()}").case_id
    clock.advance(days=400)
    with sample_tables.worker.transaction(SCOPE) as tx:
        while engine.fire_due_deadlines(tx):
            continue
        assert (engine.case(tx, old).state, engine.case(tx, young).state) == ("expired", "drafted")
        while newer.fire_due_deadlines(tx):
            continue
        assert newer.case(tx, young).state == "expired"


def test_a_first_version_has_nothing_to_move(sample_tables: Databases, engine: Engine) -> None:
    with (
        sample_tables.worker.transaction(SCOPE) as tx,
        pytest.raises(DefinitionError, match="replaces no other version"),
    ):
        engine.migrate(tx, "sample", actor=SYSTEM, purpose="試験")


def test_the_migration_is_no_trigger_anyone_can_pull(sample_tables: Databases, engine: Engine) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        case_id = opened(engine, tx, f"{uuid4()}").case_id
        for actor in (CLERK, SYSTEM):
            with pytest.raises(Refused, match="unknown_trigger"):
                engine.apply(tx, command(case_id, "migrate", actor))
