"""How an inquiry looks to staff: its words, and its answer only for who may read it while the case is in that state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from storage.database import Transaction
from workflows.engine import Actor, CaseView, Reason
from workflows.linkage import freezes
from workflows.linkage.inquiry.models import Inquiry, answer_context
from workflows.linkage.offices import Organisation
from workflows.linkage.parts import LinkParts
from workflows.linkage.wire import codes

# Who may read the answer itself in which state; in every other state nobody may (情報提供の必要な限度).
ANSWER_READERS: Mapping[str, frozenset[str]] = {
    "answered": frozenset({"clerk", "supervisor"}),
    "answered_stale": frozenset({"clerk", "supervisor"}),
    "closed": frozenset({"supervisor"}),
}


@dataclass(frozen=True)
class Offer:
    """One thing that may be asked for: a row of the law table, with who could be asked, or why it cannot be asked now.

    :param holders: organisations that have the role the row names.
    :param reasons: empty when it can be asked now.
    :param certainty: how sure the row is for today (``read`` in the order, or ``practice``: not compared with the wording in force).
    :param source: where the row stands in the order; ``read_from`` is the first day of the text in which it was read.
    :param note: what the row does not say by itself.
    """

    law_row: str
    clause: str
    item: str
    item_name: str
    affair: str
    affair_name: str
    holders: tuple[Organisation, ...]
    reasons: tuple[Reason, ...]
    certainty: str
    source: str
    read_from: date | None
    note: str

    @property
    def read(self) -> bool:
        """Whether the wording in force today was read."""
        return self.certainty == "read"

    @property
    def available(self) -> bool:
        """Whether it can be asked now."""
        return not self.reasons


@dataclass(frozen=True)
class AnswerView:
    """An answer as a member of staff may see it.

    :param items: content by item code; None when this actor may not read it (any more).
    """

    code: str
    as_of: date
    received_at: datetime
    items: Mapping[str, Any] | None
    statuses: Sequence[Mapping[str, str]]
    purged: bool


@dataclass(frozen=True)
class InquiryView:
    """An inquiry with its case, its words, and its answer."""

    case: CaseView
    inquiry: Inquiry
    asker_name: str
    holder_name: str
    affair_name: str
    item_names: tuple[str, ...]
    outcome_words: str | None
    answer: AnswerView | None


class InquiryViewer:
    """Puts words to inquiries and opens their answers."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts

    def view(
        self, tx: Transaction, case: CaseView, inquiry: Inquiry, actor: Actor, language: str = "ja"
    ) -> InquiryView:
        """Return an inquiry in words, its answer opened when this actor may read it in this state and no freeze stands.

        :param language: ``ja`` or ``en``.
        """
        law, label = self.parts.law, self.parts.offices.label
        affair = law.affairs.get(inquiry.affair)
        return InquiryView(
            case=case,
            inquiry=inquiry,
            asker_name=label(inquiry.asker_org),
            holder_name=label(inquiry.holder_org),
            affair_name=affair.name[language] if affair else inquiry.affair,
            item_names=tuple(
                law.items[one].name[language] if one in law.items else one for one in inquiry.items
            ),
            outcome_words=codes.words(inquiry.outcome, language) if inquiry.outcome else None,
            answer=self._answer(tx, case, inquiry, actor),
        )

    def _answer(self, tx: Transaction, case: CaseView, inquiry: Inquiry, actor: Actor) -> AnswerView | None:
        row = tx.raw.execute(
            "SELECT code, as_of, received_at, items, sealed, purged_at FROM madoguchi.linkage_answer"
            " WHERE tenant = %s AND case_id = %s",
            (tx.tenant, case.id),
        ).fetchone()
        if row is None:
            return None
        code, as_of, received_at, statuses, sealed, purged_at = row
        allowed = not actor.roles.isdisjoint(ANSWER_READERS.get(case.state, frozenset()))
        stopped = freezes.standing(tx).scope_of(inquiry.addressee, inquiry.asker_office, inquiry.items)
        content = None
        if allowed and stopped is None and sealed is not None:
            plain = self.parts.keys.open(tx, tx.tenant, bytes(sealed), context=answer_context(case.id))
            content = orjson.loads(plain)["items"]
        return AnswerView(code, as_of, received_at, content, statuses, purged_at is not None)
