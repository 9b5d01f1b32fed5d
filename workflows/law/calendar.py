"""The law's calendar: how a term of days, months or office days is counted, and on which moment it ends.

The first day is not counted unless the term says so (民法140条); a term ends with the end of its last day (141条); months and
years run by the calendar and end on the day before the corresponding day, or with the month where there is none (143条). Which
days an office is closed, and the terms themselves, are dated data with their source in ``calendar.yaml``.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import jpholiday

from storage.clock import JAPAN
from workflows.law.terms import CLOCK_UNITS, Closure, Term, closures

ONE_DAY = timedelta(days=1)


class CannotCount(ValueError):
    """The term cannot be counted from what was given."""


@dataclass(frozen=True)
class Due:
    """When a term ends and how that was found.

    :param at: the moment (aware, UTC) from which the term is over.
    :param day: its last day in Japan.
    :param text: the counting in words, kept with the deadline it was made for.
    """

    at: datetime
    day: date
    text: str


@lru_cache(maxsize=64)
def _national_holidays(year: int) -> frozenset[date]:
    """国民の祝日 of a year (国民の祝日に関する法律; equinoxes ahead of the official almanac are computed)."""
    return frozenset(day for day, _ in jpholiday.year_holidays(year))


class LawCalendar:
    """Counts days as the law does.

    :param extra: further days on which this office is closed by its own ordinance (地方自治法4条の2第3項).
    """

    def __init__(self, extra: Iterable[date] = ()) -> None:
        self._extra = frozenset(extra)
        self._closures: tuple[Closure, ...] = closures()
        self._known: dict[date, bool] = {}

    def closed_because(self, day: date) -> str | None:
        """The name of the rule that closes an office on ``day``, or None when it is an office day."""
        for closure in self._closures:
            if not closure.in_force(day):
                continue
            if day.weekday() in closure.weekdays or (
                closure.national_holidays and day in _national_holidays(day.year)
            ):
                return closure.name
            if closure.covers(day):
                return closure.name
        return "条例で定める休日" if day in self._extra else None

    def is_business_day(self, day: date) -> bool:
        """Whether an office is open on ``day`` (開庁日)."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self.closed_because(day) is None
        return known

    def next_business_day(self, day: date) -> date:
        """``day`` itself when it is an office day, else the first one after it."""
        while not self.is_business_day(day):
            day += ONE_DAY
        return day

    def previous_business_day(self, day: date) -> date:
        """``day`` itself when it is an office day, else the last one before it."""
        while not self.is_business_day(day):
            day -= ONE_DAY
        return day

    def business_days(self, first: date, last: date) -> int:
        """How many office days lie from ``first`` to ``last``, both counted."""
        return sum(self.is_business_day(first + ONE_DAY * n) for n in range(max(0, (last - first).days + 1)))

    def last_day(self, term: Term, start: date) -> date:
        """The last day of a term that begins with what happened on ``start``.

        :raises CannotCount: for a term counted by the clock, which has no day.
        """
        day = self._count(term, start)
        if term.roll == "next":
            return self.next_business_day(day)
        if term.roll == "previous":
            return self.previous_business_day(day)
        return day

    def due(self, term: Term, start: datetime) -> Due:
        """When a term that begins at ``start`` is over.

        :param start: aware moment of the event the term runs from.
        """
        if term.unit in CLOCK_UNITS:
            at = start + term.sign * timedelta(**{term.unit: term.amount})
            day = at.astimezone(JAPAN).date()
            return Due(
                at.astimezone(UTC), day, f"{_minute(start)}から{term.words()} → {_minute(at)}。{term.cited()}"
            )
        first = start.astimezone(JAPAN).date()
        day = self.last_day(term, first)
        moment = datetime.combine(day, time.min, JAPAN) + (ONE_DAY if term.at == "end" else _offset(term.at))
        return Due(
            moment.astimezone(UTC),
            day,
            f"{first.isoformat()}から{term.words()} → {day.isoformat()}。{term.cited()}",
        )

    def _count(self, term: Term, start: date) -> date:
        included = term.first_day == "included"
        match term.unit:
            case "days" | "weeks":
                days = term.amount * (7 if term.unit == "weeks" else 1)
                return start + term.sign * ONE_DAY * (days - included)
            case "business_days":
                return self._count_business(term, start, included)
            case "months" | "years":
                months = term.amount * (12 if term.unit == "years" else 1)
                base = start if included else start + term.sign * ONE_DAY
                return _corresponding(base, term.sign * months) - term.sign * ONE_DAY
            case "month_end":
                return month_end(_first_of(start, term.sign * term.amount))
            case "fiscal_year_end":
                return fiscal_year_days(fiscal_year(start) + term.sign * term.amount)[1]
        raise CannotCount(f"a term in {term.unit} has no last day")

    def _count_business(self, term: Term, start: date, included: bool) -> date:
        left = term.amount - (included and self.is_business_day(start))
        day = start
        while left > 0:
            day += term.sign * ONE_DAY
            left -= self.is_business_day(day)
        return day


def days_between(first: date, last: date, both_ends: bool = False) -> int:
    """Days from ``first`` to ``last``; with ``both_ends`` the first day counts as well (両端入れ)."""
    return (last - first).days + both_ends


def fiscal_year(day: date) -> int:
    """The fiscal year of ``day``: 1 April to 31 March, named after the year it begins in (地方自治法208条)."""
    return day.year - (day.month < 4)


def fiscal_year_days(year: int) -> tuple[date, date]:
    """First and last day of a fiscal year."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def month_end(day: date) -> date:
    """The last day of the month of ``day``."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _first_of(day: date, months: int) -> date:
    """The first day of the month that lies ``months`` after that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _corresponding(base: date, months: int) -> date:
    """応当日: the same day ``months`` later, or the day after the month's end when forward and there is none."""
    first = _first_of(base, months)
    last = month_end(first)
    if base.day <= last.day:
        return first.replace(day=base.day)
    return last + ONE_DAY if months > 0 else last


def _offset(at: str) -> timedelta:
    """``"09:00"`` as time since midnight; ``"start"`` is midnight itself."""
    if at == "start":
        return timedelta(0)
    hours, minutes = at.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _minute(moment: datetime) -> str:
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M")
