"""The table of results as files: CSV and Excel as offices publish them, JSON for machines. No cell can become a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from privacy_assessment.consultation.publishing import PublishedResults
from workflows.csv_lines import BOM, csv_line

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CELL = 32_000
HEAD = ("番号", "項目", "意見の概要", "件数", "考え方", "修正の有無", "修正の内容")
NOBODY = ("", "", "意見はありませんでした", "0", "", "", "")
# Excel and others also take these wide forms for the beginning of a formula.


def lines_of(results: PublishedResults) -> list[tuple[str, ...]]:
    """The lines with their head, also when nobody wrote."""
    lines = [
        (
            str(one.row), "、".join(one.places), one.summary, str(one.count), one.answer, "有" if one.changed else "無",
            one.change_note,
        )
        for one in results.rows
    ]  # fmt: skip
    return [HEAD, *(lines or [NOBODY])]


def as_csv(lines: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Lines as CSV: UTF-8 with BOM, CRLF; a cell that a spreadsheet would take for a formula gets an apostrophe."""
    yield BOM
    for line in lines:
        yield csv_line(line)


def as_workbook(lines: Iterable[Sequence[str]], title: str, widths: Sequence[int] = ()) -> bytes:
    """Lines as .xlsx, every cell a text.

    :param title: name of the sheet. :param widths: of the columns, in characters.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for number, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number]].width = width
    sheet.freeze_panes = "A2"
    bold, top = Font(bold=True), Alignment(vertical="top", wrap_text=True)
    for number, line in enumerate(lines):
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:CELL])
            cell.data_type = "s"
            cell.alignment = top
            if number == 0:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_data(results: PublishedResults) -> dict[str, Any]:
    """The publication as plain data."""
    return {
        "publication": results.number,
        "published_at": results.published_at.isoformat(),
        "corrected": results.note,
        "opinions": results.opinions,
        "withdrawn": results.withdrawn,
        "same_text": list(results.same),
        "lines": [
            {
                "number": one.row,
                "items": list(one.places),
                "summary": one.summary,
                "opinions": one.count,
                "answer": one.answer,
                "changed": one.changed,
                "change": one.change_note,
            }
            for one in results.rows
        ],
    }
