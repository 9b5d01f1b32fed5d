"""Both sides of a submission for the tests: a national body, a city, the commission, and the job that carries between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from privacy_assessment.commission import answers
from privacy_assessment.commission.delivery import Delivery
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.machine import register as register_commission
from privacy_assessment.commission.messages import TASK
from privacy_assessment.commission.models import COMMISSION, Decision, Submission
from privacy_assessment.commission.service import ReviewService
from privacy_assessment.commission.store import current, draft_of
from privacy_assessment.machines import register
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_statement
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.ids import new_id
from tests.privacy_assessment.world import Office
from workflows.engine import Actor, Applied, Command, Engine, Refused, Registry

AGENCY, CITY = "999016", "992011"
REVIEWER = Actor("staff", str(UUID(int=7)), frozenset({"reviewer"}), "審査課")
OTHER = Actor("staff", str(UUID(int=17)), frozenset({"reviewer"}), "審査課")
MEMBER = Actor("staff", str(UUID(int=8)), frozenset({"reviewer", "commissioner"}), "委員会")


class BothSides(Office):
    """An office and the commission, with one engine that knows the machines of both."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        super().__init__(clock)
        registry = Registry()
        register(registry, clock)
        register_commission(registry, clock)
        self.engine = Engine(registry, clock)
        self.statements.engine = self.engine
        self.database = database
        self.delivery = Delivery(database, self.engine, clock)
        self.reviews = ReviewService(clock, self.engine)

    @contextmanager
    def at(self, tenant: str) -> Iterator[Transaction]:  # type: ignore[override]
        """A transaction on one side."""
        with self.database.transaction(Scope(tenant=tenant)) as tx:
            yield tx

    def waiting(self) -> list[dict[str, Any]]:
        """The delivery jobs on the list, in order."""
        with self.database.transaction() as tx:
            rows = tx.raw.execute(
                "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id",
                (TASK,),
            ).fetchall()
        return [row[0] for row in rows]

    def carry(self) -> list[str | None]:
        """Run the delivery jobs as the worker would, until none is left."""
        done: list[str | None] = []
        while True:
            with self.database.transaction() as tx:
                row = tx.raw.execute(
                    "UPDATE jobs.procrastinate_jobs SET status = 'succeeded' WHERE id = (SELECT min(id) FROM"
                    " jobs.procrastinate_jobs WHERE task_name = %s AND status = 'todo') RETURNING args",
                    (TASK,),
                ).fetchone()
            if row is None:
                return done
            done.append(self.delivery.deliver(row[0]["tenant"], UUID(row[0]["message"])))

    def submitted(self, tenant: str = AGENCY, kind: str = "full", standing: str = "national") -> Statement:
        """A statement handed in, its jobs not run yet."""
        with self.at(tenant) as tx:
            statement = self.drafting(tx, kind, standing)
            if kind == "full":
                self.consult(tx, statement)
                if standing == "national":
                    self.step(tx, statement, "ask_approval")
                    return read_statement(tx, statement.id)
                self.step(tx, statement, "send_to_third_party")
                self.step(tx, statement, "third_party_result", review=self.review(tx, statement))
            self.step(tx, statement, "submit")
            return read_statement(tx, statement.id)

    def filed(self, tenant: str = CITY) -> tuple[Statement, UUID]:
        """A city's statement that the commission has checked and filed, with its case."""
        statement = self.submitted(tenant, "basic", "local")
        self.carry()
        case = self.case_of(statement)
        self.do(case, "begin_check")
        self.check_all(case)
        self.do(case, "file")
        self.carry()
        return statement, case

    def amended(self, statement: Statement, words: str = "", tenant: str = CITY) -> None:
        """Publish it, change it (with other words for the contents of the affair) and hand it in again."""
        with self.at(tenant) as tx:
            self.step(tx, statement, "publish")
            self.step(tx, statement, "amend", why="change")
            if words:
                self.write(tx, statement, "form2", "f2.1.1.2", words)
            self.step(tx, statement, "submit_amended")
        self.carry()

    def ended(self, tenant: str = CITY) -> Statement:
        """A city's statement whose affair has stopped; the notice has reached the commission."""
        with self.at(tenant) as tx:
            statement = self.published(tx, "basic")
            self.step(tx, statement, "end", stopped_on=self.today)
        self.carry()
        return statement

    def case_of(self, statement: Statement) -> UUID:
        """The commission's newest case about a statement."""
        with self.at(COMMISSION) as tx:
            row = tx.raw.execute(
                "SELECT case_id FROM madoguchi.commission_submission WHERE tenant = %s AND sender_case = %s"
                " ORDER BY received_at DESC, id DESC LIMIT 1",
                (COMMISSION, statement.case_id),
            ).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def submission(self, case: UUID) -> Submission:
        """What is under review in a case."""
        with self.at(COMMISSION) as tx:
            return current(tx, case)

    def do(self, case: UUID, trigger: str, actor: Actor = REVIEWER, **given: Any) -> Applied:
        """A step of the commission."""
        with self.at(COMMISSION) as tx:
            return self.engine.apply(tx, Command(case, trigger, actor, "試験", f"k-{new_id()}", given))

    def refusal(self, case: UUID, trigger: str, actor: Actor = REVIEWER, **given: Any) -> dict[str, str]:
        """The reasons a step of the commission is refused for: code to text."""
        before = self.commission_state(case)
        try:
            self.do(case, trigger, actor, **given)
        except Refused as refused:
            assert self.commission_state(case) == before
            with self.at(COMMISSION) as tx:
                found = self.engine.case(tx, case)
            return {one.code: self.engine.reason_text(one, found) for one in refused.reasons}
        raise AssertionError(f"{trigger} was allowed in {before}")

    def commission_state(self, case: UUID) -> str:
        with self.at(COMMISSION) as tx:
            return self.engine.case(tx, case).state

    def body_state(self, statement: Statement, tenant: str = AGENCY) -> str:
        with self.at(tenant) as tx:
            return self.state(tx, statement)

    def check_all(self, case: UUID, rating: str = "good", **others: str) -> None:
        """Judge every standpoint; ``others`` names some by code with ``_`` for ``-``."""
        submission = self.submission(case)
        with self.at(COMMISSION) as tx:
            for one in asked_of(submission):
                given = others.get(one.code.replace("-", "_"), rating)
                comment = "記載が足りない" if given in ("fix", "improve") else ""
                self.reviews.judge(tx, submission.id, one.code, given, comment, REVIEWER)

    def question(self, case: UUID, text: str = "Ⅱの記録項目を具体的に説明してください。") -> UUID:
        """Write a question at the contents of the affair."""
        form = {"full": "form4", "focused": "form3", "basic": "form2"}[self.submission(case).kind]
        place = {"form4": "f4.1.1.2", "form3": "f3.1.1.2", "form2": "f2.1.1.2"}[form]
        with self.at(COMMISSION) as tx:
            return self.reviews.write_question(tx, case, form, place, text, REVIEWER)

    def answer(self, question: UUID, text: str = "説明します。", tenant: str = AGENCY) -> UUID:
        """The body answers."""
        with self.at(tenant) as tx:
            return answers.answer(tx, self.clock, question, text, "clerk-1")

    def draft(self, case: UUID, outcome: str = "approve", actor: Actor = REVIEWER) -> Decision:
        """A draft of the decision."""
        with self.at(COMMISSION) as tx:
            known = draft_of(tx, case)
            notes = "運用の開始後に点検の結果を確かめること。" if outcome == "approve_with_notes" else ""
            seen = known.version if known else 0
            return self.reviews.draft(
                tx, case, outcome, "指針に適合していると認められる。", notes, actor, seen
            )

    def proposed(
        self, statement: Statement, outcome: str = "approve", **checks: str
    ) -> tuple[UUID, Decision]:
        """A case with a draft that waits for its signature."""
        self.carry()
        case = self.case_of(statement)
        self.do(case, "begin_review" if self.submission(case).needs_approval else "begin_check")
        self.check_all(case, **checks)
        self.do(case, "begin_decision")
        made = self.draft(case, outcome)
        self.do(case, "propose", decision=made.id)
        return case, made

    def today_iso(self) -> str:
        day: date = self.clock.today()
        return day.isoformat()


__all__ = ["AGENCY", "COMMISSION", "MEMBER", "OTHER", "REVIEWER", "BothSides"]
