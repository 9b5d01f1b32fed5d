"""The values the commission's desk hands around. Everything here stands under the commission's own code, never under a body's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.forms import Document, Form, load_form

COMMISSION = "000000"
KIND = "commission_review"

OUTCOMES = {
    "approve": "承認",
    "approve_with_notes": "留意事項を付けて承認",
    "return": "返却",
    "advise": "指導・助言",
}
APPROVING = frozenset({"approve", "approve_with_notes"})
RATINGS = {"good": "可", "fix": "要修正", "improve": "改善余地", "none": "該当なし"}
OCCASIONS = {"first": "新規", "again": "再実施", "amended": "修正", "ended": "事務の終了"}
KIND_NAMES = {"basic": "基礎項目評価", "focused": "重点項目評価", "full": "全項目評価"}


class CommissionRefused(ValueError):
    """Something cannot be done as asked; what was there before is kept. Holds a code and a text for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NoSuchReview(LookupError):
    """The commission has no such submission, question, decision or paper."""


@dataclass(frozen=True)
class HandedForm:
    """One form as it was handed in, whole."""

    form_id: str
    document: Document
    digest: bytes

    @property
    def form(self) -> Form:
        """The form in the edition it is written on."""
        return load_form(self.form_id, self.document.edition)


@dataclass(frozen=True)
class Submission:
    """What a body handed in, once.

    :param receipt: 受付番号, counted by fiscal year.
    :param sender: the body's tenant. :param sender_case: its case, :param sender_seq: and the step that handed it in.
    :param occasion: ``first``, ``again``, ``amended`` or ``ended``.
    :param base: the last submission of the same statement that was approved or checked; None for the first.
    :param before: the submission of the same case that was returned; None in the first round.
    :param facts: what came with it beside the forms: judgement, plan register, consultation, third-party review.
    """

    id: UUID
    case_id: UUID
    receipt: str
    sender: str
    sender_case: UUID
    sender_seq: int
    statement: UUID
    body: str
    body_name: str
    standing: str
    contact: str
    number: str
    title: str
    kind: str
    occasion: str
    needs_approval: bool
    submitted_on: date
    received_at: datetime
    digest: bytes
    base: UUID | None
    before: UUID | None
    facts: Mapping[str, Any]

    @property
    def notice(self) -> bool:
        """Whether it is only the notice that the affair has ended (規則16条)."""
        return self.occasion == "ended"


@dataclass(frozen=True)
class Entry:
    """One contribution to a question: ``side`` is ``commission`` or ``body``."""

    id: UUID
    side: str
    by: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Question:
    """A numbered question of the commission with what was said on it. Both sides keep it, each in its own rows."""

    id: UUID
    case_id: UUID
    number: int
    form: str
    place: str
    address: str
    due_on: date | None
    asked_by: str
    asked_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    thread: UUID | None
    entries: tuple[Entry, ...] = ()

    @property
    def state(self) -> str:
        """``draft``, ``open``, ``answered`` or ``closed``."""
        if self.closed_at is not None:
            return "closed"
        if self.sent_at is None:
            return "draft"
        return "answered" if self.answered_at is not None else "open"


@dataclass(frozen=True)
class Check:
    """The judgement of one standpoint."""

    standpoint: str
    rating: str
    comment: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Decision:
    """A decision, from draft to signature.

    :param drafters: everybody who wrote a version of it; none of them signs.
    :param version: counts the drafts, so that nobody signs another text than the one she read.
    :param remark: why it was sent back, when it was.
    """

    id: UUID
    submission: UUID
    case_id: UUID
    outcome: str
    reasons: str
    notes: str
    drafted_by: str
    drafters: tuple[str, ...]
    drafted_at: datetime
    version: int
    remark: str
    letter_number: str | None
    decided_on: date | None
    signed_by: str | None
    signed_at: datetime | None


@dataclass(frozen=True)
class Message:
    """A message between a body and the commission, as one side keeps it.

    :param outcome: ``delivered`` or ``refused`` once the other side has answered; None while it is under way.
    """

    id: UUID
    direction: str
    counterpart: str
    case_id: UUID | None
    kind: str
    payload: Mapping[str, Any]
    at: datetime
    settled_at: datetime | None
    outcome: str | None
    reasons: tuple[str, ...]
