"""A form as it is filled in: one part for each section (of each file), with its blocks in the order of the form.

Made from the form's data alone, so that a new edition needs no new page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from privacy_assessment.editing.model import LEAST_ROWS, Block, Choice, Field, Part, Row
from privacy_assessment.forms import (
    FILE,
    Document,
    Form,
    Item,
    Place,
    Section,
    address,
    completion,
    load_form,
    plain,
)
from privacy_assessment.forms.document import Value, applies
from privacy_assessment.forms.validation import SectionState, needed
from privacy_assessment.reading.anchors import Anchors
from privacy_assessment.reading.computed import computed

_DIGITS = re.compile(r"^\d+")
# A field grows with its text up to this many lines, each of so many characters.
MOST_ROWS, LINE = 16, 24


def parts(document: Document, form: Form) -> list[Part]:
    """Every part of a document, in the order of the form: all sections of the first file, then those of the second."""
    found: list[Part] = []
    run: list[Section] = []
    files = document.rows_of(FILE)
    for section in (*form.sections, None):
        if section is not None and section.per_file:
            run.append(section)
            continue
        for count, row in enumerate(files, 1):
            for one in run:
                number = f"{one.number}({count})" if len(files) > 1 else one.number
                found.append(
                    Part(f"{one.key}@{row}", one, row, number, one.title, _file_name(document, form, row))
                )
        run = []
        if section is not None:
            found.append(Part(section.key, section, None, section.number, section.title))
    return found


def part_of(document: Document, form: Form, place: Place) -> str:
    """The key of the part in which a place stands; of the first part for a place that the form does not have."""
    item = form.by_key.get(place.key)
    if item is None:
        return parts(document, form)[0].key
    section = form.by_section[item.section]
    if not section.per_file:
        return section.key
    row = place.rows[0] if place.rows else next(iter(document.rows_of(FILE)), "")
    return f"{section.key}@{row}"


@lru_cache(maxsize=16)
def anchors_of(form_id: str, edition: str) -> Anchors:
    """The ids of a form's items, the same as on the pages for reading."""
    return Anchors(load_form(form_id, edition))


def states(document: Document, form: Form, today: date) -> dict[str, SectionState]:
    """How far each part is, by its key."""
    return {
        one.section if one.file is None else f"{one.section}@{one.file}": one
        for one in completion(document, form, today, "draft")
    }


def anchor_of(document: Document, form: Form, place: Place) -> str:
    """The id of a place's element on its part's page; of the repeat for the place of a repeat."""
    item = form.by_key.get(place.key)
    if item is None:
        return ""
    return _Builder(document, form).anchor(item, place.rows)


def blocks(document: Document, form: Form, part: Part) -> list[Block]:
    """What a part's page shows."""
    return list(_Builder(document, form).blocks(part))


def one_field(document: Document, form: Form, place: Place) -> Field:
    """A single item of a document.

    :raises KeyError: the form has no such item.
    """
    return _Builder(document, form).field(form.by_key[place.key], place.rows)


