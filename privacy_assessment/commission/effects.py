"""What follows from a step of the commission, in its own transaction: questions and decisions go out, the letter is ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from privacy_assessment.commission import messages
from privacy_assessment.commission.models import APPROVING, Decision, Question, Submission
from privacy_assessment.commission.papers import order_paper
from privacy_assessment.commission.store import current, draft_of, read_checks, read_decision, read_questions
from storage.database import Transaction
from workflows.engine import Applied

Effect = Callable[[Transaction, Sequence[Applied]], None]


class Effects:
    """The write effects of the commission's machine."""

    def all(self) -> tuple[Effect, ...]:
        """Every effect; its name is the one the definition uses."""
        return (self.send_questions, self.keep_remark, self.sign_decision, self.tell_filed)

    def send_questions(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The questions not sent yet go out together."""
        for one in applied:
            unsent = [each for each in read_questions(tx, one.case_id) if each.state == "draft"]
            tx.raw.execute(
                "UPDATE madoguchi.commission_question SET sent_at = %s, due_on = %s WHERE tenant = %s AND id = ANY(%s)",
                (one.at, one.input["due_on"], tx.tenant, [each.id for each in unsent]),
            )
            submission = current(tx, one.case_id)
            payload = {
                "case": str(submission.sender_case),
                "due_on": str(one.input["due_on"]),
                "questions": [_question(each) for each in unsent],
            }
            _send(tx, submission, one, "questions", payload)

    def keep_remark(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Why a draft was sent back stands with the draft."""
        for one in applied:
            draft = draft_of(tx, one.case_id)
            if draft is not None:
                tx.raw.execute(
                    "UPDATE madoguchi.commission_decision SET remark = %s WHERE tenant = %s AND id = %s",
                    (one.input["remark"], tx.tenant, draft.id),
                )

    def sign_decision(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The decision is signed, its letter numbered and ordered, and the body told."""
        for one in applied:
            submission, draft = current(tx, one.case_id), draft_of(tx, one.case_id)
            assert draft is not None, "the guard draft_written stands before this"
            number = f"{submission.receipt}-{_signed(tx, one) + 1}"
            tx.raw.execute(
                "UPDATE madoguchi.commission_decision SET signed_by = %s, signed_at = %s, decided_on = %s,"
                " letter_number = %s WHERE tenant = %s AND id = %s",
                (one.actor.id, one.at, one.input["decided_on"], number, tx.tenant, draft.id),
            )
            signed = read_decision(tx, draft.id)
            order_paper(tx, "letter", signed.id, f"通知書_{number}.pdf", one.actor.id, one.at)
            kind = "approve" if signed.outcome in APPROVING else signed.outcome
            _send(tx, submission, one, kind, _decision(tx, submission, signed))

    def tell_filed(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The body hears that its submission was checked, or its notice acknowledged."""
        for one in applied:
            submission = current(tx, one.case_id)
            payload = {"case": str(submission.sender_case), "receipt": submission.receipt}
            _send(tx, submission, one, "filed", payload)


def _send(tx: Transaction, submission: Submission, one: Applied, kind: str, payload: dict[str, Any]) -> None:
    messages.send(tx, submission.sender, one.case_id, kind, payload, one.at, submission.sender_case)


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": str(question.id),
        "number": question.number,
        "form": question.form,
        "place": question.place,
        "address": question.address,
        "asked_by": question.asked_by,
        "asked_at": question.asked_at.isoformat(),
        "entries": [
            {"id": str(one.id), "by": one.by, "at": one.at.isoformat(), "text": one.text}
            for one in question.entries
        ],
    }


def _decision(tx: Transaction, submission: Submission, signed: Decision) -> dict[str, Any]:
    """What the body gets to know of a decision; a return names what is to be fixed."""
    payload: dict[str, Any] = {
        "case": str(submission.sender_case),
        "receipt": submission.receipt,
        "decision": str(signed.id),
        "outcome": signed.outcome,
        "letter": signed.letter_number,
        "reasons": signed.reasons,
        "notes": signed.notes,
        "decided_on": signed.decided_on.isoformat() if signed.decided_on else None,
        "drafted_by": signed.drafted_by,
        "signed_by": signed.signed_by,
    }
    if signed.outcome == "return":
        open_ones = read_questions(tx, signed.case_id)
        payload["questions"] = [str(one.id) for one in open_ones if one.state in ("open", "answered")]
        payload["to_fix"] = [
            {"standpoint": one.standpoint, "text": one.comment}
            for one in read_checks(tx, submission.id).values()
            if one.rating == "fix" and one.comment
        ]
    return payload


def _signed(tx: Transaction, one: Applied) -> int:
    row = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.commission_decision WHERE tenant = %s AND case_id = %s AND signed_at IS NOT NULL",
        (tx.tenant, one.case_id),
    ).fetchone()
    return int(row[0]) if row else 0
