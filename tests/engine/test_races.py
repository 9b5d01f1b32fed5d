"""Many workers at the same cases: one win each, and nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep
from uuid import UUID, uuid4

from storage.clock import FixedClock
from storage.database import Scope
from tests.conftest import Databases
from tests.engine.helpers import BOSS, CLERK, opened
from tests.waiting import PATIENCE
from workflows.engine import Applied, Command, Engine, Refused

SCOPE = Scope(tenant="992011")
WORKERS = 6


def many(engine: Engine, databases: Databases, count: int, submitted: bool = True) -> list[UUID]:
    with databases.worker.transaction(SCOPE) as tx:
        cases = [opened(engine, tx, f"{uuid4()}").case_id for _ in range(count)]
        if submitted:
            wishes = [Command(one, "submit", CLERK, "競争", f"{uuid4()}", {"amount": 500}) for one in cases]
            assert all(isinstance(one, Applied) for one in engine.apply_many(tx, wishes))
    return cases


def test_each_case_is_won_exactly_once(sample_tables: Databases, engine: Engine) -> None:
    cases = many(engine, sample_tables, 30)

    def worker(number: int) -> list[UUID]:
        won = []
        for case_id in cases if number % 2 else reversed(cases):
            trigger = ("approve", "reject")[number % 2]
            try:
                with sample_tables.worker.transaction(SCOPE) as tx:
                    engine.apply(tx, Command(case_id, trigger, BOSS, "競争", f"{uuid4()}"))
                won.append(case_id)
            except Refused:
                pass
        return won

    with ThreadPoolExecutor(WORKERS) as pool:
        wins = Counter(case_id for won in pool.map(worker, range(WORKERS)) for case_id in won)
    assert wins == Counter(cases)
    with sample_tables.worker.transaction(SCOPE) as tx:
        assert engine.verify(tx) is None


def test_batches_in_opposite_order_do_not_lock_each_other_out(
    sample_tables: Databases, engine: Engine
) -> None:
    cases = many(engine, sample_tables, 60)

    def worker(number: int) -> int:
        order = cases if number % 2 else list(reversed(cases))
        with sample_tables.worker.transaction(SCOPE) as tx:
            wishes = [Command(case_id, "approve", BOSS, "競争", f"{uuid4()}") for case_id in order]
            return sum(isinstance(one, Applied) for one in engine.apply_many(tx, wishes))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(worker, range(4))) == len(cases)


def test_opening_with_one_key_at_once_opens_one_case(sample_tables: Databases, engine: Engine) -> None:
    def worker(key: str) -> tuple[UUID, bool]:
        with sample_tables.worker.transaction(SCOPE) as tx:
            answer = opened(engine, tx, key)
        return answer.case_id, answer.replayed

    for _ in range(5):
        key = f"{uuid4()}"
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(worker, [key] * 4))
        assert len({case_id for case_id, _ in answers}) == 1
        assert sorted(replayed for _, replayed in answers) == [False, True, True, True]


def test_workers_share_the_deadlines_and_steps_meanwhile_do_not_block_them(
    sample_tables: Databases, engine: Engine, clock: FixedClock
) -> None:
    cases = many(engine, sample_tables, 40, submitted=False)
    clock.advance(days=30)

    def fire(_: int) -> list[UUID]:
        fired: list[UUID] = []
        while True:
            with sample_tables.worker.transaction(SCOPE) as tx:
                batch = engine.fire_due_deadlines(tx, 5)
            if not batch:
                return fired
            fired += [one.case_id for one in batch if isinstance(one, Applied)]

    def note(_: int) -> list[UUID]:
        for case_id in cases:
            try:
                with sample_tables.worker.transaction(SCOPE) as tx:
                    engine.apply(tx, Command(case_id, "note", CLERK, "競争", f"{uuid4()}"))
            except Refused:
                pass
        return []

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(fire, 0), pool.submit(fire, 1), pool.submit(note, 0)]
        fired = Counter(case_id for job in jobs for case_id in job.result(timeout=PATIENCE))
    fired += Counter(fire(2))
    assert {case_id: count for case_id, count in fired.items() if case_id in cases} == dict.fromkeys(cases, 1)


def test_one_key_for_two_cases_at_once_moves_one_of_them(sample_tables: Databases, engine: Engine) -> None:
    for alone in (True, False):
        first, second = many(engine, sample_tables, 2, submitted=False)
        key = f"{uuid4()}"
        waiting = Event()

        def other(case_id: UUID, key: str, alone: bool, waiting: Event) -> str:
            try:
                with sample_tables.worker.transaction(SCOPE) as tx:
                    if not alone:
                        tx.raw.execute("SELECT 1")
                    waiting.set()
                    engine.apply(tx, Command(case_id, "note", CLERK, "競争", key))
            except Refused as refused:
                return refused.reasons[0].code
            return "taken"

        with ThreadPoolExecutor(1) as pool:
            with sample_tables.worker.transaction(SCOPE) as tx:
                assert engine.apply(tx, Command(first, "note", CLERK, "競争", key)).seq == 2
                tx.ask(("SELECT 1", ()))  # the step is written, and not yet committed
                answer = pool.submit(other, second, key, alone, waiting)
                waiting.wait(PATIENCE)
                sleep(0.1)
            assert answer.result(timeout=PATIENCE) == "request_key_reused"
        with sample_tables.worker.transaction(SCOPE) as tx:
            assert [engine.case(tx, one).steps for one in (first, second)] == [2, 1]
            assert engine.verify(tx) is None


def test_the_same_request_that_waited_for_the_case_gets_the_same_answer(
    sample_tables: Databases, engine: Engine
) -> None:
    (case_id,) = many(engine, sample_tables, 1, submitted=False)
    wish = Command(case_id, "note", CLERK, "二度押し", f"{uuid4()}")

    def again() -> Applied:
        with sample_tables.worker.transaction(SCOPE) as tx:
            return engine.apply(tx, wish)

    with ThreadPoolExecutor(1) as pool:
        with sample_tables.worker.transaction(SCOPE) as tx:
            first = engine.apply(tx, wish)
            second = pool.submit(again)
            sleep(0.2)
            assert not second.done()
        answer = second.result(timeout=PATIENCE)
    assert answer.replayed
    assert answer.step_hash == first.step_hash
