"""A model of the sample kind, fired at the real engine and database with random commands, replays, races and crashes.

The model is a few dictionaries. Whatever happens, three things must hold: a step that was answered is there for ever, a step that
was not answered is there wholly or not at all, and nothing is there twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.clock import FixedClock
from storage.database import Scope
from tests.conftest import Databases
from tests.engine.crashing import GONE, run
from tests.engine.helpers import BOSS, CLERK
from workflows.engine import Actor, Applied, Command, Engine, Refused

RESIDENT_OF_NOBODY = Actor("resident", "acc-1")
ACTORS = {"clerk": CLERK, "boss": BOSS, "nobody": RESIDENT_OF_NOBODY}
OPEN_STATES = ("drafted", "waiting")
HOW = st.sampled_from(["before", "after", "kill", "commit", "answer"])
# Most commands run through; the others break at one of their first statements.
BREAK = st.one_of(st.just((0, "none")), st.tuples(st.integers(1, 6), HOW))


def expected(state: str, trigger: str, actor: str, amount: int, last_by: str, frozen: bool) -> str | None:
    """The state the sample's rules lead to, or None when they refuse."""
    if trigger == "submit" and state == "drafted" and actor == "clerk" and amount <= 1000 and not frozen:
        return "approved" if amount <= 10 else "waiting"
    if trigger == "note" and state in OPEN_STATES and actor == "clerk":
        return state
    if state == "waiting" and actor == "boss":
        if trigger == "approve":
            return "approved" if last_by != BOSS.id else None
        return {"send_back": "drafted", "reject": "rejected"}.get(trigger)
    return None


