"""Decisions about changes, kept: each belongs to the published version it starts from and to the text it was made for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from privacy_assessment.comparison import (
    AMENDMENT,
    Change,
    Decided,
    changes,
    check_decision,
    write_change_table,
)
from privacy_assessment.forms import Document, Form, Place, plain
from privacy_assessment.statements.drafts import DraftService
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


# What is said about a change of an item without ※ when nobody says more.
REST = "※の付いていない項目の変更であり、重要な変更に当たらないため。"


def decide_rest(tx: Transaction, clock: Clock, statement: UUID, form: str, timing: str, by: str) -> int:
    """Decide every change of an item without ※ that is still open as what the rules propose. Returns how many."""
    draft = read_draft(tx, statement, form)
    found = [
        one.change
        for one in changes_of(tx, draft)[1]
        if one.decided is None and not one.change.marked and one.change.proposal == AMENDMENT
    ]
    for change in found:
        decided = Decided(AMENDMENT, "", timing, REST)
        decide(tx, clock, statement, form, str(change.place), decided, by)
    return len(found)


def change_table(draft: Draft, judged: Sequence[Judged], day: str) -> list[dict[str, str]]:
    """The rows of 変更箇所 that follow from the decisions: texts by the name of the column."""
    document = Document(draft.form_id, draft.document.edition)
    rows = write_change_table(document, draft.form, day, _decided(judged))
    table = _table(draft.form)
    columns = [item for item in draft.form.all_items if item.key.startswith(f"{table}.")]
    return [
        {
            item.key.removeprefix(f"{table}."): plain(item, document.get(Place(item.key, (row,))))
            for item in columns
        }
        for row in rows
    ]


def write_table(
    tx: Transaction, clock: Clock, drafts: DraftService, statement: UUID, form: str, actor: Any
) -> int:
    """Write 変更箇所 into the draft in the place of what was written there since the last publication.

    :returns: how many rows. :raises StatementRefused: nothing is decided yet, or the state does not let this actor write.
    """
    draft = read_draft(tx, statement, form, lock=True)
    base, judged = changes_of(tx, draft)
    decided = _decided(judged)
    if base is None or not decided:
        raise StatementRefused(
            "NOTHING_DECIDED",
            "区分の決まった変更がありません。表は作っていません。先に変更の区分を決めてください。",
        )
    document = draft.document.copy()
    table = _table(draft.form)
    kept = set(base.document.rows_of(table))
    for row in [one for one in document.rows_of(table) if one not in kept]:
        document.remove_row(draft.form, table, row, ())
    write_change_table(document, draft.form, clock.today().isoformat(), decided)
    drafts.replace(tx, statement, form, draft.version, document, actor, "change_table")
    return len(decided)


def _decided(judged: Sequence[Judged]) -> list[tuple[Change, Decided]]:
    return [(one.change, one.decided) for one in judged if one.decided is not None]


def _table(form: Form) -> str:
    return next(one.key for one in form.all_items if one.type == "repeat" and one.key.endswith(".chg"))


def _digest(change: Change) -> bytes:
    return hashlib.sha256(f"{change.before}\x00{change.after}".encode()).digest()
