"""The few values the statements' services hand around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.forms import Document, Form, load_form
from privacy_assessment.forms.dates import in_japanese

# The machine that leads a statement, by kind and by who the body is.
CASE_KINDS = {
    ("basic", "local"): "assessment_basic",
    ("basic", "national"): "assessment_basic",
    ("focused", "local"): "assessment_focused",
    ("focused", "national"): "assessment_focused",
    ("full", "local"): "assessment_full_local",
    ("full", "national"): "assessment_full_national",
}
# The forms of each kind: 基礎 is always filed beside the other (規則4条9号・10号).
FORMS = {"basic": ("form2",), "focused": ("form2", "form3"), "full": ("form2", "form4")}
FORM_NAMES = {"form2": "基礎項目評価書", "form3": "重点項目評価書", "form4": "全項目評価書"}


class StatementRefused(ValueError):
    """Something cannot be done to a statement as asked; what was there before is kept. Holds a code and a text for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NoSuchStatement(LookupError):
    """There is no such statement (or draft, or thread) in this tenant."""


@dataclass(frozen=True)
class Body:
    """評価実施機関: an organ (市長, 教育委員会), not the municipality.

    :param standing: ``local`` (地方公共団体等) or ``national`` (行政機関等).
    """

    code: str
    name: str
    standing: str
    department: str
    contact: str
    updated_on: date


@dataclass(frozen=True)
class Statement:
    """One affair under assessment, with the case that leads it now.

    :param affairs: codes of the law table's affairs it covers; the link asks by these.
    :param hold_start: planned first day of holding the file. :param changes_on: planned day of the change under reassessment.
    :param office: 業務主管課, whose people write it. :param planned_on: when the assessment is to be made (様式1).
    """

    id: UUID
    body: str
    number: str
    title: str
    kind: str
    affairs: tuple[str, ...]
    hold_start: date | None
    changes_on: date | None
    emergency_on: date | None
    emergency_reason: str | None
    case_id: UUID | None
    stopped_on: date | None
    office: str = ""
    planned_on: date | None = None
    remarks: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms its kind is filed on."""
        return FORMS[self.kind]

    @property
    def shown_title(self) -> str:
        """The title with 【○年○月○日 終了】 when the affair has been stopped."""
        return titled(self.title, self.stopped_on)


def titled(title: str, stopped_on: date | None) -> str:
    """A title, with 【○年○月○日 終了】 when the affair has been stopped (記載要領)."""
    return title if stopped_on is None else f"{title}【{in_japanese(stopped_on)} 終了】"


@dataclass(frozen=True)
class Draft:
    """The working copy of one form."""

    statement: UUID
    form_id: str
    version: int
    document: Document
    updated_at: datetime
    updated_by: str

    @property
    def form(self) -> Form:
        """The form in the edition it is written on."""
        return load_form(self.form_id, self.document.edition)


@dataclass(frozen=True)
class Frozen:
    """A version that was handed in, laid open or published; never changed.

    :param purpose: ``consultation``, ``third_party``, ``submission`` or ``publication``.
    :param public: the rendering without what is left out; None where only the full text was made.
    """

    statement: UUID
    form_id: str
    number: int
    purpose: str
    draft_version: int
    document: Document
    public: dict[str, Any] | None
    judgement: UUID | None
    at: datetime
    on_day: date
    by: str

    @property
    def form(self) -> Form:
        """The form in the edition it is written on."""
        return load_form(self.form_id, self.document.edition)
