"""Reads whatever a person sends as a statement: Excel new and old, our JSON, text. What it is follows from its content, not its name."""

from __future__ import annotations

import hashlib
import re

from privacy_assessment.exchange.encodings import decode
from privacy_assessment.exchange.old_workbook import is_old
from privacy_assessment.exchange.package import BadFile
from privacy_assessment.exchange.plain_text import read_text
from privacy_assessment.exchange.preview import NotUnderstood, Preview
from privacy_assessment.exchange.statement_json import from_json
from privacy_assessment.exchange.workbook_reader import read_workbook
from privacy_assessment.forms import Document, Item, Place, citation, load_form, places
from privacy_assessment.forms.document import MAX_ROWS, Value, plain
from privacy_assessment.redaction import find_personal, without_numbers

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_NAME = re.compile(r"[0-9]{1,9}")
MOST_NAME = 10**9
_PDF = b"%PDF-"


def read_file(data: bytes) -> list[Preview]:
    """What a file holds: one preview for each form in it.

    A field with something like a 個人番号 in it is not taken and is listed with its place; the digits are in no message.

    :raises BadFile: a file that cannot or must not be read; says what to do.
    """
    if not data:
        raise BadFile("EMPTY", "ファイルが空です。元のファイルを確かめて、送り直してください。")
    if data.startswith(_PDF):
        raise BadFile(
            "PDF",
            "PDFは読み取れません。元のExcelファイルか、PDFから写した文章（.txt）を送ってください。",
        )
    if data[:2] == b"PK" or is_old(data):
        found = [read_workbook(data)]
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        found = _from_json(data)
    else:
        text, doubtful = decode(data)
        found = [read_text(text)]
        found[0].not_understood += [
            NotUnderstood(f"{number}行", "", "文字コードが混ざっていて、読めない文字があります（\ufffd）。")
            for number in doubtful
        ]
    for preview in found:
        _readable(preview)
        _leave_out_numbers(preview)
    return found


def _from_json(data: bytes) -> list[Preview]:
    documents, _ = from_json(data)
    if not documents:
        raise BadFile("UNKNOWN_FORMAT", "評価書の中身がありません。")
    previews = []
    for document in documents:
        kept, strange = _fitting(document)
        preview = Preview(document.form_id, document.edition, kept, hashlib.sha256(data).digest(), own=True)
        preview.not_understood += strange
        preview.cells = dict.fromkeys(kept.values, "JSON")
        previews.append(preview)
    return previews


def _fitting(document: Document) -> tuple[Document, list[NotUnderstood]]:
    """The values that have a field, in a document of their own; the others are listed."""
    form = load_form(document.form_id, document.edition)
    kept = Document(document.form_id, document.edition, {}, _rows(document), 0)
    names = [int(name) for found in kept.rows.values() for name in found]
    kept.last_row = max([*names, min(max(document.last_row, 0), MOST_NAME)])
    known = {str(place): item for item, place in places(kept, form)}
    strange = []
    for place, value in document.values.items():
        if place in known and _right_kind(known[place], value):
            kept.values[place] = value
        else:
            strange.append(
                NotUnderstood(place[:60], str(value)[:200], "この様式にない項目か、形の違う値です。")
            )
    return kept, strange


def _rows(document: Document) -> dict[str, list[str]]:
    """The rows, when their names are such as this system gives.

    :raises BadFile: names given twice or of another kind, or more rows than a form takes.
    """
    for names in document.rows.values():
        if len(names) > MAX_ROWS or len(set(names)) != len(names) or not all(map(_NAME.fullmatch, names)):
            raise BadFile(
                "BAD_VALUE", "評価書の行の名前が正しくありません。書き出したファイルを送り直してください。"
            )
    return {place: list(names) for place, names in document.rows.items()}


def _right_kind(item: Item, value: object) -> bool:
    if item.type == "multicheck":
        return (
            isinstance(value, dict)
            and isinstance(value.get("chosen"), list)
            and all(isinstance(one, str) for one in value["chosen"])
            and isinstance(value.get("texts", {}), dict)
            and all(isinstance(one, str) for one in value.get("texts", {}).values())
        )
    return isinstance(value, bool) if item.type == "check" else isinstance(value, str)


def _readable(preview: Preview) -> None:
    """Control characters, which no field can hold, become U+FFFD, and somebody is told."""
    for place, value in list(preview.document.values.items()):
        clean = _without_controls(value)
        if clean != value:
            preview.document.set(place, clean)
            why = "見えない制御文字を「\ufffd」に置き換えました。"
            preview.not_understood.append(NotUnderstood(preview.cells.get(place, place), "", why))
    preview.not_understood = [
        NotUnderstood(_CONTROL.sub("\ufffd", one.at), _CONTROL.sub("\ufffd", one.text), one.why)
        for one in preview.not_understood
    ]


def _without_controls(value: Value) -> Value:
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, dict):
        texts = {code: _CONTROL.sub("\ufffd", text) for code, text in value.get("texts", {}).items()}
        return {"chosen": value.get("chosen", []), "texts": texts}
    return value


def _leave_out_numbers(preview: Preview) -> None:
    form = load_form(preview.form_id, preview.edition)
    fields = {str(place): item for item, place in places(preview.document, form)}
    texts = {
        place: plain(fields[place], value)
        for place, value in preview.document.values.items()
        if place in fields
    }
    for place in sorted({one.place for one in find_personal(texts) if one.stops}):
        where = citation(form, fields[place], preview.document, Place.parse(place).rows)
        preview.document.set(place, None)
        at = preview.cells.pop(place, "")
        why = (
            f"「{where}」に個人番号（マイナンバー）と思われる12桁の数字があるため、この項目は取り込みません。"
            "元のファイルから数字を消して送り直すか、取り込んだ後に画面で書いてください。"
        )
        preview.not_understood.append(NotUnderstood(at or where, "（数字を伏せました）", why))
    preview.not_understood = [
        NotUnderstood(_masked(one.at), _masked(one.text), one.why) for one in preview.not_understood
    ]
    preview.taken = [one for one in preview.taken if one.place in preview.document.values]


def _masked(text: str) -> str:
    """Twelve digits in a row are not repeated, whatever they are."""
    return without_numbers(text, "（12桁の数字）")
