"""The statements behind the resident's list, and its types. Only constant text is joined; every value is a parameter.

Hidden (不開示) records are excluded twice: by the row-level policy and by the query itself, and the index the list reads
does not contain them; so no count, page border or running time shows them.
"""

# ruff: noqa: S608

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from storage.clock import JAPAN
from storage.database import Scope, Statement

PAGE = 20
COUNT_LIMIT = 1000


class BadCursor(ValueError):
    """The page mark in the address is not one of ours. Nothing was read; start again from the first page."""


class RecordRow(NamedTuple):
    """One line of the list. `items` is a list of {"code", "name"}; times are aware."""

    record_id: UUID
    exchange_id: str
    tenant: str
    side: str
    asker_code: str
    asker_name: str
    asker_office: str
    holder_code: str
    holder_name: str
    holder_office: str
    requested_at: datetime
    provided_at: datetime | None
    affair_code: str
    affair_name: str
    items: list[dict[str, str]]
    law_row: str
    law_clause: str
    law_table_version: str
    outcome: str
    purpose: str
    application_receipt: str | None
    corrects: UUID | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class RecordFilters:
    """What the resident narrowed her list to. Days are Japanese days, both ends included; empty tuples mean all.

    agency: 機関コード or tenant that asked or gave; affairs: affair codes (from LawTable.families for a subject);
    outcomes: result codes; from_application: True only from her own applications, False only others; words: free text.
    """

    from_day: date | None = None
    to_day: date | None = None
    agency: str | None = None
    affairs: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    from_application: bool | None = None
    words: str | None = None

    def empty(self) -> bool:
        return self == NO_FILTERS


NO_FILTERS = RecordFilters()


class Page(NamedTuple):
    """One page: rows, how many in all (`capped`: at least that many), and the mark of the next page or None."""

    rows: list[RecordRow]
    total: int
    capped: bool
    after: str | None


class SourceState(NamedTuple):
    """What one source of the list covers: shown from which day, as of when, in which state."""

    tenant: str
    source: str
    shown_from: date
    as_of: datetime
    state: str


FIELDS = ", ".join(f"r.{name}" for name in RecordRow._fields[:-1])
# LIMIT keeps the planner from hashing the whole table for a question about twenty rows.
CORRECTED = (
    "(SELECT true FROM madoguchi.provision_record c WHERE c.tenant = r.tenant AND c.corrects = r.record_id"
    " AND c.disclosure = 'visible' LIMIT 1) IS NOT NULL"
)
MINE = "r.tenant = %s AND r.addressee = %s AND r.disclosure = 'visible'"
# The asker's record is shown where both are held; `side` sorts asker < core < holder.
_SHOWN_ELSEWHERE = (
    " AND NOT EXISTS (SELECT 1 FROM madoguchi.provision_record o WHERE o.tenant = %s AND o.addressee = %s"
    " AND o.disclosure = 'visible' AND o.exchange_id = r.exchange_id AND (o.side, o.tenant) < (r.side, r.tenant))"
)


def page_statements(scope: Scope, filters: RecordFilters, after: str | None, limit: int) -> list[Statement]:
    """The statements of one page (rows, then total), for a view that sends them in the same trip as its own."""
    people = scope.addressees
    if not people:
        return [("SELECT 1 WHERE false", ()), ("SELECT 0, false", ())]
    where, values = _conditions(filters)
    mark: str = ""
    mark_values: tuple[Any, ...] = ()
    if after is not None:
        mark, mark_values = " AND (r.requested_at, r.record_id) < (%s, %s)", read_cursor(after)
    parameters: list[Any] = []
    for person in people:
        others = [other for other in people if other != person]
        parameters += [*person, *values, *mark_values, *flat(others), limit + 1]
    if len(people) > 1:
        parameters.append(limit + 1)
    return [(_rows_sql(len(people), where + mark), parameters), _total(people, filters, where, values)]


