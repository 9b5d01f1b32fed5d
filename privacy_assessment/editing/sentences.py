"""Ready sentences: an office's own, those other offices of the installation share, and a first set that comes with the product.

A sentence belongs to an item or to none. The same item has another key on each form, so items of the same label count as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import yaml

from privacy_assessment.forms import Item, address, editions, load_form
from privacy_assessment.statements.models import NoSuchStatement, StatementRefused
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

MAX_TITLE, MAX_TEXT, MOST = 100, 20_000, 200


@dataclass(frozen=True, slots=True)
class Sentence:
    """A ready sentence.

    :param id: None for one that comes with the product. :param item: key of its item, or empty.
    :param office: name of the municipality it comes from; empty for one's own and for the product's.
    """

    id: UUID | None
    item: str
    title: str
    text: str
    shared: bool
    own: bool
    office: str
    updated_at: datetime | None

    @property
    def reference(self) -> str:
        """How a form names it."""
        return str(self.id) if self.id is not None else f"shipped:{self.item}:{self.title}"


class Sentences:
    """Reads and keeps sentences."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def listed(self, tx: Transaction, words: str = "", limit: int = MOST) -> list[Sentence]:
        """The sentences somebody may use: her office's first, then shared ones, then the product's.

        :param words: only those that hold this text, in title or sentence.
        """
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        found = self._read(tx, like, None, limit)
        return found + [one for one in shipped() if words in one.title or words in one.text]

    def for_item(self, tx: Transaction, item: Item, words: str = "") -> list[Sentence]:
        """Sentences for an item; with words, those of other items too."""
        found = self.listed(tx, words)
        mine = [one for one in found if fits(one, item)]
        rest = [one for one in found if not fits(one, item) and (words or not one.item)]
        return mine + rest

    def one(self, tx: Transaction, reference: str) -> Sentence:
        """A sentence by its reference.

        :raises NoSuchStatement: there is none, or it is not this office's to see.
        """
        found = [one for one in shipped() if one.reference == reference]
        with suppress(ValueError):
            found += self._read(tx, "%", UUID(reference), 1)
        if not found:
            raise NoSuchStatement("この例文は見つかりません。")
        return found[0]

    def _read(self, tx: Transaction, like: str, sentence: UUID | None, limit: int) -> list[Sentence]:
        rows = tx.raw.execute(
            "SELECT s.id, s.item, s.title, s.text, s.shared, s.tenant = %(tenant)s, t.name, s.updated_at"
            " FROM madoguchi.assessment_sentence AS s LEFT JOIN madoguchi.tenant AS t ON t.code = s.tenant"
            " WHERE s.removed_at IS NULL AND (s.title ILIKE %(like)s OR s.text ILIKE %(like)s)"
            " AND (%(id)s::uuid IS NULL OR s.id = %(id)s)"
            " ORDER BY s.tenant <> %(tenant)s, s.item, s.title, s.id LIMIT %(limit)s",
            {"tenant": tx.tenant, "like": like, "id": sentence, "limit": limit},
        ).fetchall()
        whole: list[tuple[Any, ...]] = [(*row[:6], "" if row[5] else (row[6] or ""), row[7]) for row in rows]
        return [Sentence(*row) for row in whole]

    def keep(
        self,
        tx: Transaction,
        item: str,
        title: str,
        text: str,
        shared: bool,
        by: str,
        sentence: UUID | None = None,
    ) -> UUID:
        """Keep a new sentence, or a new wording of one of this office.

        :raises StatementRefused: nothing in it, or too much. :raises NoSuchStatement: it is not this office's.
        """
        if not title.strip() or not text.strip() or len(title) > MAX_TITLE or len(text) > MAX_TEXT:
            raise StatementRefused(
                "BAD_SENTENCE",
                f"見出しは{MAX_TITLE}字まで、例文は{MAX_TEXT:,}字までで、どちらも要ります。保存していません。",
            )
        now = self.clock.now()
        if sentence is None:
            sentence = new_id()
            tx.raw.execute(
                "INSERT INTO madoguchi.assessment_sentence (tenant, id, item, title, text, shared, created_by, created_at,"
                " updated_by, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (tx.tenant, sentence, item, title.strip(), text, shared, by, now, by, now),
            )
            return sentence
        done = tx.raw.execute(
            "UPDATE madoguchi.assessment_sentence SET item = %s, title = %s, text = %s, shared = %s, updated_by = %s,"
            " updated_at = %s WHERE tenant = %s AND id = %s AND removed_at IS NULL",
            (item, title.strip(), text, shared, by, now, tx.tenant, sentence),
        )
        if done.rowcount == 0:
            raise NoSuchStatement("この例文は見つかりません。")
        return sentence

    def remove(self, tx: Transaction, sentence: UUID, by: str) -> bool:
        """Take a sentence of this office out of the list; its text stays in the table. False when it was out already."""
        done = tx.raw.execute(
            "UPDATE madoguchi.assessment_sentence SET removed_at = %s, updated_by = %s"
            " WHERE tenant = %s AND id = %s AND removed_at IS NULL",
            (self.clock.now(), by, tx.tenant, sentence),
        )
        return done.rowcount > 0


def fits(sentence: Sentence, item: Item) -> bool:
    """Whether a sentence is for an item: the same key, or the item of that name on another form."""
    if sentence.item == item.key:
        return True
    name = _names().get(sentence.item)
    return name is not None and name == _names().get(item.key)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Label by key, of the items whose label stands once on their form: 「措置の内容」 stands under many risks and names none."""
    times = Counter((key.partition(".")[0], label) for key, _, label in text_items())
    return {key: label for key, _, label in text_items() if times[key.partition(".")[0], label] == 1}


@lru_cache(maxsize=1)
def text_items() -> tuple[tuple[str, str, str], ...]:
    """(key, address, label) of every item a sentence can be for."""
    edition = [one.id for one in editions() if one.usable][-1]
    found = []
    for form_id in ("form2", "form3", "form4"):
        form = load_form(form_id, edition)
        for item in form.all_items:
            if item.type in ("text", "longtext"):
                found.append((item.key, f"{form.number} {address(form, item)}", item.label))
    return tuple(found)


@lru_cache(maxsize=1)
def shipped() -> tuple[Sentence, ...]:
    """The first set: general measures, to be made one's own."""
    rows = yaml.safe_load((files("privacy_assessment.editing") / "sentences.yaml").read_text("utf-8"))
    return tuple(_shipped(rows))


def _shipped(rows: list[dict[str, str]]) -> Iterator[Sentence]:
    for row in rows:
        yield Sentence(None, row["item"], row["title"], row["text"].strip(), True, False, "", None)
