"""Counts behind the pictures: who gave to whom, and how many on each day. Only the resident's own visible records.

An exchange that two offices of this installation recorded counts once. A period bounds what is asked for, and the newest thousand
records of it bound what is read, as for the list: an answer says when there are more, and from which day on nothing is missing.
"""

# ruff: noqa: S608 - only constant text is joined

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from storage.clock import JAPAN
from storage.database import Scope, Statement
from workflows.provision_records.queries import COUNT_LIMIT


@dataclass(frozen=True, slots=True)
class Flow:
    """How often one body gave to another."""

    holder_code: str
    holder: str
    asker_code: str
    asker: str
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a period.

    :param rows: what the statement counts. :param cut: the day (Japan) of the oldest record that was counted when there are more than
        are counted; what is after that day is whole, that day may not be. None when the whole period was counted.
    """

    rows: list[tuple[Any, ...]]
    cut: date | None = None


# The policy of the rows lets the server expect few of a person's, so it would gather and sort all of them instead of walking along the
# index until it has enough. For the rest of the transaction, so these come last in a trip.
IN_ORDER: Statement = ("SELECT set_config('enable_bitmapscan', 'off', true)", ())
# Each person's newest, in the order of the list's index and therefore without a sort. One more than is counted tells whether there are more.
_NEWEST = (
    "(SELECT holder_code, holder_name, asker_code, asker_name, exchange_id, requested_at, provided_at"
    " FROM madoguchi.provision_record WHERE tenant = %s AND addressee = %s"
    " AND disclosure = 'visible' AND requested_at >= %s AND requested_at < %s"
    f" ORDER BY requested_at DESC, record_id DESC LIMIT {COUNT_LIMIT + 1})"
)
_FLOWS = (
    "SELECT holder_code, min(holder_name), asker_code, min(asker_name), count(DISTINCT exchange_id)"
    " FROM counted WHERE provided_at IS NOT NULL GROUP BY holder_code, asker_code ORDER BY 5 DESC, 1, 3"
)
_MONTHS = (
    "SELECT holder_code, min(holder_name), asker_code, min(asker_name),"
    " date_trunc('month', requested_at AT TIME ZONE 'Asia/Tokyo')::date, count(DISTINCT exchange_id)"
    " FROM counted WHERE provided_at IS NOT NULL GROUP BY 1, 3, 5"
)
_DAYS = (
    "SELECT (requested_at AT TIME ZONE 'Asia/Tokyo')::date, count(DISTINCT exchange_id)"
    " FROM counted GROUP BY 1 ORDER BY 1"
)


def flow_statements(scope: Scope, from_day: date, to_day: date) -> list[Statement]:
    """Provided exchanges between pairs of bodies, most frequent first; both days included."""
    return _statements(_FLOWS, scope, from_day, to_day)


def month_statements(scope: Scope, from_day: date, to_day: date) -> list[Statement]:
    """Provided exchanges between pairs of bodies by month, both days included: codes and names, first day of the month, count."""
    return _statements(_MONTHS, scope, from_day, to_day)


def day_statements(scope: Scope, from_day: date, to_day: date) -> list[Statement]:
    """How many exchanges were requested on each day of a period that has any."""
    return _statements(_DAYS, scope, from_day, to_day)


def counted(rows: Sequence[tuple[Any, ...]]) -> Counted:
    """What the rows of the last of the statements say; they begin with the day up to which was counted, and a line without counts says only that."""
    return Counted([row[1:] for row in rows if row[1] is not None], rows[0][0] if rows else None)


def _statements(counts: str, scope: Scope, from_day: date, to_day: date) -> list[Statement]:
    if not scope.addressees:
        return [IN_ORDER, ("SELECT 1 WHERE false", ())]
    period = (_midnight(from_day), _midnight(to_day + timedelta(days=1)))
    values = [value for person in scope.addressees for value in (*person, *period)]
    return [IN_ORDER, (_sql(counts, len(scope.addressees)), values)]


@cache
def _sql(counts: str, people: int) -> str:
    """The text for so many addressees; only constant text is joined."""
    return (
        f"WITH looked AS MATERIALIZED ({' UNION ALL '.join([_NEWEST] * people)}),"
        f" counted AS MATERIALIZED (SELECT * FROM looked ORDER BY requested_at DESC LIMIT {COUNT_LIMIT}),"
        " reach AS (SELECT CASE WHEN (SELECT count(*) FROM looked) > "
        f"{COUNT_LIMIT} THEN (min(requested_at) AT TIME ZONE 'Asia/Tokyo')::date END AS cut FROM counted)"
        f" SELECT reach.cut, found.* FROM reach LEFT JOIN ({counts}) AS found ON true"
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN)
