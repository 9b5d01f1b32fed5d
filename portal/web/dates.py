"""Dates in words, for people and for screen readers: 令和8年（2026年）11月22日（日）.

First days of the eras: 明治 as counted in the Gregorian calendar (太政官布告第337号, 1873-01-01), 大正, 昭和, 平成, 令和 by their
ordinances. The newest era has no end.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")

ERAS = (
    ("令和", "R", date(2019, 5, 1)),
    ("平成", "H", date(1989, 1, 8)),
    ("昭和", "S", date(1926, 12, 25)),
    ("大正", "T", date(1912, 7, 30)),
    ("明治", "M", date(1873, 1, 1)),
)
ERA_YEAR_ONE = {"令和": 2019, "平成": 1989, "昭和": 1926, "大正": 1912, "明治": 1868}
WEEKDAYS = "月火水木金土日"
ENGLISH_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

_ERA_DATE = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[RHSTMrhstm])\s*(?P<year>元|\d{1,3})\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?"
)
_PLAIN_DATE = re.compile(
    r"(?P<year>\d{4})\s*[年./-]?\s*(?P<month>\d{1,2})\s*[月./-]?\s*(?P<day>\d{1,2})\s*日?"
)


def era_year(day: date) -> str:
    """令和8年, or 令和元年 in its first year.

    :raises ValueError: for a day before 1873, when Japan used another calendar.
    """
    for name, _letter, first in ERAS:
        if day >= first:
            year = day.year - ERA_YEAR_ONE[name] + 1
            return f"{name}{'元' if year == 1 else year}年"
    raise ValueError("there is no era year in the Gregorian calendar before 1873")


def local(moment: datetime | date) -> datetime | date:
    """A moment as the clock on the wall in Japan shows it; a plain date stays as it is."""
    return moment.astimezone(TOKYO) if isinstance(moment, datetime) else moment


def date_words(moment: datetime | date, language: str = "ja") -> str:
    """The day in words of the language (ja, ja_easy or en)."""
    day = local(moment)
    return day_words(day.date() if isinstance(day, datetime) else day, language)


@lru_cache(maxsize=8192)
def day_words(day: date, language: str) -> str:
    """A list shows the same days again and again."""
    if language == "en":
        return f"{ENGLISH_WEEKDAYS[day.weekday()]} {day.day} {ENGLISH_MONTHS[day.month - 1]} {day.year}"
    weekday = WEEKDAYS[day.weekday()]
    if language == "ja_easy":
        return f"{day.year}年（{era_year(day)}）{day.month}月{day.day}日（{weekday}）"
    return f"{era_year(day)}（{day.year}年）{day.month}月{day.day}日（{weekday}）"


def time_words(moment: datetime, language: str = "ja") -> str:
    """The time of day in Japan, by 24 hours."""
    there = moment.astimezone(TOKYO)
    return clock_words(there.hour, there.minute, language)


def clock_words(hour: int, minute: int, language: str = "ja") -> str:
    """An hour and a minute in words of the language."""
    return f"{hour:02}:{minute:02}" if language == "en" else f"{hour}時{minute:02}分"


def stamp(moment: datetime) -> str:
    """Short and exact, for the tables of staff: 2026-11-22 10:00."""
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}"


def iso(moment: datetime | date) -> str:
    """For ``<time datetime>``."""
    if isinstance(moment, datetime):
        return moment.astimezone(TOKYO).isoformat(timespec="seconds")
    return moment.isoformat()


def read_date(text: str) -> date:
    """Read a day as people write it: R8.11.22, 令和8年11月22日, 2026-11-22, 20261122, in any width.

    A day past the end of an era (平成32年) is read as people mean it.

    :raises ValueError: when it is no day.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub("[ー−‐–—―]", "-", plain)
    if match := _ERA_DATE.fullmatch(plain):
        letter = match["era"].upper()
        name = next(name for name, short, _first in ERAS if match["era"] == name or letter == short)
        year = ERA_YEAR_ONE[name] + (1 if match["year"] == "元" else int(match["year"])) - 1
    elif match := _PLAIN_DATE.fullmatch(plain):
        year = int(match["year"])
    else:
        raise ValueError("not a day")
    return date(year, int(match["month"]), int(match["day"]))
