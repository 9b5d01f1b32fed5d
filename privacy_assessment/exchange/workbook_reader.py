"""Reads a form from a workbook: field by field where the places are there, by number and label where they are not.

Nothing is saved here: the answer is a preview with what was taken, what would change, and what was not understood, with its cell. Cells
that were moved or merged are found by their labels; a formula is never taken, because nobody knows what it will say tomorrow.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import orjson

from privacy_assessment.exchange.package import BadFile
from privacy_assessment.exchange.preview import (
    NotUnderstood,
    Preview,
    bare,
    compared,
    edition_of,
    find_mark,
    read_value,
    squeezed,
)
from privacy_assessment.exchange.workbook import HEAD, META, PLACE, VALUE, shown_value
from privacy_assessment.exchange.workbook_cells import Cells, load_cells
from privacy_assessment.forms import (
    FILE,
    BadPlace,
    Document,
    Form,
    FormError,
    Item,
    Place,
    check_place,
    load_form,
)


def read_workbook(
    data: bytes, current: Document | None = None, form_id: str | None = None, edition: str | None = None
) -> Preview:
    """Make a preview of what a workbook holds.

    :param current: what the statement says now, to compare with. :param form_id, edition: what it is, when the file does not say.
    :raises BadFile: a file that must not or cannot be read; says what to do.
    """
    sheets = load_cells(data)
    form, meta = _form_of(sheets, form_id, edition)
    preview = Preview(
        form.id, form.edition.id, Document(form.id, form.edition.id), hashlib.sha256(data).digest()
    )
    _rows(preview.document, form, meta, sheets)
    found: dict[str, str] = {}
    for name, cells in sheets.items():
        if name == META:
            continue
        if _has_places(cells):
            _by_place(preview, form, name, cells, found)
        else:
            _by_label(preview, form, name, cells, found)
    current_form = load_form(current.form_id, current.edition) if current is not None else None
    preview.taken = compared(form, preview.document, current, current_form, found)
    preview.cells, preview.own = found, bool(meta)
    return preview


def _form_of(
    sheets: dict[str, Cells], form_id: str | None, edition: str | None
) -> tuple[Form, dict[str, Any]]:
    meta = _meta(sheets.get(META, {}))
    if meta:
        form_id, edition = form_id or meta["form"], edition or meta["edition"]
    else:
        mark = next(
            (found for cells in sheets.values() for text, _ in cells.values() if (found := find_mark(text))),
            None,
        )
        if mark is not None:
            known = edition_of(mark[1])
            if known is None or not known[1]:
                raise BadFile(
                    "UNKNOWN_EDITION",
                    f"様式の版「{mark[1]}」は読み方が分かりません。近い版を選んで取り込み直してください。",
                )
            form_id, edition = form_id or mark[0], edition or known[0]
    if form_id is None or edition is None:
        raise BadFile(
            "UNKNOWN_FORM",
            "様式の種類と版が分かりません（［平成28年1月 様式4］のような表示がありません）。選んでください。",
        )
    try:
        return load_form(form_id, edition), meta
    except FormError as unknown:
        raise BadFile("UNKNOWN_EDITION", f"様式の版「{edition}」は読めません。") from unknown


def _meta(cells: Cells) -> dict[str, Any]:
    """The hidden sheet, or nothing when it is missing or was tampered with."""
    try:
        body = orjson.loads("".join(text for _, (text, _) in sorted(cells.items())))
        rows = {str(k): [str(one) for one in names] for k, names in body["rows"].items()}
        return {
            "form": str(body["form"]),
            "edition": str(body["edition"]),
            "rows": rows,
            "last": int(body["last_row"]),
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _rows(document: Document, form: Form, meta: dict[str, Any], sheets: dict[str, Cells]) -> None:
    if meta:
        document.rows, document.last_row = meta["rows"], meta["last"]
        return
    files = {int(found[1]) for name in sheets if (found := re.match(r"^[ⅡⅢⅣ].*\((\d+)\)$", name))} or {1}
    if any(section.per_file for section in form.sections):
        for _ in range(max(files)):
            document.add_row(FILE)


def _has_places(cells: Cells) -> bool:
    return cells.get((2, PLACE), ("", False))[0] == HEAD[PLACE - 1]


def _by_place(preview: Preview, form: Form, sheet: str, cells: Cells, found: dict[str, str]) -> None:
    texts: dict[str, tuple[str, str, bool, str | None]] = {}
    for row, column in sorted(cells):
        if column != PLACE or row < 3:
            continue
        written = cells[row, column][0].partition("#")[0]
        text, formula = cells.get((row, 3), ("", False))
        known = texts.get(written)
        kept = cells.get((row, VALUE), (None, False))[0]
        at = f"{sheet}!C{row}"
        texts[written] = (
            (text, at, formula, kept)
            if known is None
            else (known[0] + text, known[1], known[2] or formula, known[3])
        )
    for name, (text, at, formula, kept) in texts.items():
        place = Place.parse(name)
        try:
            item = check_place(preview.document, form, place)
        except BadPlace:
            if text:
                why = "この様式にない項目です（隠れた列が書き換えられています）。"
                preview.not_understood.append(NotUnderstood(at, squeezed(text), why))
            continue
        if formula:
            preview.not_understood.append(
                NotUnderstood(at, squeezed(text), "数式は取り込みません。値にしてください。")
            )
        elif text:
            _take(preview, item, place, text, at, found, _kept(kept), exact=True)
    # Words that somebody wrote beside the fields are shown, not lost.
    for (row, column), (text, _) in sorted(cells.items()):
        if row >= 3 and column not in (1, 2, 3, 4, PLACE, VALUE):
            preview.not_understood.append(
                NotUnderstood(f"{sheet}!{_letter(column)}{row}", squeezed(text), "欄の外の文字です。")
            )
        elif row >= 3 and column == 3 and (row, PLACE) not in cells:
            preview.not_understood.append(
                NotUnderstood(f"{sheet}!C{row}", squeezed(text), "どの項目か分かりません。")
            )


def _kept(text: str | None) -> Any:
    try:
        return orjson.loads(text) if text else None
    except ValueError:
        return None


def _take(
    preview: Preview,
    item: Item,
    place: Place,
    text: str,
    at: str,
    found: dict[str, str],
    kept: Any = None,
    *,
    exact: bool = False,
) -> None:
    """Take a value. ``exact``: the field is known by its place, so even empty lines at its end are what somebody wrote."""
    # What the hidden column says counts only while the visible cell still says the same.
    value = kept if kept is not None and shown_value(item, kept) == text else read_value(item, text)
    if exact and isinstance(value, str) and not item.options:
        value = text
    if value is None:
        why = f"「{item.label}」の選択肢にありません。"
        preview.not_understood.append(NotUnderstood(at, squeezed(text), why))
        return
    if preview.document.get(place) is not None:
        preview.not_understood.append(NotUnderstood(at, squeezed(text), f"「{item.label}」が二つあります。"))
        return
    preview.document.set(place, value)
    found[str(place)] = at


def _by_label(preview: Preview, form: Form, sheet: str, cells: Cells, found: dict[str, str]) -> None:
    """A form laid out by somebody else: a label, then what is written to its right or below it."""
    labels = _labels(form, sheet, preview.document)
    known = {bare(section.title) for section in form.sections} | {bare(form.name), bare("選択肢")}
    used: set[tuple[int, int]] = set()
    for at, (text, _) in sorted(cells.items()):
        fields = labels.get(bare(text))
        if not fields or at in used:
            continue
        used.add(at)
        value_at = _beside(cells, at, labels)
        if value_at is None:
            continue
        used.add(value_at)
        item, place = fields.pop(0) if len(fields) > 1 else fields[0]
        where = f"{sheet}!{_letter(value_at[1])}{value_at[0]}"
        written, formula = cells[value_at]
        if formula:
            preview.not_understood.append(
                NotUnderstood(where, squeezed(written), "数式は取り込みません。値にしてください。")
            )
        else:
            _take(preview, item, place, written, where, found)
    for at, (text, _) in sorted(cells.items()):
        if at not in used and find_mark(text) is None and bare(text) not in known and len(bare(text)) > 1:
            where = f"{sheet}!{_letter(at[1])}{at[0]}"
            preview.not_understood.append(NotUnderstood(where, squeezed(text), "どの項目か分かりません。"))


def _labels(form: Form, sheet: str, document: Document) -> dict[str, list[tuple[Item, Place]]]:
    """Labels as they may be printed (with and without their number) and the fields they stand for."""
    number = re.match(r"^(.*?)(?:\((\d+)\))?$", sheet)
    wanted = [one for one in form.sections if number and one.number == number[1]]
    file_no = int(number[2] or 1) if number else 1
    files = document.rows_of(FILE)
    file = files[min(file_no, len(files)) - 1] if files else ""
    found: dict[str, list[tuple[Item, Place]]] = {}
    for section in wanted or form.sections:
        for item in section.items:
            if item.type in ("repeat", "computed"):
                continue
            place = Place(item.key, (file,) if section.per_file else ())
            for written in _writings(item):
                found.setdefault(written, []).append((item, place))
    return found


def _writings(item: Item) -> Iterator[str]:
    yield bare(item.label)
    circled = re.search(r"[①-⑳]$", item.number)
    if circled:
        yield bare(circled[0] + item.label)
    plain_number = re.match(r"^(\d+)$", item.number)
    if plain_number:
        yield bare(f"{plain_number[1]}.{item.label}")
    if " - " in item.label:
        yield bare(item.label.rpartition(" - ")[2])


def _beside(cells: Cells, at: tuple[int, int], labels: dict[str, Any]) -> tuple[int, int] | None:
    row, column = at
    right = [(row, c) for c in range(column + 1, column + 40) if (row, c) in cells]
    below = [(r, column) for r in range(row + 1, row + 4) if (r, column) in cells]
    for candidate in (*right[:1], *below[:1]):
        if bare(cells[candidate][0]) not in labels:
            return candidate
    return None


def _letter(column: int) -> str:
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
