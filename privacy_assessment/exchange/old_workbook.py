"""Reads the old Excel format (.xls, 1997–2003) into the same cells as the new one. Macros and locked files are refused.

The library gives a formula's last result and hides that it was one, so the records are walked once more for formulas: what they say
tomorrow nobody knows, and they are taken in neither format.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import xlrd
from xlrd import compdoc

from privacy_assessment.exchange.package import MAX_FILE, BadFile

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_CELLS = 400_000
_FORMULA, _BOUNDSHEET, _BOF, _FILEPASS = 0x0006, 0x0085, 0x0809, 0x002F
_WORKSHEET = 0
_LOCKED = "パスワードの付いたファイルです。パスワードを外して送ってください。"
_BROKEN = (
    "旧形式のExcelブック（.xls）として開けません。Excelで開いて、.xlsxで保存し直したものを送ってください。"
)
# How names of storages stand in the directory of the container.
_ACTIVE = tuple(name.encode("utf-16-le") for name in ("_VBA_PROJECT", "Macros", "VBA", "Ole10Native"))


def is_old(data: bytes) -> bool:
    """Whether a file begins like an old Excel file (or a locked new one, which is wrapped the same way)."""
    return data.startswith(OLE)


def old_cells(data: bytes) -> dict[str, dict[tuple[int, int], tuple[str, bool]]]:
    """Texts of every sheet by row and column, from 1; the second value says that the cell holds a formula.

    :raises BadFile: too large, locked, with macros, broken, or no workbook at all.
    """
    if len(data) > MAX_FILE:
        raise BadFile(
            "TOO_LARGE", f"ファイルが{MAX_FILE // 1024 // 1024}MBを超えています。図を外して送ってください。"
        )
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise BadFile("LOCKED", _LOCKED)
    if any(name in data for name in _ACTIVE):
        raise BadFile(
            "MACRO",
            "マクロや埋め込みの部品が入っています。マクロなしのExcelブック（.xlsx）で保存し直してください。",
        )
    try:
        records = _records(data)
        formulas = _formulas(records)
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), ragged_rows=True, on_demand=True)
        return {name: _cells(book, name, formulas.get(name, set())) for name in book.sheet_names()}
    except BadFile:
        raise
    except xlrd.XLRDError as refused:
        if "encrypted" in str(refused).lower():
            raise BadFile("LOCKED", _LOCKED) from refused
        raise BadFile("OLD_OR_LOCKED", _BROKEN) from refused
    except Exception as broken:  # a broken file fails in many ways inside the library
        raise BadFile("OLD_OR_LOCKED", _BROKEN) from broken


def _records(data: bytes) -> bytes:
    """The stream of records inside the container."""
    container = compdoc.CompDoc(data, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        found = container.get_named_stream(name)
        if found:
            return bytes(found)
    raise BadFile("NOT_A_WORKBOOK", "Excelブックではありません。様式のファイルを選び直してください。")


def _formulas(records: bytes) -> dict[str, set[tuple[int, int]]]:
    """Where each sheet has formulas; refuses macro sheets and locked books on the way."""
    sheets: list[tuple[int, str]] = []
    for at, kind, length in _walk(records, 0):
        body = records[at : at + length]
        if kind == _FILEPASS:
            raise BadFile("LOCKED", _LOCKED)
        if kind == _BOUNDSHEET and len(body) > 7:
            if body[5] == 1:
                raise BadFile(
                    "MACRO",
                    "マクロのシートが入っています。マクロなしのExcelブック（.xlsx）で保存し直してください。",
                )
            if body[5] == _WORKSHEET:
                sheets.append((struct.unpack_from("<I", body)[0], _name(body)))
        if kind == 0x000A:
            break
    found: dict[str, set[tuple[int, int]]] = {}
    for start, name in sheets:
        places = set()
        for at, kind, length in _walk(records, start):
            if kind == _FORMULA and length >= 4:
                row, column = struct.unpack_from("<HH", records, at)
                places.add((row + 1, column + 1))
            if kind == 0x000A:
                break
        found[name] = places
    return found


def _walk(records: bytes, at: int) -> Any:
    """Each record: where its body begins, its kind, its length."""
    while at + 4 <= len(records):
        kind, length = struct.unpack_from("<HH", records, at)
        yield at + 4, kind, length
        at += 4 + length


def _name(body: bytes) -> str:
    """The name of a sheet: a count, a flag for two bytes a character, the text."""
    count, wide = body[6], body[7] & 1
    text = body[8 : 8 + count * (2 if wide else 1)]
    return text.decode("utf-16-le" if wide else "latin-1", "replace")


def _cells(book: Any, name: str, formulas: set[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, bool]]:
    sheet = book.sheet_by_name(name)
    found: dict[tuple[int, int], tuple[str, bool]] = {}
    for row in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(row)):
            if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            at = (row + 1, column + 1)
            text = _text(cell, book.datemode)
            if text or at in formulas:
                found[at] = (text, at in formulas)
        if len(found) > MAX_CELLS:
            raise BadFile(
                "TOO_WIDE",
                f"シート「{name}」の範囲が広すぎます。使っていない行と列を削除して保存し直してください。",
            )
    return found


def _text(cell: Any, datemode: int) -> str:
    value = cell.value
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return str(xlrd.xldate_as_datetime(value, datemode).date().isoformat())
        except (ValueError, OverflowError):
            return str(value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, "#ERROR"))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).replace("\r\n", "\n").replace("\r", "\n")
