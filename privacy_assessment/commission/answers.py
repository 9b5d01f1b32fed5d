"""The body's desk: the commission's questions as the body has them, its answers, and what else came from the commission."""

from __future__ import annotations

from uuid import UUID

from privacy_assessment.commission import messages
from privacy_assessment.commission.models import COMMISSION, CommissionRefused, Question
from privacy_assessment.commission.service import MAX_TEXT
from privacy_assessment.commission.store import read_question, read_questions
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id


def questions_to(tx: Transaction, case: UUID) -> list[Question]:
    """The commission's questions to a body's case, by number."""
    return read_questions(tx, case)


def answer(tx: Transaction, clock: Clock, question: UUID, text: str, by: str) -> UUID:
    """Answer a question; the commission gets it by the next job. Returns the entry.

    :raises CommissionRefused: the question is closed, or the text is empty or too long.
    """
    found = read_question(tx, question)
    said = text.strip()
    if not said or len(said) > MAX_TEXT or "\x00" in said:
        raise CommissionRefused(
            "BAD_TEXT", f"回答は1字以上{MAX_TEXT:,}字までです。送っていません。書き直してください。"
        )
    if found.closed_at is not None:
        raise CommissionRefused(
            "CLOSED", "この質問は委員会が閉じました。送っていません。必要なら委員会に連絡してください。"
        )
    entry, now = new_id(), clock.now()
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_question_entry (tenant, id, question, side, by_whom, at, text)"
        " VALUES (%s, %s, %s, 'body', %s, %s, %s)",
        (tx.tenant, entry, question, by, now, said),
    )
    tx.raw.execute(
        "UPDATE madoguchi.commission_question SET answered_at = %s WHERE tenant = %s AND id = %s",
        (now, tx.tenant, question),
    )
    payload = {
        "question": str(question),
        "entry": str(entry),
        "by": by,
        "at": now.isoformat(),
        "text": said,
    }
    messages.send(tx, COMMISSION, found.case_id, "answer", payload, now, found.case_id)
    return entry
