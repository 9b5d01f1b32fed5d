"""Reading what the commission holds: submissions, forms, checks, questions, decisions. Always in the tenant of the transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from privacy_assessment.commission.models import (
    Check,
    Decision,
    Entry,
    HandedForm,
    NoSuchReview,
    Question,
    Submission,
)
from privacy_assessment.forms import Document
from storage.database import Transaction

SUBMISSION = (
    "SELECT id, case_id, receipt, sender, sender_case, sender_seq, statement, body, body_name, standing, contact, number,"
    " title, kind, occasion, needs_approval, submitted_on, received_at, digest, base, before, facts"
    " FROM madoguchi.commission_submission WHERE tenant = %s"
)
QUESTION = (
    "SELECT id, case_id, number, form, place, address, due_on, asked_by, asked_at, sent_at, answered_at, closed_by,"
    " closed_at, thread FROM madoguchi.commission_question WHERE tenant = %s"
)
DECISION = (
    "SELECT id, submission, case_id, outcome, reasons, notes, drafted_by, drafters, drafted_at, version, remark, letter_number,"
    " decided_on, signed_by, signed_at FROM madoguchi.commission_decision WHERE tenant = %s"
)


def _submission(row: tuple[Any, ...]) -> Submission:
    values: tuple[Any, ...] = (*row[:18], bytes(row[18]), *row[19:])
    return Submission(*values)


def read_submission(tx: Transaction, submission: UUID) -> Submission:
    """A submission by its id.

    :raises NoSuchReview: there is none.
    """
    row = tx.raw.execute(f"{SUBMISSION} AND id = %s", (tx.tenant, submission)).fetchone()
    if row is None:
        raise NoSuchReview("この提出は見つかりません。")
    return _submission(row)


def submissions_of(tx: Transaction, case: UUID) -> list[Submission]:
    """The submissions of a case, newest first: the first is the one under review."""
    rows = tx.raw.execute(
        f"{SUBMISSION} AND case_id = %s ORDER BY received_at DESC, id DESC", (tx.tenant, case)
    ).fetchall()
    return [_submission(row) for row in rows]


def current(tx: Transaction, case: UUID) -> Submission:
    """The submission of a case that is under review.

    :raises NoSuchReview: the case has none.
    """
    found = submissions_of(tx, case)
    if not found:
        raise NoSuchReview("この案件に提出はありません。")
    return found[0]


def read_forms(tx: Transaction, submission: UUID) -> dict[str, HandedForm]:
    """The forms of a submission by name."""
    rows = tx.raw.execute(
        "SELECT form, body, digest FROM madoguchi.commission_form WHERE tenant = %s AND submission = %s ORDER BY form",
        (tx.tenant, submission),
    ).fetchall()
    return {row[0]: HandedForm(row[0], Document.from_json(row[1]), bytes(row[2])) for row in rows}


def read_checks(tx: Transaction, submission: UUID) -> dict[str, Check]:
    """The judgement in force of each standpoint judged; older ones stay in the table."""
    rows = tx.raw.execute(
        "SELECT DISTINCT ON (standpoint) standpoint, rating, comment, by_whom, at FROM madoguchi.commission_check"
        " WHERE tenant = %s AND submission = %s ORDER BY standpoint, seq DESC",
        (tx.tenant, submission),
    ).fetchall()
    return {row[0]: Check(*row) for row in rows}


def read_questions(tx: Transaction, case: UUID, only: UUID | None = None) -> list[Question]:
    """The questions of a case by number, with what was said.

    :param only: one of them.
    """
    rows = tx.raw.execute(
        f"{QUESTION} AND case_id = %s AND (%s::uuid IS NULL OR id = %s) ORDER BY number",
        (tx.tenant, case, only, only),
    ).fetchall()
    said: dict[UUID, list[Entry]] = {}
    for question, *rest in tx.raw.execute(
        "SELECT question, id, side, by_whom, at, text FROM madoguchi.commission_question_entry"
        " WHERE tenant = %s AND question = ANY(%s) ORDER BY question, at, id",
        (tx.tenant, [row[0] for row in rows]),
    ):
        said.setdefault(question, []).append(Entry(*rest))
    whole: list[tuple[Any, ...]] = [(*row, tuple(said.get(row[0], ()))) for row in rows]
    return [Question(*one) for one in whole]


def read_question(tx: Transaction, question: UUID) -> Question:
    """One question.

    :raises NoSuchReview: there is none.
    """
    row = tx.raw.execute(f"{QUESTION} AND id = %s", (tx.tenant, question)).fetchone()
    if row is None:
        raise NoSuchReview("この質問は見つかりません。")
    return read_questions(tx, row[1], row[0])[0]


def read_decision(tx: Transaction, decision: UUID) -> Decision:
    """One decision.

    :raises NoSuchReview: there is none.
    """
    row = tx.raw.execute(f"{DECISION} AND id = %s", (tx.tenant, decision)).fetchone()
    if row is None:
        raise NoSuchReview("この決定は見つかりません。")
    return _decision(row)


def _decision(row: tuple[Any, ...]) -> Decision:
    values: tuple[Any, ...] = (*row[:7], tuple(row[7]), *row[8:])
    return Decision(*values)


def decisions_of(tx: Transaction, case: UUID) -> list[Decision]:
    """The decisions of a case, newest first; the first may be a draft."""
    rows = tx.raw.execute(
        f"{DECISION} AND case_id = %s ORDER BY drafted_at DESC, id DESC", (tx.tenant, case)
    ).fetchall()
    return [_decision(row) for row in rows]


def draft_of(tx: Transaction, case: UUID) -> Decision | None:
    """The draft that waits for its signature, or None."""
    row = tx.raw.execute(
        f"{DECISION} AND case_id = %s AND signed_at IS NULL ORDER BY drafted_at DESC, id DESC LIMIT 1",
        (tx.tenant, case),
    ).fetchone()
    return None if row is None else _decision(row)
