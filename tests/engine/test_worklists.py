"""Inboxes and visibility: from the definition, most urgent first, page by page, and never beyond one's role."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from storage.clock import FixedClock
from storage.database import Scope, Transaction
from tests.conftest import Databases
from tests.engine.conftest import make_registry, with_samples
from tests.engine.helpers import BOSS, CLERK, command, opened
from workflows.engine import Actor, CaseView, Engine
from workflows.engine.definition import Definition
from workflows.engine.visibility import may_read, roles_on
from workflows.engine.worklists import duties

SCOPE = Scope(tenant="992011")


def ids(engine: Engine, tx: Transaction, actor: Actor, **more: object) -> list[UUID]:
    return [item.case.id for item in engine.worklist(tx, actor, **more)]  # type: ignore[arg-type]


def test_an_inbox_holds_what_ones_roles_can_act_on(engine: Engine, tx: Transaction) -> None:
    drafted = opened(engine, tx, "drafted").case_id
    waiting = opened(engine, tx, "waiting").case_id
    done = opened(engine, tx, "done").case_id
    engine.apply(tx, command(waiting, "submit", amount=500))
    engine.apply(tx, command(done, "submit", amount=5))
    assert set(ids(engine, tx, CLERK)) == {drafted, waiting}
    assert ids(engine, tx, BOSS) == [waiting]
    (item,) = engine.worklist(tx, BOSS)
    assert (item.label["ja"], set(item.triggers)) == ("審査待ち", {"send_back", "approve", "reject"})
    assert item.due_at is not None
    assert ids(engine, tx, Actor("staff", "x", frozenset({"clock", "system", "resident"}))) == []
    assert ids(engine, tx, BOSS, kinds=["other"]) == []


def test_the_most_urgent_comes_first_and_pages_meet_without_gap(
    engine: Engine, tx: Transaction, clock: FixedClock
) -> None:
    cases = []
    for number in range(7):
        cases.append(opened(engine, tx, f"page-{number}").case_id)
        if number % 2:
            clock.advance(days=1)
    clock.advance(days=-5)
    urgent = opened(engine, tx, "urgent").case_id
    whole = ids(engine, tx, CLERK)
    assert whole[0] == urgent
    assert set(whole) == {*cases, urgent}
    paged, after = [], None
    while page := engine.worklist(tx, CLERK, after, limit=3):
        paged += [item.case.id for item in page]
        after = page[-1].cursor
    assert paged == whole


def test_an_office_sees_its_own_cases_and_those_of_none(engine: Engine, tx: Transaction) -> None:
    tax = opened(engine, tx, "tax", office="992011-02").case_id
    nobody = opened(engine, tx, "nobody").case_id
    in_tax = replace(CLERK, office="992011-02")
    in_welfare = replace(CLERK, office="992011-03")
    assert set(ids(engine, tx, in_tax)) == {tax, nobody}
    assert ids(engine, tx, in_welfare) == [nobody]
    assert set(ids(engine, tx, CLERK)) == {tax, nobody}


def test_no_state_in_which_somebody_may_act_is_forgotten(engine: Engine) -> None:
    definition = engine.registry.kind("sample").newest
    for state in definition.states.values():
        for trigger in definition.by_state[state.name]:
            for role in trigger.who - {"clock", "system", "resident", "proxy"}:
                assert state.name in duties(definition, {role})


@pytest.mark.parametrize("office", [None, "992011-02"])
def test_a_page_reads_only_its_own_range_of_the_index(
    alone: Databases, clock: FixedClock, office: str | None
) -> None:
    crowded, engine = with_samples(alone), Engine(make_registry(), clock)
    with crowded.worker.transaction(SCOPE) as tx:
        for number in range(300):
            opened(engine, tx, f"bulk-{number}", office="992011-02")
    with crowded.migrator.transaction(SCOPE) as tx:
        tx.raw.execute("ANALYZE madoguchi.case_file")
    with crowded.worker.transaction(SCOPE) as tx:
        tx.raw.execute("SET LOCAL enable_seqscan = off")
        seen: list[tuple[str, object]] = []

        class Watching:
            tenant, scope = tx.tenant, tx.scope

            class raw:
                @staticmethod
                def execute(sql: str, parameters: object, prepare: bool = False) -> object:
                    seen.append((sql, parameters))
                    return tx.raw.execute(sql, parameters, prepare=prepare)

        engine.worklist(Watching, replace(CLERK, office=office), limit=20)  # type: ignore[arg-type]
        (sql, parameters) = seen[0]
        plan = tx.raw.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, parameters).fetchone()  # type: ignore[arg-type]
    assert plan is not None
    rows = _index_rows(plan[0][0]["Plan"])
    assert 20 <= rows <= 60


def _index_rows(node: dict[str, object]) -> float:
    inner = sum(_index_rows(one) for one in node.get("Plans", []))  # type: ignore[union-attr, arg-type]
    if node.get("Index Name") == "ix_case_file_worklist":
        return inner + node["Actual Rows"] * node["Actual Loops"]  # type: ignore[operator]
    return inner


@pytest.fixture
def seen(engine: Engine, tx: Transaction) -> tuple[Definition, CaseView]:
    case = engine.case(tx, opened(engine, tx, "seen", subject="900000000000015", office="992011-02").case_id)
    return engine.definition(case), case


HERSELF = frozenset({"992011:900000000000015"})


@pytest.mark.parametrize(
    ("actor", "state", "may"),
    [
        (Actor("staff", "a", frozenset({"clerk"})), "waiting", True),
        (Actor("staff", "a", frozenset({"auditor"})), "waiting", False),
        (Actor("resident", "r", addressees=HERSELF), "drafted", True),
        (Actor("resident", "r", addressees=HERSELF), "waiting", False),
        (Actor("resident", "r", addressees=HERSELF), "approved", True),
        (Actor("resident", "r", addressees=frozenset({"992020:900000000000015"})), "approved", False),
        (Actor("resident", "r", frozenset({"clerk"})), "approved", False),
        (Actor("staff", "a", frozenset({"resident"})), "approved", False),
        (Actor("anonymous", ""), "approved", False),
    ],
)
def test_the_state_decides_who_may_read(
    seen: tuple[Definition, CaseView], actor: Actor, state: str, may: bool
) -> None:
    definition, case = seen
    assert may_read(definition, replace(case, state=state), actor) is may


def test_in_an_office_scope_a_role_counts_only_in_the_office_of_the_case(
    seen: tuple[Definition, CaseView],
) -> None:
    definition, case = seen
    narrow = replace(definition, scope="office")
    assert roles_on(narrow, case, replace(CLERK, office="992011-02")) == {"clerk"}
    assert roles_on(narrow, case, replace(CLERK, office="992011-03")) == frozenset()
    assert roles_on(definition, case, replace(CLERK, office="992011-03")) == {"clerk"}


def test_the_database_itself_hides_a_case_from_its_subject_while_the_state_says_so(
    sample_tables: Databases, engine: Engine
) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        case_id = opened(engine, tx, "hidden", subject="900000000000023").case_id
    herself = Scope(addressees=(("992011", "900000000000023"),))
    stranger = Scope(addressees=(("992011", "900000000000015"), ("992020", "900000000000023")))
    queries = [
        ("SELECT count(*) FROM case_file WHERE id = %s", (case_id,)),
        ("SELECT count(*) FROM step WHERE case_id = %s", (case_id,)),
        ("SELECT count(*) FROM deadline WHERE case_id = %s", (case_id,)),
    ]

    def counts(scope: Scope) -> list[int]:
        return [rows[0][0] for rows in sample_tables.web.read(scope, *queries)]

    assert counts(herself) == [1, 1, 1]
    assert counts(stranger) == [0, 0, 0]
    assert counts(Scope()) == [0, 0, 0]
    assert counts(Scope(tenant="992020")) == [0, 0, 0]
    with sample_tables.worker.transaction(SCOPE) as tx:
        engine.apply(tx, command(case_id, "submit", amount=500))
    assert counts(herself) == [0, 0, 0]
    with sample_tables.worker.transaction(SCOPE) as tx:
        engine.apply(tx, command(case_id, "approve", BOSS))
    assert counts(herself) == [1, 3, 3]


def test_a_resting_state_waits_for_nobody(engine: Engine) -> None:
    definition = next(iter(engine.registry.kinds.values())).newest
    busy = next(iter(duties(definition, BOSS.roles)))
    resting = replace(
        definition, states={**definition.states, busy: replace(definition.states[busy], resting=True)}
    )
    assert busy in duties(definition, BOSS.roles)
    assert busy not in duties(resting, BOSS.roles)


def test_what_rests_today_is_in_no_inbox_whatever_definition_its_case_was_opened_under(
    engine: Engine, tx: Transaction
) -> None:
    case_id = opened(engine, tx, "rests", office="992011-77").case_id
    here = replace(CLERK, office="992011-77")
    kind = engine.registry.kind("sample")
    older = kind.newest
    state = engine.case(tx, case_id).state
    assert case_id in ids(engine, tx, here, limit=1000)
    try:
        kind.add(
            replace(
                older,
                version=older.version + 1,
                states={**older.states, state: replace(older.states[state], resting=True)},
            )
        )
        assert case_id not in ids(engine, tx, here, limit=1000)
    finally:
        del kind.versions[older.version + 1]