class _Builder:
    def __init__(self, document: Document, form: Form) -> None:
        self.document = document
        self.form = form
        self.anchors = anchors_of(form.id, form.edition.id)
        self.heads: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}

    def blocks(self, part: Part) -> Iterator[Block]:
        section = part.section
        rows = (part.file,) if part.file is not None else ()
        shared = {n: sum(_digits(i) == n for i in section.items) > 1 for n in section.headings}
        head = self._section_anchor(section, rows)
        block, shown, risk = Block(), "", ("", "")
        for item in section.items:
            number = _digits(item)
            if number != shown and section.headings.get(number) and shared[number]:
                yield from _filled(block)
                text = f"{number} {section.headings[number]}"
                block = Block(text, 3, self.anchors.heading(head, number))
            shown = number
            if item.heading and (item.number, item.heading) != risk:
                yield from _filled(block)
                risk = (item.number, item.heading)
                label = f"{item.number[len(number) :]} {item.heading}".strip()
                block = Block(label, 4, self.anchors.heading(head, item.number))
            elif risk[0] and not item.heading and item.number != risk[0]:
                yield from _filled(block)
                block, risk = Block(), ("", "")
            if item.type == "repeat":
                yield from _filled(block)
                yield self._repeat(item, rows, head)
                block = Block()
            else:
                heading = section.headings.get(number, "")
                block.fields.append(self.field(item, rows, heading))
        yield from _filled(block)

    def _repeat(self, repeat: Item, around: tuple[str, ...], head: str) -> Block:
        word = "システム" if repeat.label.endswith("システム") else repeat.label
        place = str(Place(repeat.key, around))
        off = not applies(self.document, repeat, around)
        block = Block(
            repeat.label,
            4,
            self.anchors.item(head, repeat),
            repeat=place,
            word=word,
            table=not any(item.number for item in repeat.items),
            off=off,
            off_by=self._off_by(repeat) if off else "",
        )
        first = repeat.items[0]
        for number, name in enumerate(self.document.rows_of(repeat.key, around), 1):
            rows = (*around, name)
            fields = [self.field(item, rows) for item in repeat.items]
            title = plain(first, self.document.get(Place(first.key, rows)))[:40]
            anchor = self.anchors.row(head, repeat, number)
            missing = sum(one.missing for one in fields)
            block.rows.append(Row(name, anchor, f"{word}{number} {title}".strip(), fields, missing))
        return block

    def field(self, item: Item, rows: tuple[str, ...], heading: str = "") -> Field:
        """One item in its rows."""
        place = Place(item.key, rows)
        value = self.document.get(place)
        live = applies(self.document, item, rows)
        label = item.label.removeprefix(f"{heading} - ") if heading else item.label
        text = computed(self.document, self.form, item) if not item.stored else _text(item, value)
        return Field(
            str(place),
            item.key,
            ""
            if item.repeats and not item.number and item.repeats[-1] != FILE
            else self._address(item, rows),
            self.anchor(item, rows),
            label,
            "longtext" if item.type == "text" and "\n" in text else item.type,
            text,
            _choices(item, value),
            item.material,
            live and needed(self.document, item, rows, "draft"),
            not live,
            "" if live else self._off_by(item),
            min(MOST_ROWS, max(LEAST_ROWS, len(text) // LINE + text.count("\n") + 1)),
        )

    def anchor(self, item: Item, rows: tuple[str, ...]) -> str:
        """The id of an item."""
        section = self.form.by_section[item.section]
        head = self._section_anchor(section, rows)
        numbers = []
        for depth, key in enumerate(item.repeats[: len(rows)]):
            if key != FILE:
                names = self.document.rows_of(key, rows[:depth])
                numbers.append(names.index(rows[depth]) + 1 if rows[depth] in names else 0)
        wanted = sum(key != FILE for key in item.repeats)
        return self.anchors.item(head, item, tuple(numbers[:wanted]) + (0,) * (wanted - len(numbers)))

    def _address(self, item: Item, rows: tuple[str, ...]) -> str:
        """``address`` of the forms, with the part before the item's own number worked out once for each row."""
        around = item.repeats[-1] if item.repeats and item.repeats[-1] != FILE else ""
        known = self.heads.get((around, rows)) if around else None
        if known is not None:
            return f"{known[0]}{item.number}"
        found = address(self.form, item, self.document, rows)
        if around and item.number and found.endswith(item.number):
            self.heads[around, rows] = (found.removesuffix(item.number), "")
        return found

    def _section_anchor(self, section: Section, rows: tuple[str, ...]) -> str:
        names = self.document.rows_of(FILE) if section.per_file else []
        number = names.index(rows[0]) + 1 if rows and rows[0] in names else 1
        return self.anchors.section(section.number or section.key, number)

    def _off_by(self, item: Item) -> str:
        condition = item.when or item.unless
        return self.form.by_key[condition.item].label if condition is not None else ""


def _filled(block: Block) -> Iterator[Block]:
    if block.fields or block.heading:
        yield block


def _text(item: Item, value: Value | None) -> str:
    if item.type in ("multicheck", "check") or value is None:
        return "1" if value is True else ""
    return str(value)


def _choices(item: Item, value: Value | None) -> tuple[Choice, ...]:
    if not item.options:
        return ()
    chosen: set[str] = set()
    notes: Mapping[str, str] = {}
    if isinstance(value, dict):
        chosen, notes = {str(one) for one in value.get("chosen", ())}, value.get("texts", {})
    elif isinstance(value, str):
        chosen = {value}
    return tuple(
        Choice(
            one.code,
            one.label,
            one.code in chosen,
            one.text or bool(notes.get(one.code)),
            notes.get(one.code, ""),
            one.group or "",
        )
        for one in item.options
    )


def _digits(item: Item) -> str:
    found = _DIGITS.match(item.number)
    return found[0] if found else ""


def _file_name(document: Document, form: Form, row: str) -> str:
    for section in form.sections:
        for item in section.items:
            if section.per_file and item.label == "特定個人情報ファイル名":
                return plain(item, document.get(Place(item.key, (row,))))[:40]
    return ""
