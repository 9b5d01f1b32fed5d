"""Statements from the plan on: bodies, plans, judgements, handing over to another kind, and the plan register (様式1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.forms import Document, edition_on, load_form
from privacy_assessment.statements.models import CASE_KINDS, FORM_NAMES, Body, Statement, StatementRefused
from privacy_assessment.statements.plan import plan_register
from privacy_assessment.statements.store import read_body, read_statement
from privacy_assessment.threshold import Figures, Judgement, covers, judge, table_on
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Applied, Command, Engine, Reason, Refused

KINDS = ("basic", "focused", "full")


class StatementService:
    """What can be asked of statements as a whole."""

    def __init__(self, clock: Clock, engine: Engine) -> None:
        self.clock = clock
        self.engine = engine

    def keep_body(
        self, tx: Transaction, code: str, name: str, standing: str, department: str, contact: str
    ) -> Body:
        """Register a 評価実施機関, or bring its entry up to date."""
        if standing not in ("local", "national") or not name.strip() or not code.strip():
            raise StatementRefused("BAD_BODY", "評価実施機関の名称・符号・区分が要ります。保存していません。")
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_body (tenant, code, name, standing, department, contact, updated_on)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant, code) DO UPDATE SET name = EXCLUDED.name,"
            " department = EXCLUDED.department, contact = EXCLUDED.contact, updated_on = EXCLUDED.updated_on",
            (tx.tenant, code, name, standing, department, contact, self.clock.today()),
        )
        return read_body(tx, code)

    def plan(
        self,
        tx: Transaction,
        actor: Actor,
        request_key: str,
        *,
        body: str,
        number: str,
        title: str,
        kind: str,
        affairs: Sequence[str],
        hold_start: date | None = None,
        office: str = "",
        planned_on: date | None = None,
        remarks: str = "",
    ) -> Statement:
        """Enter a statement into the plan and open the case that leads it.

        :param number: 評価書番号, unique within the body. :param affairs: codes of the law table's affairs.
        :param office: 業務主管課 that will write it; the actor's own when empty. :param planned_on: 実施予定時期 of 様式1.
        :raises StatementRefused: the number is taken, or something is missing.
        :raises Refused: this actor may not, or the key came with a plan that said anything else before.
        """
        desk = office or actor.office or ""
        known = tx.raw.execute(
            "SELECT case_id FROM madoguchi.step WHERE tenant = %s AND request_key = %s",
            (tx.tenant, request_key),
        ).fetchone()
        if known is not None:
            row = tx.raw.execute(
                "SELECT id FROM madoguchi.assessment WHERE tenant = %s AND case_id = %s",
                (tx.tenant, known[0]),
            ).fetchone()
            before = None if row is None else read_statement(tx, row[0])
            if before is not None:
                # None of these is changed afterwards: another kind comes with another case.
                asked = (body, number, title, kind, tuple(affairs), desk, hold_start, planned_on, remarks)
                if asked != (
                    before.body, before.number, before.title, before.kind, before.affairs, before.office, before.hold_start,
                    before.planned_on, before.remarks,
                ):  # fmt: skip
                    raise Refused((Reason("request_key_reused"),))
                return before
        if kind not in KINDS or not number.strip() or not title.strip() or not affairs:
            raise StatementRefused("BAD_PLAN", "番号・評価書名・種類・事務が要ります。何も登録していません。")
        found, statement = read_body(tx, body), new_id()
        done = tx.raw.execute(
            "INSERT INTO madoguchi.assessment (tenant, id, body, number, title, kind, affairs, hold_start, created_at,"
            " created_by, office, planned_on, remarks) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant, body, number) DO NOTHING",
            (
                tx.tenant,
                statement,
                body,
                number,
                title,
                kind,
                list(affairs),
                hold_start,
                self.clock.now(),
                actor.id,
                desk,
                planned_on,
                remarks,
            ),
        )
        if done.rowcount == 0:
            raise StatementRefused(
                "NUMBER_TAKEN",
                "この評価書番号は同じ評価実施機関で使われています。何も登録していません。別の番号にしてください。",
            )
        self._open(tx, actor, request_key, statement, kind, found.standing, None, desk)
        made = read_statement(tx, statement)
        for form in made.forms:
            self._begin_draft(tx, made, form, found, actor)
        return made

    def plan_again(
        self, tx: Transaction, actor: Actor, request_key: str, statement: UUID, kind: str
    ) -> Statement:
        """Plan the statement as another kind before its procedure has begun to bind anybody; what was written stays.

        :raises StatementRefused: not another kind. :raises Refused: it is past drafting, or this actor may not drop the plan.
        """
        made = read_statement(tx, statement)
        if kind not in KINDS or kind == made.kind:
            raise StatementRefused("SAME_KIND", "今と違う種類を選んでください。何も変更していません。")
        old = self._case(made)
        self._apply(tx, actor, request_key, old, "drop", {})
        return self._lead_on(tx, actor, request_key, made, kind, old)

    def judge(
        self,
        tx: Transaction,
        actor: Actor,
        request_key: str,
        statement: UUID,
        figures: Figures,
        chosen: str | None = None,
    ) -> tuple[Judgement, UUID]:
        """Judge the threshold, keep the judgement, and take the step it belongs to.

        :param chosen: the kind that will be made; what is owed when None. A body may always choose a higher one.
        :raises CannotJudge: the figures cannot be true. :raises StatementRefused: a lower kind was chosen.
        :raises Refused: the step cannot be taken now; the judgement is not kept either.
        """
        today = self.clock.today()
        found = judge(figures, table_on(today), today)
        kind = chosen or (found.owed if found.owed != "none" else "basic")
        if kind not in KINDS or not covers(kind, found.owed):
            raise StatementRefused(
                "KIND_TOO_LOW", "しきい値判断の結果より下の種類は選べません（規則4条8号）。保存していません。"
            )
        made = read_statement(tx, statement)
        judgement = new_id()
        tx.raw.execute(
            "INSERT INTO madoguchi.threshold_judgement (tenant, id, assessment_id, judged_at, judged_on, judged_by, table_id,"
            " owed, chosen, figures, person_class, why) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                tx.tenant, judgement, statement, self.clock.now(), today, actor.id, found.table, found.owed, kind,
                orjson.dumps({**asdict(figures), "counting": found.accident}).decode(), found.person_class.code, list(found.why),
            ),
        )  # fmt: skip
        case = self.engine.case(tx, self._case(made))
        trigger = "judge" if case.state == "planned" else "rejudge"
        self._apply(tx, actor, request_key, case.id, trigger, {"judgement": judgement})
        return found, judgement

    def judgements(self, tx: Transaction, statement: UUID) -> list[tuple[Any, ...]]:
        """The history of judgements, newest first: id, day, who, owed, chosen, figures, reasons."""
        return tx.raw.execute(
            "SELECT id, judged_on, judged_by, owed, chosen, figures, why FROM madoguchi.threshold_judgement"
            " WHERE tenant = %s AND assessment_id = %s ORDER BY judged_at DESC, id DESC",
            (tx.tenant, statement),
        ).fetchall()

    def hand_over(self, tx: Transaction, actor: Actor, request_key: str, statement: UUID) -> Statement:
        """Lead the statement on under the kind the newest judgement chose (規則6条2項・7条2項).

        :raises Refused: the kind has not changed, or the amended 基礎 has not been published first.
        """
        made = read_statement(tx, statement)
        old = self._case(made)
        self._apply(tx, actor, request_key, old, "hand_over", {})
        row = tx.raw.execute(
            "SELECT chosen FROM madoguchi.threshold_judgement WHERE tenant = %s AND assessment_id = %s"
            " ORDER BY judged_at DESC, id DESC LIMIT 1",
            (tx.tenant, statement),
        ).fetchone()
        assert row is not None
        return self._lead_on(tx, actor, request_key, made, row[0], old)

    def _lead_on(
        self, tx: Transaction, actor: Actor, request_key: str, made: Statement, kind: str, old: UUID
    ) -> Statement:
        """The same statement under the machine of another kind, in a case that names the one before."""
        tx.raw.execute(
            "UPDATE madoguchi.assessment SET kind = %s WHERE tenant = %s AND id = %s",
            (kind, tx.tenant, made.id),
        )
        body = read_body(tx, made.body)
        self._open(tx, actor, f"{request_key}:opened", made.id, kind, body.standing, old, made.office)
        again = read_statement(tx, made.id)
        for form in again.forms:
            self._begin_draft(tx, again, form, body, actor)
        return again

    def may_edit(self, tx: Transaction, statement: UUID, actor: Actor) -> None:
        """Refuse writing on a statement whose state does not let this actor write (for ``DraftService``)."""
        case = self.engine.case(tx, self._case(read_statement(tx, statement)))
        if not self.engine.may_edit(case, actor):
            label = self.engine.definition(case).state_label(case.state)
            raise StatementRefused(
                "NOT_EDITABLE",
                f"今の状態（{label}）では記載を変えられません。何も保存していません。前の記載は残してあります。",
            )

    def plan_register(self, tx: Transaction, body: str) -> Document:
        """様式1 計画管理書 of a body, made from the data as they are now (規則3条)."""
        return plan_register(tx, body, self.clock.today())

    def _begin_draft(
        self, tx: Transaction, statement: Statement, form: str, body: Body, actor: Actor
    ) -> None:
        edition = edition_on(self.clock.today()).id
        document = Document(form, edition)
        document.set("c.no", statement.number)
        document.set("c.title", f"{statement.title} {FORM_NAMES[form]}")
        document.set("c.body", body.name)
        if any(one.per_file for one in load_form(form, edition).sections):
            document.add_row("file")
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_draft (tenant, assessment_id, form, edition, version, body, updated_at, updated_by)"
            " VALUES (%s, %s, %s, %s, 1, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                tx.tenant, statement.id, form, edition, orjson.dumps(document.to_json()).decode(), self.clock.now(),
                actor.id,
            ),
        )  # fmt: skip

    def _open(
        self,
        tx: Transaction,
        actor: Actor,
        key: str,
        statement: UUID,
        kind: str,
        standing: str,
        parent: UUID | None,
        office: str,
    ) -> Applied:
        return self.engine.open(
            tx,
            CASE_KINDS[kind, standing],
            actor=actor,
            purpose="特定個人情報保護評価の計画",
            request_key=key,
            parent=parent,
            input={"assessment": statement},
            office=office,
        )

    def _apply(
        self, tx: Transaction, actor: Actor, key: str, case: UUID, trigger: str, given: Mapping[str, Any]
    ) -> Applied:
        return self.engine.apply(tx, Command(case, trigger, actor, "特定個人情報保護評価", key, given))

    def _case(self, statement: Statement) -> UUID:
        if statement.case_id is None:
            raise StatementRefused(
                "NO_CASE", "この評価書には手続がありません。計画から登録し直してください。"
            )
        return statement.case_id
