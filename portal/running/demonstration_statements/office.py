"""One office living through its past: every step by the engine, as its people would have taken it, on the day it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from portal.running.demonstration_statements import consulting
from portal.running.demonstration_statements.people import People
from portal.running.demonstration_statements.writing import PERSONS, Subject, affairs, write
from privacy_assessment.comparison import Decided
from privacy_assessment.consultation.opinions import OpinionService
from privacy_assessment.consultation.rooms import name_member, open_room, read_room
from privacy_assessment.consultation.third_party import Finding, record_review
from privacy_assessment.forms import Document, Place
from privacy_assessment.statements.changes import changes_of, decide, write_table
from privacy_assessment.statements.drafts import DraftService
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.service import StatementService
from privacy_assessment.statements.store import read_draft, read_statement
from privacy_assessment.threshold import Figures
from storage.clock import FixedClock
from storage.database import Transaction
from workflows.engine import Actor, Command, Engine

PURPOSE = "特定個人情報保護評価（実演）"
COMMISSION_REVIEWER = Actor("reviewer", "commission-paper-1", frozenset({"reviewer"}))
COMMISSION_MEMBER = Actor("reviewer", "commission-paper-2", frozenset({"commissioner"}))


@dataclass
class Story:
    """One statement of the plan, and how far it is.

    :param kind: what it is assessed as now. :param spec: its line of ``plan.yaml``. :param held: the file was held before (規則9条2項).
    """

    number: str
    spec: Mapping[str, Any]
    body: str
    body_name: str
    kind: str
    statement: UUID | None = None
    held: bool = False
    steps: int = 0
    written: date | None = None

    @property
    def title(self) -> str:
        """評価書名, without the name of the form."""
        return str(self.spec["title"])


@dataclass
class Office:
    """What an office works with.

    :param city: as its sentences name it. :param clauses: clause of the law table by affair.
    """

    tenant: str
    city: str
    standing: str
    clock: FixedClock
    engine: Engine
    people: People
    opinions: OpinionService
    clauses: Mapping[str, str]
    texts: Sequence[Mapping[str, str]]
    today: date
    statements: StatementService = field(init=False)
    drafts: DraftService = field(init=False)

    def __post_init__(self) -> None:
        self.statements = StatementService(self.clock, self.engine)
        self.drafts = DraftService(self.clock)

    def do(self, tx: Transaction, story: Story, act: str, given: Mapping[str, Any]) -> None:
        """Let something happen."""
        story.steps += 1
        special = getattr(self, f"_{act}", None)
        if special is not None:
            special(tx, story, **given)
        else:
            self._step(tx, story, act)

    def _key(self, story: Story, act: str) -> str:
        return f"demonstration-{story.body}-{story.number}-{story.steps}-{act}"

    def _step(
        self, tx: Transaction, story: Story, trigger: str, actor: Actor | None = None, **given: Any
    ) -> None:
        case = self._statement(tx, story).case_id
        assert case is not None
        who = self.engine.definition(self.engine.case(tx, case)).triggers[trigger].who
        mine = (
            self.people.coordinator,
            self.people.supervisor,
            self.people.clerk,
            COMMISSION_REVIEWER,
            COMMISSION_MEMBER,
        )
        found = actor or next(one for one in mine if one.roles & who)
        self.engine.apply(tx, Command(case, trigger, found, PURPOSE, self._key(story, trigger), given))

    def _statement(self, tx: Transaction, story: Story) -> Statement:
        assert story.statement is not None
        return read_statement(tx, story.statement)

    # --- before the first publication ------------------------------------------------------------------------------------

    def _plan(self, tx: Transaction, story: Story, held: bool = False) -> None:
        today = self.clock.today()
        made = self.statements.plan(
            tx,
            self.people.coordinator,
            self._key(story, "plan"),
            body=story.body,
            number=story.number,
            title=story.title,
            kind=story.kind,
            affairs=story.spec["affairs"],
            hold_start=today - timedelta(days=2) if held else max(today, self.today) + timedelta(days=200),
            office=str(affairs()[story.spec["about"]]["office"]),
            planned_on=today + timedelta(days=60),
        )
        story.statement, story.held = made.id, held

    def _judge(self, tx: Transaction, story: Story) -> None:
        day = self.clock.today()
        figures = Figures(PERSONS[story.kind], day, 46, day)
        assert story.statement is not None
        self.statements.judge(tx, self.people.clerk, self._key(story, "judge"), story.statement, figures)

    def _begin(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "begin", self.people.clerk)

    def _invoke_emergency(self, tx: Transaction, story: Story) -> None:
        reason = "豪雨により健診の会場と台帳が使えなくなり、直ちに別の台帳で管理する必要が生じたため。"
        self._step(tx, story, "invoke_emergency", reason=reason, day=self.clock.today())

    def _write(self, tx: Transaction, story: Story, half: bool = False) -> None:
        statement = self._statement(tx, story)
        story.written = story.written or self.clock.today()
        for form in statement.forms:
            document = write(form, self.subject(tx, story))
            if half:
                _leave_half(document)
            draft = read_draft(tx, statement.id, form)
            self.drafts.replace(tx, statement.id, form, draft.version, document, self.people.clerk, "edit")

    def subject(self, tx: Transaction, story: Story) -> Subject:
        """What the forms are about."""
        row = tx.raw.execute(
            "SELECT person_class FROM madoguchi.threshold_judgement WHERE tenant = %s AND assessment_id = %s"
            " ORDER BY judged_at DESC, id DESC LIMIT 1",
            (tx.tenant, story.statement),
        ).fetchone()
        assert row is not None
        emergency = (
            {"f2.1.9": True, "f2.1.9.d": "豪雨の後、直ちに台帳を作る必要があったため。"} if story.held else {}
        )
        rich = bool(story.spec.get("rich"))
        return Subject(
            story.spec["about"],
            self.city,
            story.body_name,
            story.number,
            story.title,
            story.kind,
            row[0],
            self.clauses.get(story.spec["affairs"][0], "（見本）"),
            self.clock.today(),
            files=2 if rich else 1,
            rich=rich,
            more=emergency,
        )

    # --- consultation, review, submission --------------------------------------------------------------------------------

    def _consult(self, tx: Transaction, story: Story) -> None:
        opens = self.clock.today()
        self._step(tx, story, "consult", opens=opens, closes=opens + timedelta(days=29))
        if any(state in story.spec["way"] for state in ("consulting", "revising", "third_party", "ready")):
            consulting.give(
                tx, self, self._statement(tx, story), self.texts if story.spec.get("rich") else self.texts[:3]
            )

    def _consider(self, tx: Transaction, story: Story) -> None:
        if "revising" not in story.spec["way"]:
            consulting.answer(tx, self, self._statement(tx, story))

    def _send_to_third_party(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "send_to_third_party")
        if "third_party" in story.spec["way"] and self.people.outsider:
            statement = self._statement(tx, story)
            room = open_room(
                tx, self.clock, statement, self.today + timedelta(days=40), self.people.coordinator.id
            )
            found = read_room(tx, room)
            assert found is not None
            account = UUID(self.people.outsider)
            name_member(tx, self.clock, found, "例野　点検", "見本大学", self.people.coordinator.id, account)

    def _third_party_result(self, tx: Transaction, story: Story) -> None:
        review = record_review(
            tx,
            self.clock,
            self._statement(tx, story),
            self.clock.today(),
            f"{self.city}個人情報保護審査会（見本）",
            "会議による点検",
            [
                Finding(
                    "妥当性",
                    "f4.3.4.h.d",
                    "再委託の監督の頻度を示すこと。",
                    "年に1回の実地の確認を書き加えた。",
                )
            ],
            True,
            self.people.coordinator.id,
        )
        self._step(tx, story, "third_party_result", review=review)

    def _recommend(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "recommend", COMMISSION_REVIEWER)

    def _approve(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "approve", COMMISSION_MEMBER, decided_on=self.clock.today())

    # --- after the publication (T5) --------------------------------------------------------------------------------------

    def _review(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "review", self.people.clerk, done_on=self.clock.today(), result="no_change")

    def _amend(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "amend", self.people.clerk, why="small_change")

    def _reassess(self, tx: Transaction, story: Story) -> None:
        changes_on = self.today + timedelta(days=240)
        self._step(tx, story, "reassess", self.people.clerk, why="material_change", changes_on=changes_on)

    def _change(self, tx: Transaction, story: Story) -> None:
        """New words in the forms, each change decided by a person, and the table of changes written from the decisions."""
        statement = self._statement(tx, story)
        again = "reassessing" in story.spec["way"]
        for form in statement.forms:
            draft = read_draft(tx, statement.id, form)
            document = draft.document.copy()
            _change_words(document, form, again, self.subject(tx, story).person_class)
            self.drafts.replace(tx, statement.id, form, draft.version, document, self.people.clerk, "edit")
            found = changes_of(tx, read_draft(tx, statement.id, form))[1]
            for one in found:
                decided = Decided(one.change.proposal, "前の年度の組織の改正に合わせた。", "before", "")
                decide(
                    tx, self.clock, statement.id, form, str(one.change.place), decided, self.people.clerk.id
                )
            if found:
                write_table(tx, self.clock, self.drafts, statement.id, form, self.people.clerk)

    def _rejudge(self, tx: Transaction, story: Story) -> None:
        """More people than before: another kind of assessment is owed from now on (規則7条2項)."""
        day = self.clock.today()
        assert story.statement is not None
        figures = Figures(PERSONS[story.spec["kind"]], day, 61, day)
        self.statements.judge(tx, self.people.clerk, self._key(story, "rejudge"), story.statement, figures)

    def _hand_over(self, tx: Transaction, story: Story) -> None:
        assert story.statement is not None
        self.statements.hand_over(tx, self.people.coordinator, self._key(story, "hand_over"), story.statement)
        story.kind = str(story.spec["kind"])

    def _judge_again(self, tx: Transaction, story: Story) -> None:
        self._judge(tx, story)

    def _end(self, tx: Transaction, story: Story) -> None:
        self._step(tx, story, "end", stopped_on=self.clock.today() - timedelta(days=4))

    def _nothing(self, tx: Transaction, story: Story) -> None:
        """A day on which only the clock acts."""


def _leave_half(document: Document) -> None:
    """A draft that is not finished: the later sections are empty yet."""
    for place in list(document.values):
        if place[0] == "f" and place.split(".")[1] in ("3", "4", "5", "6"):
            document.values.pop(place)


def _change_words(document: Document, form: str, again: bool, person_class: str) -> None:
    texts = {
        "form2": ("f2.1.8", "電話000-000-0009（見本）に改めた。"),
        "form3": ("f3.2.6", "電算室を新しい庁舎に移し、入退室を顔で確かめて管理する。"),
        "form4": ("f4.5.2.2", "受け付けた日から7日以内に、担当の課が書面又は電話で答える。"),
    }
    key, text = texts[form]
    per_file = document.rows_of("file")[:1]
    place = Place(key, tuple(per_file)) if key.startswith("f3.2") else Place(key)
    if form != "form3" or again:
        document.set(place, text)
    else:
        document.set("f3.4.2.2", "受け付けた日から7日以内に答える。")
    if form == "form4" and again:
        document.set(
            Place("f4.2.6.1", tuple(per_file)),
            "国の基準を満たすクラウドの保管の場所に移し、通信と保管のどちらも暗号化する。",
        )
    if document.get("f2.2.1") is not None:
        document.set("f2.2.1", person_class)


def moment(today: date, ago: int) -> datetime:
    """Ten in the morning in Japan of a day."""
    day = today - timedelta(days=ago)
    return datetime.fromisoformat(f"{day.isoformat()}T10:00:00+09:00")
