"""A form as an Excel workbook: one sheet for each section (and file), number, label, what is written, the choices.

A hidden column keeps the place of each field and a hidden sheet the rows, so that a file edited in Excel comes back field by field. A
text longer than a cell holds goes on in the next row. Nothing is ever written as a formula.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import orjson
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from privacy_assessment.forms import FILE, Document, Form, Item, Place, Section, address, plain
from privacy_assessment.forms.document import places as all_places

CELL = 32_000
META = "_madoguchi"
HEAD = ("番号", "項目", "記載", "選択肢", "place", "value")
PLACE, VALUE = 5, 6


def write_workbook(document: Document, form: Form) -> bytes:
    """A document as .xlsx.

    :returns: the file. Control characters, which no workbook can hold, are replaced by U+FFFD.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    by_sheet: dict[str, list[tuple[Item, Place]]] = {}
    for item, place in all_places(document, form):
        by_sheet.setdefault(_sheet_of(document, form, item, place), []).append((item, place))
    for section in form.sections:
        for title, name in _sheets(document, section):
            _write_sheet(book.create_sheet(name), title, document, form, by_sheet.get(name, []))
    meta = book.create_sheet(META)
    meta.sheet_state = "veryHidden"
    body = {"form": form.id, "edition": form.edition.id, "rows": document.rows, "last_row": document.last_row}
    text = orjson.dumps(body).decode()
    for number, start in enumerate(range(0, len(text), CELL), 1):
        _put(meta, number, 1, text[start : start + CELL])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheets(document: Document, section: Section) -> Iterator[tuple[str, str]]:
    if not section.per_file:
        yield f"{section.number} {section.title}", sheet_name(section.number)
        return
    for number, _ in enumerate(document.rows_of(FILE), 1):
        yield f"{section.number}({number}) {section.title}", sheet_name(f"{section.number}({number})")


def _sheet_of(document: Document, form: Form, item: Item, place: Place) -> str:
    section = form.by_section[item.section]
    if not section.per_file:
        return sheet_name(section.number)
    return sheet_name(f"{section.number}({document.rows_of(FILE).index(place.rows[0]) + 1})")


def sheet_name(text: str) -> str:
    """A name a sheet may have."""
    return re.sub(r"[\[\]:*?/\\]", "_", text)[:31]


def _write_sheet(
    sheet: Worksheet, title: str, document: Document, form: Form, fields: list[tuple[Item, Place]]
) -> None:
    _put(sheet, 1, 1, title).font = Font(bold=True, size=14)
    _put(sheet, 1, 4, form.cover_mark)
    for column, text in enumerate(HEAD, 1):
        _put(sheet, 2, column, text).font = Font(bold=True)
    for letter, width in (("A", 22), ("B", 44), ("C", 90), ("D", 44)):
        sheet.column_dimensions[letter].width = width
    for letter in ("E", "F"):
        sheet.column_dimensions[letter].hidden = True
    sheet.freeze_panes = "A3"
    line = 3
    for item, place in fields:
        line = _write_field(sheet, line, document, form, item, place)


def _write_field(
    sheet: Worksheet, line: int, document: Document, form: Form, item: Item, place: Place
) -> int:
    value = document.get(place)
    shown = shown_value(item, value)
    pieces = [shown[start : start + CELL] for start in range(0, len(shown), CELL)] or [""]
    for number, piece in enumerate(pieces):
        if number == 0:
            _put(sheet, line, 1, address(form, item, document, place.rows))
            _put(sheet, line, 2, item.label + (" ※" if item.material else ""))
            _put(sheet, line, 4, "\n".join(f"{one.code}) {one.label}" for one in item.options))
            if value is not None and not isinstance(value, str):
                _put(sheet, line, VALUE, orjson.dumps(value).decode()[:CELL])
        _put(sheet, line, 3, piece)
        _put(sheet, line, PLACE, str(place) + (f"#{number}" if number else ""))
        line += 1
    return line


def shown_value(item: Item, value: object) -> str:
    """A value as the cell shows it."""
    if item.type == "multicheck" and isinstance(value, dict):
        texts = value.get("texts", {})
        return "\n".join(
            f"[○]{one.label}" + (f"（{texts[one.code]}）" if texts.get(one.code) else "")
            for one in item.options
            if one.code in value.get("chosen", ())
        )
    return plain(item, value)  # type: ignore[arg-type]


def _put(sheet: Worksheet, row: int, column: int, text: str):
    """Write a text as a text: a beginning ``=`` is no formula here."""
    cell = sheet.cell(row=row, column=column)
    if text:
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
        cell.data_type = "s"
        cell.quotePrefix = text[0] in "=+-@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
