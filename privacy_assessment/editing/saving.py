"""Saving a page of the editor: what can be saved is saved, what cannot comes back with its text, nothing is overwritten or lost.

A page sends every field on it, those its writer did not touch as well. Against what stood there when the page was made (the history
knows), an untouched field is left alone even when somebody else changed it meanwhile; only a field both changed is a clash, and
the text of the second writer is put aside under her name until she has looked at both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.forms import Place, check_place, citation
from privacy_assessment.forms.document import BadPlace, Document, Value
from privacy_assessment.statements.drafts import MAX_FIELD, DraftService
from privacy_assessment.statements.models import Draft
from storage.database import Transaction
from workflows.engine import Actor


@dataclass(frozen=True, slots=True)
class NotKept:
    """A field that cannot be kept as it is.

    :param text: what is wrong and what to do, in words.
    """

    place: str
    where: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What became of a save.

    :param draft: the working copy afterwards. :param before: its version before. :param aside: places put aside.
    """

    draft: Draft
    before: int
    aside: tuple[str, ...]
    refused: tuple[NotKept, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.draft.version != self.before


@dataclass(frozen=True)
class Aside:
    """A text of one's own that waits for a decision.

    :param reason: ``clash`` (somebody else changed the field) or ``gone`` (its row was taken out).
    """

    place: str
    value: Value
    reason: str
    at: datetime


def save(
    tx: Transaction,
    drafts: DraftService,
    statement: UUID,
    form: str,
    seen: int,
    values: Mapping[str, Value | None],
    actor: Actor,
    kind: str = "edit",
    later: Mapping[str, int] | None = None,
) -> Outcome:
    """Save what can be saved.

    :param seen: the version the page was made from. :param later: a newer version for single places, which the page itself
        has saved since: what stood there then is what its writer goes on from.
    :raises StatementRefused: when this actor may not write in this state; nothing was written then.
    """
    # Saving nothing asks whether she may and holds the row, before anything is put aside.
    draft = drafts.save(tx, statement, form, seen, {}, actor)
    mine: dict[str, Value | None] = {}
    aside: dict[str, str] = {}
    refused = []
    for place, value in values.items():
        if _same(draft.document, place, value):
            continue
        wrong = _cannot_keep(draft, place, value)
        if wrong is not None:
            refused.append(wrong)
        elif _gone(draft, place):
            if value is not None:
                aside[place] = "gone"
        else:
            mine[place] = value
    for place, base in _bases(tx, draft, {place: (later or {}).get(place, seen) for place in mine}).items():
        value = mine.pop(place)
        if base != value:
            aside[place] = "clash"
    for place, reason in aside.items():
        _put_aside(tx, draft, place, values[place], reason, actor.id, drafts.clock.now())
    after = drafts.save(tx, statement, form, draft.version, mine, actor, kind) if mine else draft
    return Outcome(after, draft.version, tuple(aside), tuple(refused))


def asides(tx: Transaction, statement: UUID, form: str, account: str) -> list[Aside]:
    """One's own texts that wait, oldest first."""
    rows = tx.raw.execute(
        "SELECT place, value, reason, at FROM madoguchi.assessment_aside WHERE tenant = %s AND assessment_id = %s"
        " AND form = %s AND account = %s ORDER BY at, place",
        (tx.tenant, statement, form, account),
    ).fetchall()
    return [Aside(*row) for row in rows]


def settle(tx: Transaction, statement: UUID, form: str, account: str, places: list[str]) -> None:
    """Forget texts that were put aside, because their writer has decided about them."""
    tx.raw.execute(
        "DELETE FROM madoguchi.assessment_aside WHERE tenant = %s AND assessment_id = %s AND form = %s"
        " AND account = %s AND place = ANY(%s)",
        (tx.tenant, statement, form, account, places),
    )


def last_writer(tx: Transaction, statement: UUID, form: str, place: str) -> tuple[str, datetime] | None:
    """Who wrote a field last, and when."""
    return tx.raw.execute(
        "SELECT by_whom, at FROM madoguchi.assessment_edit WHERE tenant = %s AND assessment_id = %s AND form = %s"
        " AND place = %s ORDER BY version DESC LIMIT 1",
        (tx.tenant, statement, form, place),
    ).fetchone()


def _bases(tx: Transaction, draft: Draft, seen: Mapping[str, int]) -> dict[str, Any]:
    """What stood in those of the places that were changed since, when the page was made.

    :param seen: version by place; one that cannot be is taken for the oldest.
    """
    asked = {
        place: at if 0 <= at <= draft.version else 0 for place, at in seen.items() if at != draft.version
    }
    if not asked:
        return {}
    return dict(
        tx.raw.execute(
            "SELECT w.place, e.before FROM unnest(%s::text[], %s::int[]) AS w (place, seen) CROSS JOIN LATERAL"
            " (SELECT before FROM madoguchi.assessment_edit WHERE tenant = %s AND assessment_id = %s AND form = %s"
            " AND place = w.place AND version > w.seen ORDER BY version LIMIT 1) AS e",
            (list(asked), list(asked.values()), tx.tenant, draft.statement, draft.form_id),
        ).fetchall()
    )


def _put_aside(
    tx: Transaction, draft: Draft, place: str, value: Value | None, reason: str, account: str, at: datetime
) -> None:
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_aside (tenant, assessment_id, form, account, place, value, reason, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant, assessment_id, form, account, place)"
        " DO UPDATE SET value = EXCLUDED.value, reason = EXCLUDED.reason, at = EXCLUDED.at",
        (
            tx.tenant,
            draft.statement,
            draft.form_id,
            account,
            place,
            orjson.dumps("" if value is None else value).decode(),
            reason,
            at,
        ),
    )


def _same(document: Document, place: str, value: Value | None) -> bool:
    now = document.get(place)
    return now == value or (now is None and not value)


def _gone(draft: Draft, place: str) -> bool:
    try:
        check_place(draft.document, draft.form, Place.parse(place))
    except BadPlace:
        return True
    return False


def _cannot_keep(draft: Draft, place: str, value: Value | None) -> NotKept | None:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    wrong = ""
    if len(text) > MAX_FIELD:
        wrong = (
            f"{len(text):,}字あります。一つの項目に書けるのは{MAX_FIELD:,}字までです。別添に分けてください。"
        )
    elif "\x00" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        wrong = "文字として保存できないものが入っています。その部分を書き直してください。"
    if not wrong:
        return None
    at = Place.parse(place)
    item = draft.form.by_key.get(at.key)
    where = citation(draft.form, item, draft.document, at.rows) if item is not None else place
    return NotKept(place, where, wrong)
