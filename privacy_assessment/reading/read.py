"""Turns a document into what is read. The full text and the public one go the same way; only ``texts`` and ``gaps`` differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from privacy_assessment.forms import FILE, Document, Form, Item, Place, address, plain
from privacy_assessment.forms import Section as FormSection
from privacy_assessment.forms.dates import NoSuchDay, in_japanese, parse_day
from privacy_assessment.forms.document import applies
from privacy_assessment.reading.anchors import Anchors
from privacy_assessment.reading.computed import computed
from privacy_assessment.reading.model import Cell, Line, Mark, Reading, Redacted, Section
from privacy_assessment.redaction.grounds import grounds

KINDS = {"select": "choice", "multicheck": "choices", "check": "check", "date": "date", "number": "number"}
_DIGITS = re.compile(r"^\d+")


def read_document(
    document: Document,
    form: Form,
    language: str = "ja",
    *,
    texts: Mapping[str, str] | None = None,
    gaps: Mapping[str, Sequence[str]] | None = None,
) -> Reading:
    """A document as sections and lines, in the order of the form.

    :param language: ``ja`` or ``en``; how dates are written (the forms themselves are Japanese).
    :param texts: the public texts by place (``PublicDocument.texts``): only these are read then, never the document's own.
    :param gaps: the articles of what was left out, by place.
    """
    return _Reader(document, form, language, texts, gaps or {}).reading()


class _Reader:
    def __init__(
        self,
        document: Document,
        form: Form,
        language: str,
        texts: Mapping[str, str] | None,
        gaps: Mapping[str, Sequence[str]],
    ) -> None:
        self.document = document
        self.form = form
        self.language = language
        self.texts = texts
        self.gaps = gaps
        self.anchors = Anchors(form)

    def reading(self) -> Reading:
        form = self.form
        sections = tuple(one for section in form.sections for one in self._sections(section))
        return Reading(form.id, form.name, form.number, form.cover_mark, self.language, sections)

    def _sections(self, section: FormSection) -> Iterator[Section]:
        files = self.document.rows_of(FILE)
        if not section.per_file:
            anchor = self.anchors.section(section.number or section.key)
            yield Section(
                section.key, section.number, anchor, section.title, tuple(self._lines(section, anchor, ()))
            )
            return
        for number, row in enumerate(files, 1):
            anchor = self.anchors.section(section.number or section.key, number)
            where = f"{section.number}({number})" if len(files) > 1 else section.number
            lines = tuple(self._lines(section, anchor, (row,)))
            name = self._file_name(row) if len(files) > 1 else ""
            yield Section(section.key, where, anchor, section.title, lines, name)

    def _file_name(self, row: str) -> str:
        """The name the file is given in the section about files."""
        for section in self.form.sections:
            for item in section.items:
                if section.per_file and item.label == "特定個人情報ファイル名":
                    return self._text(item, Place(item.key, (row,)))
        return ""

    def _lines(self, section: FormSection, anchor: str, file: tuple[str, ...]) -> Iterator[Line]:
        headings = dict(section.headings)
        shared = {
            number: sum(1 for item in section.items if _digits(item) == number) > 1 for number in headings
        }
        shown, risk = "", ("", "")
        for item in section.items:
            number = _digits(item)
            if number != shown and headings.get(number) and shared[number]:
                text = f"{number} {headings[number]}"
                yield Line(
                    "",
                    "",
                    f"{section.number}-{number}",
                    self.anchors.heading(anchor, number),
                    text,
                    "heading",
                    level=3,
                )
            shown = number
            if item.heading and (item.number, item.heading) != risk:
                risk = (item.number, item.heading)
                label = f"{item.number[len(number) :]} {item.heading}".strip()
                where = address(self.form, item, self.document, file)
                yield Line(
                    "", "", where, self.anchors.heading(anchor, item.number), label, "heading", level=4
                )
            yield from self._item(item, anchor, file, headings.get(number, ""))

    def _item(self, item: Item, anchor: str, rows: tuple[str, ...], heading: str) -> Iterator[Line]:
        if item.type == "repeat":
            yield from self._repeat(item, anchor, rows)
            return
        if item.stored and not applies(self.document, item, rows) and not self._written(item, rows):
            return
        line = self._line(item, anchor, rows, (), heading)
        if line.kind != "check" or not line.empty:
            yield line

    def _repeat(self, repeat: Item, anchor: str, around: tuple[str, ...]) -> Iterator[Line]:
        names = self.document.rows_of(repeat.key, around)
        if not names and not applies(self.document, repeat, around):
            return
        if not names or not any(item.number for item in repeat.items):
            yield self._table(repeat, anchor, around, names)
            return
        where = address(self.form, repeat, self.document, around)
        first = repeat.items[0]
        for number, name in enumerate(names, 1):
            rows = (*around, name)
            title = self._text(first, Place(first.key, rows))
            label = f"{_row_word(repeat)}{number}"
            if title and not first.number:
                label += f" {title}"
            yield Line(
                "",
                "",
                f"{where}-{_row_word(repeat)}{number}",
                self.anchors.row(anchor, repeat, number),
                label,
                "heading",
                level=4,
            )
            for item in repeat.items:
                if item.stored and not applies(self.document, item, rows) and not self._written(item, rows):
                    continue
                yield self._line(item, anchor, rows, (number,), "")

    def _table(self, repeat: Item, anchor: str, around: tuple[str, ...], names: list[str]) -> Line:
        rows = tuple(
            tuple(self._cell(item, Place(item.key, (*around, name))) for item in repeat.items)
            for name in names
        )
        return Line(
            repeat.key,
            str(Place(repeat.key, around)),
            address(self.form, repeat, self.document, around),
            self.anchors.item(anchor, repeat),
            repeat.label,
            "table",
            columns=tuple(item.label for item in repeat.items),
            rows=rows,
            starred=repeat.material,
        )

    def _cell(self, item: Item, place: Place) -> Cell:
        return Cell(str(place), self._text(item, place), self._redacted(place))

    def _line(
        self, item: Item, anchor: str, rows: tuple[str, ...], numbers: tuple[int, ...], heading: str
    ) -> Line:
        place = Place(item.key, rows)
        redacted = self._redacted(place)
        kind = "text" if redacted else KINDS.get(item.type, "text")
        text = self._text(item, place)
        marks = self._marks(item, place) if kind in ("choice", "choices") else ()
        values = tuple(f"{one.label}（{one.note}）" if one.note else one.label for one in marks if one.chosen)
        label = item.label
        if heading and label.startswith(f"{heading} - "):
            label = label.removeprefix(f"{heading} - ")
        return Line(
            item.key,
            str(place),
            address(self.form, item, self.document, rows),
            self.anchors.item(anchor, item, numbers),
            label,
            kind,
            text,
            values,
            marks,
            starred=item.material,
            redacted=redacted,
        )

    def _written(self, item: Item, rows: tuple[str, ...]) -> bool:
        return self.document.get(Place(item.key, rows)) is not None

    def _text(self, item: Item, place: Place) -> str:
        if not item.stored:
            return computed(self.document, self.form, item)
        if self.texts is not None:
            text = self.texts.get(str(place), "")
        else:
            text = plain(item, self.document.get(place))
        return self._day(text) if item.type == "date" and text else text

    def _day(self, text: str) -> str:
        if self.language == "en":
            return text
        try:
            return in_japanese(parse_day(text))
        except NoSuchDay:
            return text

    def _marks(self, item: Item, place: Place) -> tuple[Mark, ...]:
        value = self.document.get(place)
        if isinstance(value, dict):
            chosen, notes = {str(one) for one in value.get("chosen", ())}, value.get("texts", {})
        else:
            chosen, notes = ({str(value)} if value is not None else set()), {}
        return tuple(
            Mark(
                one.code,
                one.label,
                one.code in chosen,
                str(notes.get(one.code, "")) if one.code in chosen else "",
            )
            for one in item.options
        )

    def _redacted(self, place: Place) -> Redacted | None:
        articles = self.gaps.get(str(place))
        if not articles:
            return None
        known = {one.article: one.label for one in grounds().values()}
        return Redacted("、".join(known.get(one, one) for one in articles), "、".join(articles))


def _digits(item: Item) -> str:
    found = _DIGITS.match(item.number)
    return found[0] if found else ""


def _row_word(repeat: Item) -> str:
    return "システム" if repeat.label.endswith("システム") else repeat.label
