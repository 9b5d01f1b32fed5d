"""Counts behind the pictures: who gave to whom, and how many on each day. Only the resident's own visible records.

An exchange that two offices of this installation recorded counts once. Both questions are bounded by a period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from storage.clock import JAPAN
from storage.database import Scope, Statement


@dataclass(frozen=True, slots=True)
class Flow:
    """How often one body gave to another."""

    holder_code: str
    holder: str
    asker_code: str
    asker: str
    count: int


_MINE = (
    " FROM madoguchi.provision_record WHERE (tenant, addressee) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
    " AND disclosure = 'visible' AND requested_at >= %s AND requested_at < %s"
)
_FLOWS = (
    "SELECT holder_code, min(holder_name), asker_code, min(asker_name), count(DISTINCT exchange_id)"
    + _MINE
    + " AND provided_at IS NOT NULL GROUP BY holder_code, asker_code ORDER BY 5 DESC, 1, 3"
)
_MONTHS = (
    "SELECT holder_code, min(holder_name), asker_code, min(asker_name),"
    " date_trunc('month', requested_at AT TIME ZONE 'Asia/Tokyo')::date, count(DISTINCT exchange_id)"
    + _MINE
    + " AND provided_at IS NOT NULL GROUP BY 1, 3, 5"
)
_DAYS = (
    "SELECT (requested_at AT TIME ZONE 'Asia/Tokyo')::date, count(DISTINCT exchange_id)"
    + _MINE
    + " GROUP BY 1 ORDER BY 1"
)


def flow_statement(scope: Scope, from_day: date, to_day: date) -> Statement:
    """Provided exchanges between pairs of bodies, most frequent first; both days included."""
    return (_FLOWS, _parameters(scope, from_day, to_day))


def month_statement(scope: Scope, from_day: date, to_day: date) -> Statement:
    """Provided exchanges between pairs of bodies by month, both days included: codes and names, first day of the month, count."""
    return (_MONTHS, _parameters(scope, from_day, to_day))


def day_statement(scope: Scope, from_day: date, to_day: date) -> Statement:
    """How many exchanges were requested on each day of a period that has any."""
    return (_DAYS, _parameters(scope, from_day, to_day))


def _parameters(scope: Scope, from_day: date, to_day: date) -> Sequence[Any]:
    tenants = [tenant for tenant, _ in scope.addressees]
    numbers = [number for _, number in scope.addressees]
    return (tenants, numbers, _midnight(from_day), _midnight(to_day + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN)
