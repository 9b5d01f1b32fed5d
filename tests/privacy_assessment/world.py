"""An office of 甲野市 with an engine, its people, and short ways to carry a statement to a state."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.consultation.third_party import Finding, record_review
from privacy_assessment.forms import FILE, Document, Place
from privacy_assessment.machines import register
from privacy_assessment.statements.drafts import DraftService
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.notes import Notes
from privacy_assessment.statements.service import StatementService
from privacy_assessment.statements.store import read_draft, read_statement
from privacy_assessment.threshold import Accident, Figures
from storage.clock import FixedClock
from storage.database import Transaction
from storage.ids import new_id
from tests.privacy_assessment.samples import filled
from workflows.engine import Actor, Applied, Command, Engine, Refused, Registry

CLERK = Actor("staff", "clerk-1", frozenset({"clerk"}), "zei")
BOSS = Actor("staff", "boss-1", frozenset({"supervisor"}), "zei")
CENTRE = Actor("staff", "centre-1", frozenset({"coordinator"}), "somu")
REVIEWER = Actor("reviewer", "ppc-1", frozenset({"reviewer"}))
COMMISSION = Actor("reviewer", "ppc-2", frozenset({"commissioner"}))
PEOPLE = {"basic": 5_000, "focused": 150_000, "full": 400_000}
_numbers = count(1)


class Office:
    """Everything a test needs to act for an office."""

    def __init__(self, clock: FixedClock) -> None:
        registry = Registry()
        register(registry, clock)
        self.clock = clock
        self.engine = Engine(registry, clock)
        self.statements = StatementService(clock, self.engine)
        self.drafts = DraftService(clock, self.statements.may_edit)
        self.notes = Notes(clock)

    @property
    def today(self) -> date:
        return self.clock.today()

    def plan(self, tx: Transaction, kind: str, standing: str = "local", **more: Any) -> Statement:
        """A statement in the plan."""
        number = str(next(_numbers))
        body = f"{standing}-mayor"
        self.statements.keep_body(tx, body, "甲野市長", standing, "総務部情報政策課", "内線1234")
        given = {"affairs": ["JUMINZEI"], "hold_start": self.today + timedelta(days=400), **more}
        return self.statements.plan(
            tx,
            CENTRE,
            f"plan-{new_id()}",
            body=body,
            number=number,
            title="個人住民税に関する事務",
            kind=kind,
            **given,
        )

    def figures(self, persons: int, handlers: int = 10, *accidents: Accident) -> Figures:
        return Figures(persons, self.today, handlers, self.today, accidents)

    def judge(self, tx: Transaction, statement: Statement, persons: int | None = None, **more: Any) -> UUID:
        persons = PEOPLE[statement.kind] if persons is None else persons
        return self.statements.judge(
            tx, CLERK, f"judge-{new_id()}", statement.id, self.figures(persons), **more
        )[1]

    def drafting(self, tx: Transaction, kind: str, standing: str = "local", **more: Any) -> Statement:
        """A statement being written, its forms filled without errors."""
        statement = self.plan(tx, kind, standing, **more)
        self.judge(tx, statement)
        self.step(tx, statement, "begin")
        self.fill(tx, statement)
        return statement

    def fill(self, tx: Transaction, statement: Statement) -> None:
        """Write sample answers into every form, agreeing with each other and with the judgement."""
        row = tx.raw.execute(
            "SELECT person_class FROM madoguchi.threshold_judgement WHERE tenant = %s AND assessment_id = %s"
            " ORDER BY judged_at DESC, id DESC LIMIT 1",
            (tx.tenant, statement.id),
        ).fetchone()
        for form in statement.forms:
            document = filled(form)
            document.set("c.no", statement.number)
            document.set("c.body", "甲野市長")
            for key in ("f2.2.1", "f3.1.1.3", "f4.1.1.3"):
                if key[1] == form[-1]:
                    document.set(key, row[0])
            for key in ("f2.1.1.1", "f3.1.1.1", "f4.1.1.1"):
                if key[1] == form[-1]:
                    document.set(key, "個人住民税に関する事務")
            for key in ("f2.1.5.1", "f3.1.6.1", "f4.1.7.1"):
                if key[1] == form[-1]:
                    document.set(key, "市民税課")
            self.put(tx, statement, form, document)

    def put(self, tx: Transaction, statement: Statement, form: str, document: Document) -> None:
        """Take a document in whatever the state (a test's shortcut)."""
        tx.raw.execute(
            "UPDATE madoguchi.assessment_draft SET body = %s, edition = %s, version = version + 1"
            " WHERE tenant = %s AND assessment_id = %s AND form = %s",
            (orjson.dumps(document.to_json()).decode(), document.edition, tx.tenant, statement.id, form),
        )

    def write(self, tx: Transaction, statement: Statement, form: str, place: str, value: Any) -> None:
        draft = read_draft(tx, statement.id, form)
        self.drafts.save(tx, statement.id, form, draft.version, {place: value}, CLERK)

    def file(self, tx: Transaction, statement: Statement, form: str) -> str:
        return read_draft(tx, statement.id, form).document.rows_of(FILE)[0]

    def at(self, tx: Transaction, statement: Statement, form: str, key: str) -> str:
        """The place of a field in the first file."""
        return str(Place(key, (self.file(tx, statement, form),)))

    def step(
        self, tx: Transaction, statement: Statement, trigger: str, actor: Actor | None = None, **given: Any
    ) -> Applied:
        case = read_statement(tx, statement.id).case_id
        who = actor or self._actor(tx, case, trigger)
        return self.engine.apply(tx, Command(case, trigger, who, "試験", f"k-{new_id()}", given))

    def _actor(self, tx: Transaction, case: UUID, trigger: str) -> Actor:
        who = self.engine.definition(self.engine.case(tx, case)).triggers[trigger].who
        return next(one for one in (CLERK, BOSS, CENTRE, REVIEWER, COMMISSION) if one.roles & who)

    def refused(
        self, tx: Transaction, statement: Statement, trigger: str, actor: Actor | None = None, **given: Any
    ) -> dict[str, Any]:
        """The reasons a step is refused for, by code; the case has not moved."""
        before = self.state(tx, statement)
        try:
            self.step(tx, statement, trigger, actor, **given)
        except Refused as refusal:
            assert self.state(tx, statement) == before
            case = self.engine.case(tx, read_statement(tx, statement.id).case_id)
            for one in refusal.reasons:
                assert "…" not in self.engine.reason_text(one, case), one
            return {one.code: one.params for one in refusal.reasons}
        raise AssertionError(f"{trigger} was allowed in {before}")

    def state(self, tx: Transaction, statement: Statement) -> str:
        return self.engine.case(tx, read_statement(tx, statement.id).case_id).state

    def consult(self, tx: Transaction, statement: Statement, days: int = 30) -> None:
        """Open a consultation today and let it run to its end."""
        self.step(tx, statement, "consult", opens=self.today, closes=self.today + timedelta(days=days - 1))
        self.clock.advance(days=days)
        self.engine.fire_due_deadlines(tx)
        assert self.state(tx, statement) == "revising"

    def review(self, tx: Transaction, statement: Statement, favourable: bool = True) -> UUID:
        """Record a third-party review."""
        return record_review(
            tx,
            self.clock,
            read_statement(tx, statement.id),
            self.today,
            "甲野市個人情報保護審査会",
            "会議",
            [Finding("妥当性", "f4.1.1.2", "流れが分かりにくい", "図を改めた")],
            favourable,
            CENTRE.id,
        )

    def published(self, tx: Transaction, kind: str, standing: str = "local") -> Statement:
        """A statement carried to its publication by the whole way of its kind."""
        statement = self.drafting(tx, kind, standing)
        self.procedure(tx, statement, standing)
        return read_statement(tx, statement.id)

    def procedure(self, tx: Transaction, statement: Statement, standing: str = "local") -> None:
        """From drafting (or reassessing) to published."""
        if statement.kind == "full":
            self.consult(tx, statement)
            if standing == "local":
                self.step(tx, statement, "send_to_third_party")
                self.step(tx, statement, "third_party_result", review=self.review(tx, statement))
                self.step(tx, statement, "submit")
            else:
                self.step(tx, statement, "ask_approval")
                self.step(tx, statement, "recommend", REVIEWER)
                self.step(tx, statement, "approve", COMMISSION, decided_on=self.today)
        else:
            self.step(tx, statement, "submit")
        self.step(tx, statement, "publish")
