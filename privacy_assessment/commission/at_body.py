"""What happens at a body when the commission's message arrives: questions stand on its desk, a decision moves its own case.

The commission's people act in the body's case by the roles the machines of the statements give them (番号法28条2項・3項). A case that
has moved on meanwhile is not moved: the message stays on record with every reason, and the commission is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.commission.models import OUTCOMES
from privacy_assessment.commission.papers import keep_letter
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.notes import Notes
from privacy_assessment.statements.store import statements_of_cases
from storage.clock import Clock
from storage.database import Transaction
from workflows.engine import Actor, CaseNotFound, Command, Engine, Refused

COVER = "c.title"
SENDER = "commission"


def take_message(
    tx: Transaction,
    engine: Engine,
    clock: Clock,
    message: UUID,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
) -> tuple[str, ...]:
    """Do what a message of the commission says.

    :returns: the reasons why the body's case could not be moved; empty when all was done.
    """
    case = UUID(payload["case"])
    statement = statements_of_cases(tx, [case]).get(case)
    if kind == "questions":
        _keep_questions(tx, case, payload)
    elif kind == "reply":
        _keep_reply(tx, payload)
    elif kind == "closed":
        _close(tx, payload, at)
    elif kind in ("return", "approve", "advise"):
        if statement is None:
            return ("この案件が導く評価書はもうありません。",)
        return _decided(tx, engine, Notes(clock), message, kind, payload, case, statement)
    return ()


def take_letter(tx: Transaction, payload: Mapping[str, Any], letter: tuple[str, bytes], at: datetime) -> None:
    """Keep the letter of a decision as the commission sent it."""
    name, content = letter
    keep_letter(tx, UUID(payload["paper"]), UUID(payload["decision"]), name, content, SENDER, at)


def _decided(
    tx: Transaction,
    engine: Engine,
    notes: Notes,
    message: UUID,
    kind: str,
    payload: Mapping[str, Any],
    case: UUID,
    statement: Statement,
) -> tuple[str, ...]:
    """Carry a decision out in the body's case; all of it or nothing."""
    key = f"commission:{message}"
    try:
        # A savepoint: what a refused step began is undone, the record of the message is not.
        with tx.raw.transaction():
            if kind == "advise":
                _advise(tx, notes, payload, statement)
                return ()
            if kind == "approve":
                steps = _approval(engine.case(tx, case).state, payload)
            else:
                threads = _remarks(tx, notes, payload, statement)
                signer = _person(payload["signed_by"], "reviewer", "commissioner")
                steps = [("return_for_correction", signer, {"threads": threads})]
            for trigger, actor, given in steps:
                engine.apply(tx, Command(case, trigger, actor, _purpose(payload), f"{key}:{trigger}", given))
    except CaseNotFound:
        return ("評価書の案件が見つかりません。",)
    except Refused as refused:
        found = engine.case(tx, case)
        return tuple(engine.reason_text(reason, found) for reason in refused.reasons)
    return ()


def _approval(state: str, payload: Mapping[str, Any]) -> list[tuple[str, Actor, dict[str, Any]]]:
    steps: list[tuple[str, Actor, dict[str, Any]]] = []
    if state == "ppc_review":
        steps.append(("recommend", _person(payload["drafted_by"], "reviewer"), {}))
    signer = _person(payload["signed_by"], "commissioner")
    return [*steps, ("approve", signer, {"decided_on": payload["decided_on"]})]


def _remarks(tx: Transaction, notes: Notes, payload: Mapping[str, Any], statement: Statement) -> list[UUID]:
    """A return says where and why: a thread at the item of each open question, one for each standpoint, one for the reasons."""
    main = statement.forms[-1]
    threads = []
    for question in payload.get("questions", ()):
        row = tx.raw.execute(
            "SELECT q.form, q.place, q.number, e.text FROM madoguchi.commission_question AS q"
            " JOIN madoguchi.commission_question_entry AS e ON e.tenant = q.tenant AND e.question = q.id"
            " WHERE q.tenant = %s AND q.id = %s AND e.side = 'commission' ORDER BY e.at, e.id LIMIT 1",
            (tx.tenant, UUID(question)),
        ).fetchone()
        if row is not None:
            form, place, number, text = row
            thread = notes.open_thread(
                tx, statement.id, form, place, "to_fix", f"委員会の問{number}：{text}", SENDER
            )
            tx.raw.execute(
                "UPDATE madoguchi.commission_question SET thread = %s WHERE tenant = %s AND id = %s",
                (thread, tx.tenant, UUID(question)),
            )
            threads.append(thread)
    says = [one["text"] for one in payload.get("to_fix", ())]
    for text in [*says, f"委員会の返却の理由：{payload['reasons']}"]:
        threads.append(notes.open_thread(tx, statement.id, main, COVER, "to_fix", text, SENDER))
    return threads


def _advise(tx: Transaction, notes: Notes, payload: Mapping[str, Any], statement: Statement) -> None:
    text = f"委員会の指導・助言（{payload['letter']}）：{payload['reasons']}"
    notes.open_thread(tx, statement.id, statement.forms[-1], COVER, "proposal", text, SENDER)


def _keep_questions(tx: Transaction, case: UUID, payload: Mapping[str, Any]) -> None:
    due = date.fromisoformat(payload["due_on"])
    for one in payload["questions"]:
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_question (tenant, id, case_id, number, form, place, address, due_on, asked_by,"
            " asked_at, sent_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                tx.tenant, one["id"], case, one["number"], one["form"], one["place"], one["address"], due,
                SENDER, one["asked_at"], one["asked_at"],
            ),
        )  # fmt: skip
        _keep_entries(tx, one["id"], one["entries"])


def _keep_reply(tx: Transaction, payload: Mapping[str, Any]) -> None:
    _keep_entries(tx, payload["question"], [payload["entry"]])
    tx.raw.execute(
        "UPDATE madoguchi.commission_question SET answered_at = NULL, closed_at = NULL, closed_by = NULL"
        " WHERE tenant = %s AND id = %s",
        (tx.tenant, payload["question"]),
    )


def _close(tx: Transaction, payload: Mapping[str, Any], at: datetime) -> None:
    tx.raw.execute(
        "UPDATE madoguchi.commission_question SET closed_at = %s, closed_by = %s WHERE tenant = %s AND id = %s",
        (at, SENDER, tx.tenant, payload["question"]),
    )


def _keep_entries(tx: Transaction, question: str, entries: Sequence[Mapping[str, Any]]) -> None:
    for one in entries:
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_question_entry (tenant, id, question, side, by_whom, at, text)"
            " VALUES (%s, %s, %s, 'commission', %s, %s, %s) ON CONFLICT DO NOTHING",
            (tx.tenant, one["id"], question, SENDER, one["at"], one["text"]),
        )


def _person(account: str, *roles: str) -> Actor:
    return Actor("reviewer", account, frozenset(roles))


def _purpose(payload: Mapping[str, Any]) -> str:
    return f"委員会の決定（{OUTCOMES[payload['outcome']]}）"
