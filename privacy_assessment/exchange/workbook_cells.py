"""The texts of a workbook, new or old, sheet by sheet, within limits: a file that claims little may hold very much."""

from __future__ import annotations

import io
import warnings
from typing import Any

from openpyxl import load_workbook

from privacy_assessment.exchange.old_workbook import is_old, old_cells
from privacy_assessment.exchange.package import BadFile, check_package, check_size

MAX_CELLS = 400_000
# Twenty times the longest statement; the checks of a text take their time with each character.
MAX_TEXT = 2_000_000

Cells = dict[tuple[int, int], tuple[str, bool]]
"""Of a sheet, by row and column: the text, and whether the cell holds a formula."""


def load_cells(data: bytes) -> dict[str, Cells]:
    """Texts of every sheet of a workbook, new or old, by row and column; the second value says that the cell holds a formula.

    :raises BadFile: a file that must not or cannot be read.
    """
    if is_old(data):
        check_size(data)
        sheets = old_cells(data)
        if sum(len(text) for cells in sheets.values() for text, _ in cells.values()) > MAX_TEXT:
            raise _too_much()
        return sheets
    return _new_cells(check_package(data))


def _new_cells(data: bytes) -> dict[str, Cells]:
    book = None
    try:
        with warnings.catch_warnings():
            # What the library cannot keep (drawings, extensions) is of no use here.
            warnings.simplefilter("ignore")
            # Row by row: a whole sheet as the library would hold it is many times its size.
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            room = [MAX_TEXT]
            return {sheet.title: _cells(sheet, room) for sheet in book.worksheets}
    except BadFile:
        raise
    except Exception as broken:  # a broken workbook fails in many ways inside the library
        raise BadFile(
            "BROKEN", "Excelブックの中身が壊れています。Excelで開いて保存し直したものを送ってください。"
        ) from broken
    finally:
        if book is not None:
            book.close()


def _cells(sheet: Any, room: list[int]) -> Cells:
    """Texts of a sheet.

    :param room: how many characters may still come, over all sheets; counted down.
    """
    # What a sheet says of its size is not believed.
    sheet.reset_dimensions()
    found: Cells = {}
    passed = 0
    for row in sheet.iter_rows():
        passed += max(1, len(row))
        if passed > MAX_CELLS:
            raise BadFile(
                "TOO_WIDE",
                f"シート「{sheet.title[:40]}」の範囲が広すぎます。使っていない行と列を削除して保存し直してください。",
            )
        for cell in row:
            if cell.value is not None:
                text = _text(cell.value)
                room[0] -= len(text)
                if room[0] < 0:
                    raise _too_much()
                found[cell.row, cell.column] = (text, cell.data_type == "f")
    return found


def _too_much() -> BadFile:
    return BadFile(
        "TOO_MUCH_TEXT", f"文字が多すぎます（{MAX_TEXT:,}字まで）。様式の項目だけにして送ってください。"
    )


def _text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return value.date().isoformat() if hasattr(value, "date") else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\r\n", "\n").replace("\r", "\n")
