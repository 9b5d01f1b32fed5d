"""公示 (番号法28条1項): what anyone may read about a consultation, kept apart from what belongs to the office.

It is a copy, made when the consultation opens: the frozen public rendering, the days, whom to write to. Nothing in it is drawn from
the drafts later, so a page for anyone needs no right to the office's tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.forms import Document, Form, load_form
from privacy_assessment.statements.store import last_version, read_body, read_statement
from storage.database import Statement, Transaction
from workflows.law.calendar import days_between

FORM = "form4"
SHORT_REASON = "f4.6.2.3"
PAGE = 20
_HEAD = "tenant, id, body, number, body_name, contact, title, opens, closes, short_reason"
_COUNT = "(SELECT count(*) FROM madoguchi.public_result AS r WHERE r.tenant = p.tenant AND r.consultation_id = p.id)"
_FROM = f"SELECT {_HEAD}, {_COUNT} FROM madoguchi.public_consultation AS p"  # noqa: S608 - fixed names only
_RUNNING = f"{_FROM} WHERE opens <= %s AND closes >= %s ORDER BY closes, tenant, id"
_ENDED = f"{_FROM} WHERE closes < %s OR (closes = %s AND id > %s AND closes < %s) ORDER BY closes DESC, id LIMIT %s"
_ONE = f"{_FROM} WHERE tenant = %s AND id = %s"
_NEWEST = (
    "SELECT id FROM madoguchi.public_consultation WHERE tenant = %s AND body = %s AND number = %s AND opens <= %s"
    " ORDER BY opens DESC, id DESC LIMIT 1"
)
_TEXT = "SELECT rendering FROM madoguchi.public_consultation WHERE tenant = %s AND id = %s"
_RESULTS = (
    "SELECT number, content, note, published_at FROM madoguchi.public_result WHERE tenant = %s AND consultation_id = %s"
    " ORDER BY number DESC"
)


@dataclass(frozen=True)
class Announced:
    """A consultation as anyone sees it.

    :param contact: the section that reads the opinions, and how to reach it.
    :param results: how many times results were published.
    """

    tenant: str
    id: UUID
    body: str
    number: str
    body_name: str
    contact: str
    title: str
    opens: date
    closes: date
    short_reason: str
    results: int = 0

    @property
    def path(self) -> str:
        """Its address."""
        return f"/consultations/{self.tenant}/{self.id}"

    @property
    def days(self) -> int:
        """How many days it is open, the first and the last counted (両端入れ)."""
        return days_between(self.opens, self.closes, both_ends=True)

    def open_on(self, day: date) -> bool:
        """Whether opinions are taken on a day."""
        return self.opens <= day <= self.closes

    def left(self, day: date) -> int:
        """Days left on a day, that day counted; 0 after the close."""
        return max(0, days_between(day, self.closes, both_ends=True))


@dataclass(frozen=True)
class Rendering:
    """The frozen text, without what is left out."""

    document: Document
    texts: dict[str, str]
    gaps: dict[str, tuple[str, ...]]

    @property
    def form(self) -> Form:
        """The form in the edition it is written on."""
        return load_form(self.document.form_id, self.document.edition)


def announce(
    tx: Transaction, consultation: UUID, statement: UUID, opens: str, closes: str, reason: str
) -> None:
    """Lay a consultation open: copy what the office froze to where anyone may read it."""
    found = read_statement(tx, statement)
    body = read_body(tx, found.body)
    frozen = last_version(tx, statement, FORM, "consultation")
    if frozen is None or frozen.public is None:
        return
    # The reason is an item of the form: what is left out of the item is left out here.
    reason = str(frozen.public["texts"].get(SHORT_REASON, "")) if reason else ""
    tx.raw.execute(
        "INSERT INTO madoguchi.public_consultation (tenant, id, assessment_id, body, number, body_name, contact, title, opens,"
        " closes, short_reason, rendering) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, consultation, statement, found.body, found.number, body.name, f"{body.department}　{body.contact}".strip(),
         found.title, opens, closes, reason, orjson.dumps(frozen.public).decode()),
    )  # fmt: skip


def running(today: date) -> Statement:
    """The statement that lists what is open on a day, the one that ends first at the top."""
    return _RUNNING, (today, today)


def ended(today: date, after: tuple[date, UUID] | None = None, limit: int = PAGE + 1) -> Statement:
    """The statement that lists what has closed, newest first; ``after`` is the last one of the page before."""
    day, key = after or (today, UUID(int=0))
    return _ENDED, (day, day, key, today, limit)


def one(tenant: str, consultation: UUID) -> Statement:
    """The statement for one consultation by its identifier."""
    return _ONE, (tenant, consultation)


def newest_of(tenant: str, body: str, number: str, today: date) -> Statement:
    """The statement for the newest consultation on a 評価書, by its number."""
    return _NEWEST, (tenant, body, number, today)


def text_of(tenant: str, consultation: UUID) -> Statement:
    """The statement for its frozen text; read with :func:`read_rendering`."""
    return _TEXT, (tenant, consultation)


def results_of(tenant: str, consultation: UUID) -> Statement:
    """The statement for its published results, newest first: number, content, note, when."""
    return _RESULTS, (tenant, consultation)


def read_rendering(data: dict[str, Any]) -> Rendering:
    """The frozen text from plain data."""
    gaps = {place: tuple(articles) for place, articles in data["gaps"].items()}
    return Rendering(Document.from_json(data["document"]), dict(data["texts"]), gaps)
