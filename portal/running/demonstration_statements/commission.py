"""The commission's desk in the demonstration: what was handed in lately has arrived, and some of it is being worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from portal.running.demonstration_statements.office import moment
from portal.running.demonstration_statements.people import actor
from privacy_assessment.commission import answers
from privacy_assessment.commission.delivery import Delivery
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.messages import TASK
from privacy_assessment.commission.models import COMMISSION
from privacy_assessment.commission.service import ReviewService
from privacy_assessment.commission.store import current, draft_of, read_forms
from privacy_assessment.forms import FILE, Place
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from workflows.engine import Actor, Command, Engine

BODIES = ("992011", "992020", "999016")
# Older submissions were settled before this commission's desk began.
LATELY = 130
PURPOSE = "評価書の審査（実演）"
_KEYS = UUID("5d8f1c6e-31b0-4f0e-9a51-6f1f4d2c9b77")


@dataclass
class _Desk:
    worker: Database
    engine: Engine
    clock: FixedClock
    today: date
    reviewer: Actor
    member: Actor

    def __post_init__(self) -> None:
        self.reviews = ReviewService(self.clock, self.engine)
        self.delivery = Delivery(self.worker, self.engine, self.clock)

    def on(self, ago: int, minutes: int = 0) -> None:
        self.clock.set(moment(self.today, ago) + timedelta(minutes=minutes))

    def step(self, tx: Transaction, case: UUID, trigger: str, who: Actor | None = None, **given: Any) -> None:
        key = str(uuid5(_KEYS, f"{case}:{trigger}"))
        self.engine.apply(tx, Command(case, trigger, who or self.reviewer, PURPOSE, key, given))

    def deliver(self) -> None:
        """Carry everything that waits, on the day it was sent."""
        for tenant in (*BODIES, COMMISSION):
            with self.worker.transaction(Scope(tenant=tenant)) as tx:
                rows = tx.raw.execute(
                    "SELECT id, at FROM madoguchi.commission_message WHERE tenant = %s AND direction = 'out'"
                    " AND settled_at IS NULL ORDER BY at, id",
                    (tenant,),
                ).fetchall()
            for message, at in rows:
                self.clock.set(at + timedelta(minutes=5))
                self.delivery.deliver(tenant, message)


def work_off(
    worker: Database, engine: Engine, clock: FixedClock, today: date, staff: Mapping[str, Mapping[str, Any]]
) -> None:
    """Deliver what was handed in lately, and do what the commission has done with it so far."""
    reviewers = [actor(one) for one in staff.values() if one["tenant"] == COMMISSION]
    reviewer = next(one for one in reviewers if "commissioner" not in one.roles)
    member = next(one for one in reviewers if "commissioner" in one.roles)
    desk = _Desk(worker, engine, clock, today, reviewer, member)
    _settle_old(desk)
    desk.deliver()
    for title, ago, work in _WORK:
        with worker.transaction(Scope(tenant=COMMISSION)) as tx:
            case = _case(tx, title)
            if case is not None:
                desk.on(ago)
                work(desk, tx, case, ago)
        desk.deliver()
    _answer_one(desk)
    desk.deliver()
    with worker.transaction() as tx:
        # They have been carried; the worker would find nothing left to do.
        tx.raw.execute(
            "UPDATE jobs.procrastinate_jobs SET status = 'succeeded' WHERE task_name = %s AND status = 'todo'",
            (TASK,),
        )


def _settle_old(desk: _Desk) -> None:
    """What was handed in long ago, and what was approved on paper, is not at this desk."""
    before = moment(desk.today, LATELY)
    for tenant in BODIES:
        with desk.worker.transaction(Scope(tenant=tenant)) as tx:
            tx.raw.execute(
                "UPDATE madoguchi.commission_message AS m SET outcome = 'delivered', reasons = '{}', settled_at = m.at"
                " FROM madoguchi.case_file AS c WHERE c.tenant = m.tenant AND c.id = m.case_id AND m.tenant = %s"
                " AND m.direction = 'out' AND m.settled_at IS NULL AND (m.at < %s OR c.state IN ('ppc_decision', 'approved'))",
                (tenant, before),
            )


def _case(tx: Transaction, title: str) -> UUID | None:
    row = tx.raw.execute(
        "SELECT case_id FROM madoguchi.commission_submission WHERE tenant = %s AND title LIKE %s ORDER BY received_at LIMIT 1",
        (tx.tenant, f"{title}%"),
    ).fetchone()
    return None if row is None else row[0]


def _questions(desk: _Desk, tx: Transaction, case: UUID, ago: int) -> None:
    """Under review, with questions out: some standpoints judged, three questions at their items."""
    desk.step(tx, case, "begin_review")
    desk.on(ago, 60)
    submission = current(tx, case)
    for number, one in enumerate(asked_of(submission)[:6]):
        rating = "improve" if number == 4 else "good"
        desk.reviews.judge(
            tx,
            submission.id,
            one.code,
            rating,
            "記載を具体的にする余地がある。" if number == 4 else "",
            desk.reviewer,
        )
    file = read_forms(tx, submission.id)["form4"].document.rows_of(FILE)[0]
    for place, text in (
        (Place("f4.1.1.2"), "④の照会への回答は、どの機関からの照会を想定していますか。"),
        (Place("f4.2.4", (file,)), "委託先が扱う件数の見込みと、実地の確認の頻度を示してください。"),
        (Place("f4.2.6.3", (file,)), "消去の記録を誰が、いつ確かめるのかを書いてください。"),
    ):
        desk.reviews.write_question(tx, case, "form4", str(place), text, desk.reviewer)
    desk.on(ago, 90)
    desk.step(tx, case, "ask", due_on=desk.today + timedelta(days=5))


def _signature(desk: _Desk, tx: Transaction, case: UUID, ago: int) -> None:
    """Every standpoint judged, the decision drafted, waiting for the second signature."""
    desk.step(tx, case, "begin_review")
    _judge_all(desk, tx, case)
    desk.on(ago, 120)
    desk.step(tx, case, "begin_decision")
    draft = desk.reviews.draft(
        tx, case, "approve_with_notes", "指針に適合し、講ずる措置も具体的であると認められる。",
        "登録者の死亡の確認の方法を、運用の開始後に点検すること。", desk.reviewer,
    )  # fmt: skip
    known = draft_of(tx, case)
    desk.on(ago, 180)
    desk.step(tx, case, "propose", decision=(known or draft).id)


def _check(desk: _Desk, tx: Transaction, case: UUID, _ago: int) -> None:
    desk.step(tx, case, "begin_check")


def _file(desk: _Desk, tx: Transaction, case: UUID, ago: int) -> None:
    desk.step(tx, case, "begin_check")
    _judge_all(desk, tx, case)
    desk.on(ago, 120)
    desk.step(tx, case, "file")


def _acknowledge(desk: _Desk, tx: Transaction, case: UUID, _ago: int) -> None:
    desk.step(tx, case, "acknowledge")


def _judge_all(desk: _Desk, tx: Transaction, case: UUID) -> None:
    submission = current(tx, case)
    for one in asked_of(submission):
        desk.reviews.judge(tx, submission.id, one.code, "good", "", desk.reviewer)


def _answer_one(desk: _Desk) -> None:
    """The body has answered the first of the questions."""
    with desk.worker.transaction(Scope(tenant="999016")) as tx:
        row = tx.raw.execute(
            "SELECT id FROM madoguchi.commission_question WHERE tenant = %s ORDER BY number LIMIT 1",
            (tx.tenant,),
        ).fetchone()
        if row is not None:
            desk.on(3)
            text = "日本年金機構と市町村長からの照会を想定しています。件数は月に三百件ほどです。"
            answers.answer(tx, desk.clock, row[0], text, desk.reviewer.id)


Work = Callable[[_Desk, Transaction, UUID, int], None]
_WORK: tuple[tuple[str, int, Work], ...] = (
    ("公営住宅", 110, _acknowledge),
    ("保健と予防接種", 120, _file),
    ("予防接種", 104, _file),
    ("地方税", 88, _file),
    ("母子保健", 60, _file),
    ("国家資格の登録", 30, _signature),
    ("全国給付金の支給", 20, _questions),
    ("国民健康保険料の徴収", 8, _check),
)
