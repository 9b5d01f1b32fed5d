"""The body's end: what goes to the commission with a submission (規則3条・5条から8条まで・14条・16条), and when.

The forms are those frozen by the step; everything else is gathered in the transaction of the step, so that what the commission gets
is the state of that moment, however late the job runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from privacy_assessment.commission import messages
from privacy_assessment.commission.models import COMMISSION
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import in_force
from privacy_assessment.statements.store import read_body
from storage.clock import JAPAN
from storage.database import Transaction
from workflows.engine import Applied

# The step that asks for an approval; every other submission is only checked (番号法28条2項).
ASKS_APPROVAL = frozenset({"ask_approval"})
AMENDS = frozenset({"submit_amended"})


def hand_in(tx: Transaction, one: Applied, statement: Statement) -> None:
    """Send what a step has frozen to the commission."""
    occasion = "amended" if one.trigger in AMENDS else "again" if _published(tx, statement) else "first"
    _send(tx, one, statement, occasion)


def hand_in_end(tx: Transaction, one: Applied, statement: Statement) -> None:
    """規則16条: tell the commission that the affair has stopped."""
    _send(tx, one, statement, "ended")


def frozen_forms(tx: Transaction, payload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The whole forms a step froze: those of its moment, never a later version."""
    rows = tx.raw.execute(
        "SELECT v.form, v.body FROM madoguchi.assessment_version AS v JOIN madoguchi.step AS s"
        " ON s.tenant = v.tenant AND s.case_id = %s AND s.seq = %s AND s.at = v.at"
        " WHERE v.tenant = %s AND v.assessment_id = %s AND v.purpose = 'submission' ORDER BY v.form",
        (payload["case"], payload["seq"], tx.tenant, payload["statement"]),
    ).fetchall()
    return dict(rows)


def _send(tx: Transaction, one: Applied, statement: Statement, occasion: str) -> None:
    body = read_body(tx, statement.body)
    payload = {
        "case": str(one.case_id),
        "seq": one.seq,
        "statement": str(statement.id),
        "body": body.code,
        "body_name": body.name,
        "standing": body.standing,
        "contact": f"{body.department} {body.contact}".strip(),
        "number": statement.number,
        "title": statement.shown_title,
        "kind": statement.kind,
        "occasion": occasion,
        "needs_approval": one.trigger in ASKS_APPROVAL,
        "submitted_on": one.at.astimezone(JAPAN).date().isoformat(),
        "facts": _facts(tx, one, statement),
    }
    messages.send(tx, COMMISSION, one.case_id, "submission", payload, one.at, one.case_id)


def _published(tx: Transaction, statement: Statement) -> bool:
    row = tx.raw.execute(
        "SELECT 1 FROM madoguchi.assessment_version WHERE tenant = %s AND assessment_id = %s AND purpose = 'publication'"
        " LIMIT 1",
        (tx.tenant, statement.id),
    ).fetchone()
    return row is not None


def _facts(tx: Transaction, one: Applied, statement: Statement) -> dict[str, Any]:
    return {
        "affairs": list(statement.affairs),
        "hold_start": _iso(statement.hold_start),
        "changes_on": _iso(statement.changes_on),
        "stopped_on": _iso(statement.stopped_on) or one.input.get("stopped_on"),
        "emergency_on": _iso(statement.emergency_on),
        "emergency_reason": statement.emergency_reason,
        "judgement": _judgement(tx, statement.id),
        "redactions": [
            {
                "form": form,
                "place": str(kept.redaction.place),
                "ground": kept.redaction.ground,
                "reason": kept.redaction.reason,
                "starts": kept.redaction.starts,
                "ends": kept.redaction.ends,
            }
            for form, found in in_force(tx, statement.id, statement.forms).items()
            for kept in found
        ],
        "consultation": _consultation(tx, one.case_id),
        "third_party": _third_party(tx, one.case_id),
    }


def _judgement(tx: Transaction, statement: UUID) -> dict[str, Any] | None:
    row = tx.raw.execute(
        "SELECT judged_on, owed, chosen, figures, person_class, why FROM madoguchi.threshold_judgement"
        " WHERE tenant = %s AND assessment_id = %s ORDER BY judged_at DESC, id DESC LIMIT 1",
        (tx.tenant, statement),
    ).fetchone()
    if row is None:
        return None
    return {
        "judged_on": row[0].isoformat(),
        "owed": row[1],
        "chosen": row[2],
        "persons": row[3].get("persons"),
        "handlers": row[3].get("handlers"),
        "accidents": len(row[3].get("accidents") or ()),
        "person_class": row[4],
        "why": list(row[5]),
    }


def _consultation(tx: Transaction, case: UUID) -> dict[str, Any] | None:
    row = tx.raw.execute(
        "SELECT id, opens, closes, receipts FROM madoguchi.consultation WHERE tenant = %s AND case_id = %s"
        " ORDER BY opens DESC, id DESC LIMIT 1",
        (tx.tenant, case),
    ).fetchone()
    if row is None:
        return None
    results = tx.raw.execute(
        "SELECT summary, answer, changed, cardinality(receipts) FROM madoguchi.opinion_result"
        " WHERE tenant = %s AND consultation_id = %s ORDER BY row",
        (tx.tenant, row[0]),
    ).fetchall()
    return {
        "opens": row[1].isoformat(),
        "closes": row[2].isoformat(),
        "opinions": row[3],
        "results": [
            {"summary": each[0], "answer": each[1], "changed": each[2], "count": each[3]} for each in results
        ],
    }


def _third_party(tx: Transaction, case: UUID) -> dict[str, Any] | None:
    row = tx.raw.execute(
        "SELECT reviewed_on, reviewers, method, favourable FROM madoguchi.third_party_review"
        " WHERE tenant = %s AND case_id = %s ORDER BY at DESC, id DESC LIMIT 1",
        (tx.tenant, case),
    ).fetchone()
    if row is None:
        return None
    return {
        "reviewed_on": row[0].isoformat(),
        "reviewers": row[1],
        "method": row[2],
        "favourable": row[3],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