@lru_cache(maxsize=256)
def _rows_sql(people: int, narrowed: str) -> str:
    """The text of a page's rows; there are as many as there are kinds of filters, so it is put together once each."""
    branch = (
        f"(SELECT {FIELDS}, {CORRECTED} FROM madoguchi.provision_record r WHERE {MINE}{narrowed}"
        + _SHOWN_ELSEWHERE * (people - 1)
        + " ORDER BY r.requested_at DESC, r.record_id DESC LIMIT %s)"
    )
    if people == 1:
        return branch
    return " UNION ALL ".join([branch] * people) + " ORDER BY requested_at DESC, record_id DESC LIMIT %s"


def parse_page(results: Sequence[list[tuple[Any, ...]]], limit: int = PAGE) -> Page:
    """The page from the results of `page_statements`, in that order."""
    rows = [RecordRow._make(row) for row in results[0][:limit]]
    more = len(results[0]) > limit
    total, capped = results[1][0] if results[1] else (0, False)
    return Page(rows, total, capped, cursor(rows[-1]) if more else None)


def cursor(row: RecordRow) -> str:
    """The mark of the page after this row: opaque text for the address."""
    micros = (row.requested_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(micros.to_bytes(8, "big") + row.record_id.bytes).decode()


def read_cursor(text: str) -> tuple[datetime, UUID]:
    """The place a mark points to. Errors: BadCursor."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        if len(raw) != 24:
            raise ValueError
        micros = int.from_bytes(raw[:8], "big")
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros), UUID(bytes=raw[8:])
    except (ValueError, OverflowError, binascii.Error) as broken:
        raise BadCursor(
            "ページの印が正しくありません。記録は変わっていません。最初のページから開いてください。"
        ) from broken


def _conditions(filters: RecordFilters) -> tuple[str, list[Any]]:
    """The filters as SQL on r and its parameters; all narrow within one person's rows."""
    if filters.empty():
        return "", []
    parts: list[str] = []
    values: list[Any] = []

    def add(sql: str, *given: Any) -> None:
        parts.append(" AND " + sql)
        values.extend(given)

    if filters.from_day:
        add("r.requested_at >= %s", _midnight(filters.from_day))
    if filters.to_day:
        add("r.requested_at < %s", _midnight(filters.to_day + timedelta(days=1)))
    if filters.agency:
        start = filters.agency + ("-" if "-" not in filters.agency else "")
        if "-" in filters.agency:
            add("(r.asker_code = %s OR r.holder_code = %s)", start, start)
        else:
            add("(starts_with(r.asker_code, %s) OR starts_with(r.holder_code, %s))", start, start)
    if filters.affairs:
        add("r.affair_code = ANY(%s)", list(filters.affairs))
    if filters.outcomes:
        add("r.outcome = ANY(%s)", list(filters.outcomes))
    if filters.from_application is not None:
        add("r.application_receipt IS " + ("NOT NULL" if filters.from_application else "NULL"))
    for word in (filters.words or "").split()[:5]:
        add(
            "position(lower(%s) IN lower(concat_ws(' ', r.asker_name, r.asker_office, r.holder_name, r.holder_office,"
            " r.affair_name, r.purpose, r.items::text, r.application_receipt))) > 0",
            word,
        )
    return "".join(parts), values


def _total(
    people: Sequence[tuple[str, str]], filters: RecordFilters, where: str, values: Sequence[Any]
) -> Statement:
    """How many rows in all: the kept count where it answers, else counted within this person's rows up to a limit."""
    if len(people) == 1 and filters.empty():
        return (
            "SELECT p.visible_count, false FROM madoguchi.provision_person p WHERE p.tenant = %s AND p.addressee = %s",
            people[0],
        )
    branches: list[str] = []
    parameters: list[Any] = []
    for person in people:
        others = [other for other in people if other != person]
        branches.append(
            f"(SELECT 1 FROM madoguchi.provision_record r WHERE {MINE}{where}"
            + _SHOWN_ELSEWHERE * len(others)
            + " LIMIT %s)"
        )
        parameters += [*person, *values, *flat(others), COUNT_LIMIT + 1]
    sql = "SELECT least(count(*), %s), count(*) > %s FROM (" + " UNION ALL ".join(branches) + ") AS counted"
    return (sql, [COUNT_LIMIT, COUNT_LIMIT, *parameters])


def flat(people: Sequence[tuple[str, str]]) -> list[str]:
    return [value for person in people for value in person]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN)
