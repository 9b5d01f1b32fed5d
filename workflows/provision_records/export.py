"""What a resident takes away as a list: CSV, and rows for the printed copy.

Everything here reads in the resident's own scope, so it contains exactly what her list shows; a hidden record changes no
byte of it. Cells are written so that no spreadsheet takes them for a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storage.database import Database, Scope
from workflows.csv_lines import BOM, csv_line

from .models import japan_time
from .queries import NO_FILTERS, RecordFilters, RecordRow
from .reader import ResidentRecords

CSV_TYPE = "text/csv; charset=utf-8"
PAGE = 500


def _legal_items(row: RecordRow) -> str:
    return "、".join(item["name"] for item in row.items)


COLUMNS = (
    ("求めた日時", lambda r: japan_time(r.requested_at)),
    ("渡した日時", lambda r: japan_time(r.provided_at) if r.provided_at else ""),
    ("情報を求めた役所（情報照会者）", lambda r: f"{r.asker_name} {r.asker_office}".strip()),
    ("情報を渡した役所（情報提供者）", lambda r: f"{r.holder_name} {r.holder_office}".strip()),
    ("何の手続きのためか（事務）", lambda r: r.affair_name),
    ("目的", lambda r: r.purpose),
    ("どんな情報か", _legal_items),
    ("渡した情報の種類（特定個人情報の項目）", _legal_items),
    ("根拠", lambda r: r.law_clause),
    ("結果", lambda r: r.outcome),
    ("申請の受付番号", lambda r: r.application_receipt or ""),
    ("やりとりの番号", lambda r: r.exchange_id or ""),
    ("記録番号", lambda r: str(r.record_id)),
    ("訂正した記録の番号", lambda r: str(r.corrects or "")),
)


def all_rows(db: Database, scope: Scope, filters: RecordFilters = NO_FILTERS) -> Iterator[RecordRow]:
    """Every row of the resident's list, newest first, read page by page."""
    records, after = ResidentRecords(db), None
    while True:
        page = records.page(scope, filters, after, PAGE)
        yield from page.rows
        after = page.after
        if after is None:
            return


def csv_file(
    rows: Iterator[RecordRow],
    outcome_words: Callable[[str], str] = str,
    note: str = "",
    plain_items: Callable[[RecordRow], str] = _legal_items,
) -> Iterator[bytes]:
    """The list as CSV, piece by piece: UTF-8 with BOM, CRLF, a header line.

    Args: outcome_words: result code -> plain words; note: a line under the header when the list is partial;
    plain_items: what was asked for or given, in plain words.
    """
    said: dict[str, Callable[[RecordRow], str]] = {
        "結果": lambda row: outcome_words(row.outcome),
        "どんな情報か": plain_items,
    }
    cells = [said.get(name, read) for name, read in COLUMNS]
    yield BOM + csv_line([name for name, _ in COLUMNS])
    if note:
        yield csv_line([note])
    for row in rows:
        yield csv_line([str(read(row)) for read in cells])