class EngineMachine(RuleBasedStateMachine):
    """Fires commands and keeps the model; ``databases``, ``engine`` and ``clock`` are set by a subclass."""

    databases: Databases
    engine: Engine
    clock: FixedClock

    def __init__(self) -> None:
        super().__init__()
        self.steps: dict[UUID, list[tuple[str, str, str, str]]] = {}
        self.answers: dict[str, tuple[Command, Applied]] = {}
        self.frozen: set[UUID] = set()
        self.scope = Scope(tenant="992011")
        self.runs = 0

    # -- small helpers ------------------------------------------------------------------------------------------------

    def _run(self, work: Any, at: int = 0, how: str = "none") -> Any:
        """Every third transaction was used by somebody before the engine."""
        self.runs += 1
        alone = self.runs % 3 != 0
        return run(self.databases.worker, self.scope, work, at, how, self.databases.admin_url, alone)

    def _history(self, case_id: UUID) -> list[tuple[str, str, str, str]]:
        steps = self._run(lambda tx: self.engine.history(tx, case_id))
        return [(step.trigger, step.before, step.after, step.actor_id) for step in steps]

    def _case(self, data: st.DataObject) -> UUID:
        # In the order they were opened: the numbers are random, so sorting them would make the same draws mean another case.
        return data.draw(st.sampled_from(list(self.steps)), label="case")

    def _learn(self, command: Command) -> Applied | None:
        """After a break, ask again with the same key: the step is there already, or it is taken now, or it is refused."""
        try:
            return self._run(lambda tx: self.engine.apply(tx, command))
        except Refused:
            return None

    def _note(self, command: Command, answer: Applied) -> None:
        if command.request_key in self.answers:
            assert answer.replayed
            assert answer.step_hash == self.answers[command.request_key][1].step_hash
            return
        self.answers[command.request_key] = (command, answer)
        self.steps[answer.case_id].append((answer.trigger, answer.before, answer.after, command.actor.id))
        assert answer.seq == len(self.steps[answer.case_id])

    def _expected(self, command: Command) -> str | None:
        name = next(name for name, actor in ACTORS.items() if actor is command.actor)
        last = self.steps[command.case_id][-1]
        frozen = command.case_id in self.frozen
        return expected(last[2], command.trigger, name, command.input.get("amount", 0), last[3], frozen)

    # -- rules --------------------------------------------------------------------------------------------------------

    @initialize()
    def first(self) -> None:
        self.open((0, "none"))
        self.open((0, "none"))

    @rule(broken=BREAK)
    def open(self, broken: tuple[int, str]) -> None:
        key = f"open-{uuid4()}"

        def work(tx: Any) -> Applied:
            return self.engine.open(tx, "sample", actor=CLERK, purpose="受付", request_key=key)

        try:
            answer = self._run(work, *broken)
        except GONE:
            answer = self._run(work)
        assert self._run(work).case_id == answer.case_id
        self.steps[answer.case_id] = [("open", "", "drafted", CLERK.id)]

    @rule(
        data=st.data(),
        trigger=st.sampled_from(["submit", "note", "send_back", "approve", "reject", "remind", "nonsense"]),
        actor=st.sampled_from(sorted(ACTORS)),
        amount=st.sampled_from([5, 500, 500, 5000]),
        broken=BREAK,
    )
    def apply(
        self, data: st.DataObject, trigger: str, actor: str, amount: int, broken: tuple[int, str]
    ) -> None:
        given = {"amount": amount} if trigger == "submit" else {}
        command = Command(self._case(data), trigger, ACTORS[actor], "試験", f"k-{uuid4()}", given)
        wanted = self._expected(command)
        try:
            answer = self._run(lambda tx: self.engine.apply(tx, command), *broken)
        except Refused:
            assert wanted is None
            return
        except GONE:
            again = self._learn(command)
            assert (again is not None) == (wanted is not None)
            if again is None:
                return
            answer = again
            assert not answer.replayed or broken[1] == "answer"
        assert answer.after == wanted
        self._note(command, answer)

    @precondition(lambda self: bool(self.answers))
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        command, answer = self.answers[data.draw(st.sampled_from(list(self.answers)), label="key")]
        again = self._run(lambda tx: self.engine.apply(tx, command))
        assert again.replayed
        assert (again.seq, again.step_hash, again.after) == (answer.seq, answer.step_hash, answer.after)

    @precondition(lambda self: bool(self.answers))
    @rule(data=st.data())
    def steal_a_key(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(list(self.answers)), label="key")
        other = Command(self._case(data), "note", CLERK, "試験", key, {"text": "別の依頼"})
        with pytest.raises(Refused) as refused:
            self._run(lambda tx: self.engine.apply(tx, other))
        assert [reason.code for reason in refused.value.reasons] == ["request_key_reused"]

    @rule(data=st.data(), broken=BREAK)
    def bulk(self, data: st.DataObject, broken: tuple[int, str]) -> None:
        drawn = data.draw(
            st.lists(st.sampled_from(["note", "submit", "approve", "reject"]), min_size=1, max_size=6)
        )
        wishes = [
            Command(
                self._case(data),
                trigger,
                BOSS if trigger in ("approve", "reject") else CLERK,
                "一括",
                f"b-{uuid4()}",
                {"amount": 500} if trigger == "submit" else {},
            )
            for trigger in drawn
        ]
        try:
            answers = self._run(lambda tx: self.engine.apply_many(tx, wishes), *broken)
        except GONE:
            answers = self._run(lambda tx: self.engine.apply_many(tx, wishes))
        # When only the answer was lost, the steps were taken the first time. A refusal leaves nothing behind, so what was refused then
        # is decided anew now, after all of them.
        pairs = list(zip(wishes, answers, strict=True))
        before = [one for one in pairs if isinstance(one[1], Applied) and one[1].replayed]
        assert not before or broken[1] == "answer"
        for command, answer in [*before, *(one for one in pairs if one not in before)]:
            wanted = self._expected(command)
            assert (answer.after if isinstance(answer, Applied) else None) == wanted
            if isinstance(answer, Applied):
                self._note(command, answer)

    @rule(data=st.data(), trigger=st.sampled_from(["submit", "approve", "reject", "send_back"]))
    def race(self, data: st.DataObject, trigger: str) -> None:
        """Three at once, each with a key of its own: the rules decide as if they had come one after the other."""
        case_id = self._case(data)
        actor = CLERK if trigger == "submit" else BOSS
        given = {"amount": 500} if trigger == "submit" else {}
        wishes = [Command(case_id, trigger, actor, "競争", f"r-{uuid4()}", given) for _ in range(3)]

        def one(command: Command) -> Applied | None:
            return self._learn(command)

        could = self._expected(wishes[0])
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(one, wishes))
        won = [
            (command, answer) for command, answer in zip(wishes, answers, strict=True) if answer is not None
        ]
        assert len(won) == (0 if could is None else 1)
        for command, answer in won:
            self._note(command, answer)

    @rule(data=st.data())
    def same_request_twice_at_once(self, data: st.DataObject) -> None:
        command = Command(self._case(data), "note", CLERK, "二度押し", f"d-{uuid4()}")
        could = self._expected(command)
        with ThreadPoolExecutor(2) as pool:
            answers = [answer for answer in pool.map(self._learn, [command, command]) if answer is not None]
        assert len(answers) == (0 if could is None else 2)
        assert sorted(answer.replayed for answer in answers) == [False, True][: len(answers)]
        for answer in sorted(answers, key=lambda answer: answer.replayed):
            self._note(command, answer)

    @rule(data=st.data())
    def freeze(self, data: st.DataObject) -> None:
        case_id = self._case(data)
        sql = "INSERT INTO sample_freeze VALUES (%s) ON CONFLICT DO NOTHING"
        self._run(lambda tx: tx.raw.execute(sql, (case_id,)))
        self.frozen.add(case_id)

    @rule(days=st.sampled_from([1, 5, 12, 20, 40]), broken=BREAK)
    def time_passes(self, days: int, broken: tuple[int, str]) -> None:
        self.clock.advance(days=days)

        def work(tx: Any) -> Any:
            return self.engine.fire_due_deadlines(tx, 3)

        before = {case_id: len(steps) for case_id, steps in self.steps.items()}
        with suppress(*GONE):
            self._run(work, *broken)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: self._drain(work), range(2)))
        for case_id, known in before.items():
            for trigger, state, after, actor in self._history(case_id)[known:]:
                assert actor == "clock"
                assert state == self.steps[case_id][-1][2]
                assert (trigger, after) in (("expire", "expired"), ("remind", "waiting"))
                self.steps[case_id].append((trigger, state, after, actor))

    def _drain(self, work: Any) -> None:
        while self._run(work):
            pass

    # -- what must always hold ----------------------------------------------------------------------------------------

    @invariant()
    def the_journal_is_the_model(self) -> None:
        for case_id, steps in self.steps.items():
            assert self._history(case_id) == steps

    def teardown(self) -> None:
        """At the end of a run: the chain holds, and no effect and no deadline was lost or doubled."""
        with self.databases.worker.transaction(self.scope) as tx:
            assert self.engine.verify(tx) is None
            lost = tx.raw.execute(
                "SELECT s.case_id, s.seq FROM step AS s FULL JOIN sample_outbox AS o USING (case_id, seq)"
                " WHERE (s.trigger IN ('submit', 'approve', 'reject')) IS DISTINCT FROM (o.seq IS NOT NULL)"
            ).fetchall()
            assert lost == []
            jobs = tx.raw.execute(
                "SELECT count(*), count(DISTINCT args) FROM jobs.procrastinate_jobs"
            ).fetchone()
            wanted = tx.raw.execute(
                "SELECT count(*) FROM step WHERE trigger IN ('approve', 'remind')"
            ).fetchone()
            assert jobs == (wanted[0], wanted[0])
            rows = tx.raw.execute(
                "SELECT d.status, count(s.seq) FROM deadline AS d LEFT JOIN step AS s ON s.tenant = d.tenant"
                " AND s.request_key = concat_ws(':', 'deadline', d.case_id, d.name, d.armed_by)"
                " GROUP BY d.case_id, d.name, d.armed_by, d.status"
            ).fetchall()
            assert {(status, count) for status, count in rows} <= {
                ("fired", 1), ("pending", 0), ("disarmed", 0), ("refused", 0),
            }  # fmt: skip
            due = tx.raw.execute(
                "SELECT c.id FROM case_file AS c LEFT JOIN deadline AS d ON d.case_id = c.id AND d.status = 'pending'"
                " GROUP BY c.id, c.due_at HAVING c.due_at IS DISTINCT FROM COALESCE(min(d.due_at), '9999-01-01T00:00:00Z')"
            ).fetchall()
            assert due == []
            clocked = tx.raw.execute("SELECT count(*) FROM step WHERE actor_kind = 'clock'").fetchone()
            fired = tx.raw.execute("SELECT count(*) FROM deadline WHERE status = 'fired'").fetchone()
            assert clocked == fired
