"""What a form is: sections of items with types, choices and numbers, as frozen data of one dated edition.

A document stores values by the item's key, which never changes; the number printed beside the item belongs to the edition (監査 is
Ⅳ-8 in one edition and Ⅳ-9 in the next), so documents of two editions can be compared item by item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

TYPES = frozenset(
    {"text", "longtext", "date", "select", "multicheck", "check", "number", "file", "computed", "repeat"}
)
CERTAINTIES = ("found", "known", "believed", "unconfirmed")
# The repeat that sections with ``per: file`` share: one row for each 特定個人情報ファイル.
FILE = "file"


class FormError(ValueError):
    """A form file is not what it must be, or a form, edition or item that does not exist was asked for."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One dated edition of the forms.

    :param printed: how it stands on the cover.
    :param first_day: the first day a new document may be written on it.
    :param usable: whether its items are known well enough to write on.
    """

    id: str
    printed: str
    first_day: date
    usable: bool
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class Option:
    """One official choice; ``text`` opens a field beside it (「その他」)."""

    code: str
    label: str
    text: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """An item applies when another one has one of these answers (a ticked check answers ``"1"``)."""

    item: str
    has: frozenset[str]


@dataclass(frozen=True)
class Item:
    """One item of a form.

    :param key: what documents store by; the same in every edition.
    :param number: as printed in this edition, e.g. ``7リスク1⑨``; empty when the form prints none.
    :param material: marked ※ on the form: a change counts as 重要な変更 unless it is of the harmless kind (規則11条).
    :param stage: the first moment it must be filled in: ``draft`` (before the consultation) or ``submission``.
    :param repeats: keys of the repeats around it, outermost first.
    """

    key: str
    number: str
    label: str
    type: str
    section: str
    certainty: str
    heading: str = ""
    required: bool = True
    material: bool = False
    stage: str = "draft"
    options: tuple[Option, ...] = ()
    when: Condition | None = None
    unless: Condition | None = None
    repeats: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    note: str = ""

    @cached_property
    def choices(self) -> Mapping[str, Option]:
        """Options by code."""
        return {one.code: one for one in self.options}

    @property
    def stored(self) -> bool:
        """Whether a document holds a value for it."""
        return self.type not in ("computed", "repeat")


@dataclass(frozen=True)
class Section:
    """One section; ``per_file`` ones stand once for each file."""

    key: str
    number: str
    title: str
    per_file: bool
    headings: Mapping[str, str]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Form:
    """One form in one edition."""

    id: str
    kind: str
    number: str
    name: str
    rule: str
    edition: Edition
    sections: tuple[Section, ...]

    @cached_property
    def all_items(self) -> tuple[Item, ...]:
        """Every item in the order of the form, those inside repeats after the repeat."""
        return tuple(one for section in self.sections for item in section.items for one in _walk(item))

    @cached_property
    def by_key(self) -> Mapping[str, Item]:
        """Items by key."""
        return {one.key: one for one in self.all_items}

    @cached_property
    def by_section(self) -> Mapping[str, Section]:
        """Sections by key."""
        return {one.key: one for one in self.sections}

    @property
    def cover_mark(self) -> str:
        """What the cover prints, e.g. ``[平成28年1月 様式4]``."""
        return f"[{self.edition.printed} {self.number}]"

    def item(self, key: str) -> Item:
        """An item by key.

        :raises FormError: when this edition has none of that key.
        """
        try:
            return self.by_key[key]
        except KeyError:
            raise FormError(f"{self.number} {self.edition.id} has no item {key!r}") from None


def _walk(item: Item) -> Iterator[Item]:
    yield item
    for inner in item.items:
        yield from _walk(inner)
