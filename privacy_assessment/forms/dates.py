"""Days as officials write them: 2026-11-22, 令和8年11月22日, R8.11.22. A day that does not exist is refused, never moved."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# 元号: the day the era begins and the year before its first.
ERAS = (
    ("令和", "R", date(2019, 5, 1), 2018),
    ("平成", "H", date(1989, 1, 8), 1988),
    ("昭和", "S", date(1926, 12, 25), 1925),
)
_ISO = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")
_ERA = re.compile(r"^(令和|平成|昭和|[RHS])(元|\d{1,2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")


class NoSuchDay(ValueError):
    """A text that is not a day of the calendar. The text itself is kept where it was written."""


def parse_day(text: str) -> date:
    """Read a day.

    :raises NoSuchDay: when it is none, or lies outside the era it names (平成31年5月1日 is 令和).
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"\(.\)$|\(.曜日?\)$", "", plain)
    try:
        if found := _ISO.match(plain):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _ERA.match(plain.upper()):
            return _in_era(found[1], found[2], int(found[3]), int(found[4]))
    except ValueError as wrong:
        raise NoSuchDay(f"{plain!r} is not a day of the calendar") from wrong
    raise NoSuchDay(f"{plain!r} is not written as a day")


def _in_era(era: str, year: str, month: int, day: int) -> date:
    last: date | None = None
    for name, letter, first, before in ERAS:
        if era in (name, letter):
            found = date(before + (1 if year == "元" else int(year)), month, day)
            if found < first or (last is not None and found >= last):
                raise ValueError("outside its era")
            return found
        last = first
    raise ValueError("unknown era")


def in_japanese(day: date) -> str:
    """A day with its era: 令和8年11月22日."""
    for name, _, first, before in ERAS:
        if day >= first:
            year = day.year - before
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"
