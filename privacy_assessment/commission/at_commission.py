"""What happens at the commission when a body's message arrives: a submission is taken in, an answer is put to its question.

Everything is written in one transaction under the commission's own code, together with the message's own row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.commission import messages
from privacy_assessment.commission.models import KIND
from privacy_assessment.commission.store import current, read_question, read_questions
from storage.clock import JAPAN
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Command, Engine

SYSTEM = Actor("system", "delivery", frozenset({"system"}))
FISCAL_YEAR_BEGINS = 4
# Any two transactions that number submissions wait for each other.
NUMBERING = 150_000


def take_submission(
    tx: Transaction,
    engine: Engine,
    message: UUID,
    sender: str,
    payload: Mapping[str, Any],
    forms: Mapping[str, Any],
    at: datetime,
) -> UUID:
    """Take in what a body handed in: into the case it was returned from, or into a new one. Returns the commission's case."""
    statement, sender_case = UUID(payload["statement"]), UUID(payload["case"])
    returned = _returned(tx, sender, sender_case)
    case, submission = returned or new_id(), new_id()
    bodies = {form: orjson.dumps(body) for form, body in forms.items()}
    values = {
        "tenant": tx.tenant,
        "id": submission,
        "case_id": case,
        "receipt": _receipt(tx, at),
        "sender": sender,
        "sender_case": sender_case,
        "sender_seq": payload["seq"],
        "statement": statement,
        **{
            name: payload[name]
            for name in (
                "body", "body_name", "standing", "contact", "number", "title", "kind", "occasion", "needs_approval",
                "submitted_on",
            )
        },
        "received_at": at,
        "digest": hashlib.sha256(b"\n".join(bodies[form] for form in sorted(bodies))).digest(),
        "base": _accepted(tx, sender, statement),
        "before": current(tx, case).id if returned else None,
        "facts": orjson.dumps(payload["facts"]).decode(),
    }  # fmt: skip
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    tx.raw.execute(
        f"INSERT INTO madoguchi.commission_submission ({names}) VALUES ({marks})",  # noqa: S608 - our own column names
        tuple(values.values()),
    )
    for form, body in bodies.items():
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_form (tenant, submission, form, edition, body, digest)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                tx.tenant,
                submission,
                form,
                str(forms[form]["edition"]),
                body.decode(),
                hashlib.sha256(body).digest(),
            ),
        )
    if returned:
        engine.apply(
            tx,
            Command(
                case, "resubmit", SYSTEM, "補正後の提出", f"message:{message}", {"submission": submission}
            ),
        )
    else:
        engine.open(
            tx,
            KIND,
            actor=SYSTEM,
            purpose="提出の受付",
            request_key=f"message:{message}",
            input={"submission": submission, "sender": sender},
            case_id=case,
        )
    receipt = {"case": str(sender_case), "receipt": values["receipt"], "received_at": at.isoformat()}
    messages.send(tx, sender, case, "receipt", receipt, at, sender_case)
    return case


def take_answer(
    tx: Transaction,
    engine: Engine,
    message: UUID,
    sender: str,
    payload: Mapping[str, Any],
    at: datetime,
) -> UUID:
    """Put a body's answer to its question; when none is open any more, the case goes on. Returns the commission's case."""
    question = read_question(tx, UUID(payload["question"]))
    if current(tx, question.case_id).sender != sender:
        raise LookupError("an answer to a question that was put to another body")
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_question_entry (tenant, id, question, side, by_whom, at, text)"
        " VALUES (%s, %s, %s, 'body', %s, %s, %s) ON CONFLICT DO NOTHING",
        (tx.tenant, UUID(payload["entry"]), question.id, payload["by"], payload["at"], payload["text"]),
    )
    tx.raw.execute(
        "UPDATE madoguchi.commission_question SET answered_at = %s WHERE tenant = %s AND id = %s",
        (at, tx.tenant, question.id),
    )
    case = engine.case(tx, question.case_id)
    waiting = [one for one in read_questions(tx, case.id) if one.state == "open"]
    if case.state == "questions_out" and not waiting:
        engine.apply(tx, Command(case.id, "answered", SYSTEM, "回答の受領", f"message:{message}"))
    return case.id


def _returned(tx: Transaction, sender: str, sender_case: UUID) -> UUID | None:
    """The commission's case that waits for this body's corrected submission."""
    row = tx.raw.execute(
        "SELECT c.id FROM madoguchi.case_file AS c JOIN madoguchi.commission_submission AS s"
        " ON s.tenant = c.tenant AND s.case_id = c.id WHERE c.tenant = %s AND s.sender = %s AND s.sender_case = %s"
        " AND c.state = 'returned' LIMIT 1",
        (tx.tenant, sender, sender_case),
    ).fetchone()
    return None if row is None else row[0]


def _accepted(tx: Transaction, sender: str, statement: UUID) -> UUID | None:
    """The newest submission of the statement that was approved, advised on or checked: what changes are marked against."""
    row = tx.raw.execute(
        "SELECT s.id FROM madoguchi.commission_submission AS s JOIN madoguchi.case_file AS c"
        " ON c.tenant = s.tenant AND c.id = s.case_id WHERE s.tenant = %s AND s.sender = %s AND s.statement = %s"
        " AND s.occasion <> 'ended' AND c.state IN ('decided', 'filed')"
        " ORDER BY s.received_at DESC, s.id DESC LIMIT 1",
        (tx.tenant, sender, statement),
    ).fetchone()
    return None if row is None else row[0]


def _receipt(tx: Transaction, at: datetime) -> str:
    """受付番号: counted from 1 in each fiscal year."""
    day = at.astimezone(JAPAN).date()
    year = day.year if day.month >= FISCAL_YEAR_BEGINS else day.year - 1
    tx.raw.execute("SELECT pg_advisory_xact_lock(%s)", (NUMBERING,))
    row = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.commission_submission WHERE tenant = %s AND receipt LIKE %s",
        (tx.tenant, f"{year}-%"),
    ).fetchone()
    return f"{year}-{(row[0] if row else 0) + 1:04d}"
