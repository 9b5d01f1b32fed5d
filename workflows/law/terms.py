"""Terms and closing days as dated data: each row has the days it is in force and the article it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).with_name("calendar.yaml")
CLOCK_UNITS = frozenset({"seconds", "minutes", "hours"})
DAY_UNITS = frozenset({"days", "business_days", "weeks", "months", "years", "month_end", "fiscal_year_end"})
_UNIT_WORDS = {
    "seconds": "秒",
    "minutes": "分",
    "hours": "時間",
    "days": "日",
    "business_days": "開庁日",
    "weeks": "週間",
    "months": "か月",
    "years": "年",
}
_FIELDS = frozenset(
    {"unit", "amount", "first_day", "roll", "direction", "at", "source", "valid_from", "valid_to"}
)


class BadTerm(ValueError):
    """A term is written in a way that cannot be counted."""


class NoSuchTerm(LookupError):
    """No term of that name is in force on the day asked for."""


@dataclass(frozen=True)
class Term:
    """A length of time as a law or an agreement gives it.

    :param unit: one of the clock units or day units.
    :param amount: how many; for ``month_end`` and ``fiscal_year_end`` how many months or years ahead (0: this one).
    :param first_day: ``excluded`` (民法140条) or ``included`` (both ends count, e.g. 「〜から起算して」).
    :param roll: where a last day on which offices are closed goes: ``none``, ``next`` or ``previous`` (行政機関の休日に関する法律2条).
    :param direction: ``after`` or ``before`` the event.
    :param at: ``end`` of the last day (民法141条), ``start`` of it, or a time ``HH:MM`` in Japan.
    :param source: where it is written.
    """

    unit: str
    amount: int
    source: str
    first_day: str = "excluded"
    roll: str = "none"
    direction: str = "after"
    at: str = "end"
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def sign(self) -> int:
        """1 when counted forward, -1 when counted back."""
        return -1 if self.direction == "before" else 1

    def in_force(self, day: date) -> bool:
        """Whether the term is law on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def words(self) -> str:
        """The term in Japanese words."""
        side = "前" if self.direction == "before" else ""
        if self.unit == "month_end":
            return f"{self.amount}か月{side or '後'}の月末" if self.amount else "その月の末日"
        if self.unit == "fiscal_year_end":
            return f"{self.amount}年度{side or '後'}の年度末" if self.amount else "その年度の末日"
        head = f"{self.amount}{_UNIT_WORDS[self.unit]}{side}"
        if self.unit in CLOCK_UNITS:
            return head
        first = "初日を数える" if self.first_day == "included" else "初日を数えない"
        roll = {"next": "、休日なら翌開庁日", "previous": "、休日なら前の開庁日"}.get(self.roll, "")
        return f"{head}（{first}{roll}）"

    def cited(self) -> str:
        """Where the term is written, in Japanese words."""
        return f"根拠: {self.source}"


@dataclass(frozen=True)
class Closure:
    """A rule by which offices are closed."""

    name: str
    source: str
    valid_from: date | None = None
    valid_to: date | None = None
    weekdays: frozenset[int] = frozenset()
    national_holidays: bool = False
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None

    def in_force(self, day: date) -> bool:
        """Whether the rule is law on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def covers(self, day: date) -> bool:
        """Whether ``day`` lies in the yearly span of the rule, which may pass over New Year."""
        if self.first is None or self.last is None:
            return False
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


def parse_term(data: Mapping[str, Any], name: str = "") -> Term:
    """A term from its data.

    :param data: keys as the parameters of :class:`Term`.
    :raises BadTerm: naming what is wrong.
    """
    unknown = set(data) - _FIELDS
    unit, amount = data.get("unit"), data.get("amount")
    if unknown:
        raise BadTerm(f"{name}: unknown keys {sorted(unknown)}")
    if unit not in CLOCK_UNITS | DAY_UNITS:
        raise BadTerm(f"{name}: unit {unit!r} is none of {sorted(CLOCK_UNITS | DAY_UNITS)}")
    if type(amount) is not int or amount < (0 if str(unit).endswith("_end") else 1):
        raise BadTerm(f"{name}: amount {amount!r} is not a positive whole number")
    if not data.get("source"):
        raise BadTerm(f"{name}: a term needs its source")
    term = Term(**data)
    choices = {
        "first_day": ("excluded", "included"),
        "roll": ("none", "next", "previous"),
        "direction": ("after", "before"),
    }
    for field, allowed in choices.items():
        if getattr(term, field) not in allowed:
            raise BadTerm(f"{name}: {field} {getattr(term, field)!r} is none of {allowed}")
    if term.at not in ("end", "start") and not _is_time(term.at):
        raise BadTerm(f"{name}: at {term.at!r} is neither end, start nor HH:MM")
    return term


def _is_time(text: str) -> bool:
    hours, _, minutes = str(text).partition(":")
    return (
        len(hours) == len(minutes) == 2
        and hours.isdigit()
        and minutes.isdigit()
        and hours < "24"
        and minutes < "60"
    )


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return yaml.safe_load(DATA.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def closures() -> tuple[Closure, ...]:
    """Every rule that closes offices."""
    found = []
    for row in _data()["closures"]:
        spans = {
            key: tuple(int(part) for part in row[key].split("-")) for key in ("first", "last") if key in row
        }
        found.append(Closure(**{**row, **spans, "weekdays": frozenset(row.get("weekdays", ()))}))
    return tuple(found)


@lru_cache(maxsize=1)
def terms() -> dict[str, tuple[Term, ...]]:
    """Every named term with all its versions."""
    return {name: tuple(parse_term(row, name) for row in rows) for name, rows in _data()["terms"].items()}


def term(name: str, day: date) -> Term:
    """The version of a named term in force on ``day``.

    :raises NoSuchTerm: when there is none.
    """
    for version in terms().get(name, ()):
        if version.in_force(day):
            return version
    raise NoSuchTerm(f"no term {name!r} is in force on {day.isoformat()}")
