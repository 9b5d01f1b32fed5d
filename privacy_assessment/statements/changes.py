"""Decisions about changes, kept: each belongs to the published version it starts from and to the text it was made for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from privacy_assessment.comparison import Change, Decided, changes, check_decision
from privacy_assessment.statements.models import Draft, Frozen, StatementRefused
from privacy_assessment.statements.store import last_version, read_draft
from storage.clock import Clock
from storage.database import Transaction


@dataclass(frozen=True)
class Judged:
    """A change with the decision that still holds for it, or None."""

    change: Change
    decided: Decided | None


def changes_of(tx: Transaction, draft: Draft) -> tuple[Frozen | None, list[Judged]]:
    """What a draft changes against the last published version, with the decisions that still fit its text."""
    base = last_version(tx, draft.statement, draft.form_id, "publication")
    if base is None:
        return None, []
    known = {
        place: (bytes(digest), Decided(*rest))
        for place, digest, *rest in tx.raw.execute(
            "SELECT place, after_digest, decision, reason, timing, note FROM madoguchi.assessment_change"
            " WHERE tenant = %s AND assessment_id = %s AND form = %s AND base = %s",
            (tx.tenant, draft.statement, draft.form_id, base.number),
        )
    }
    found = []
    for change in changes(base.document, base.form, draft.document, draft.form):
        digest, decided = known.get(str(change.place), (b"", None))
        found.append(Judged(change, decided if digest == _digest(change) else None))
    return base, found


def decide(
    tx: Transaction, clock: Clock, statement: UUID, form: str, place: str, decided: Decided, by: str
) -> Change:
    """Keep a person's decision about one change.

    :raises StatementRefused: there is no such change any more.
    :raises BadDecision: the rules do not allow it.
    """
    draft = read_draft(tx, statement, form)
    base, found = changes_of(tx, draft)
    change = next((one.change for one in found if str(one.change.place) == place), None)
    if base is None or change is None:
        raise StatementRefused(
            "NO_CHANGE", "この項目は公表した版から変わっていません。決定は保存していません。"
        )
    check_decision(change, decided)
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_change (tenant, assessment_id, form, base, place, after_digest, proposal, decision,"
        " reason, timing, note, by_whom, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant, assessment_id, form, base, place) DO UPDATE SET after_digest = EXCLUDED.after_digest,"
        " proposal = EXCLUDED.proposal, decision = EXCLUDED.decision, reason = EXCLUDED.reason, timing = EXCLUDED.timing,"
        " note = EXCLUDED.note, by_whom = EXCLUDED.by_whom, at = EXCLUDED.at",
        (
            tx.tenant,
            statement,
            form,
            base.number,
            place,
            _digest(change),
            change.proposal,
            decided.decision,
            decided.reason,
            decided.timing,
            decided.note,
            by,
            clock.now(),
        ),
    )
    return change


def _digest(change: Change) -> bytes:
    return hashlib.sha256(f"{change.before}\x00{change.after}".encode()).digest()
