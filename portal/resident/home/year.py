"""The last twelve months at a glance: from whom to whom her information went, a dot for each month.

The words stand in the page itself; the dots repeat them for the eye, so a reader who does not see them loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

MONTHS = 12
SHOWN = 3
PITCH, HEIGHT = 28, 30


@dataclass(frozen=True)
class Dot:
    """One month of one row. ``x`` and ``radius`` are in the units of the picture."""

    month: date
    count: int
    x: int
    radius: int


@dataclass(frozen=True)
class Way:
    """What went from one body to another. ``holder`` is empty for all further pairs together."""

    holder: str
    asker: str
    count: int
    dots: tuple[Dot, ...]

    @property
    def busy(self) -> tuple[Dot, ...]:
        """The months with anything in them, newest first."""
        return tuple(dot for dot in reversed(self.dots) if dot.count)


def first_month(today: date) -> date:
    """The first day of the twelve months that end with today's."""
    return date(today.year - (today.month < MONTHS), today.month % MONTHS + 1, 1)


def months(today: date) -> list[date]:
    """The first days of the twelve months, oldest first."""
    first = first_month(today)
    return [
        date(first.year + (first.month - 1 + one) // 12, (first.month - 1 + one) % 12 + 1, 1)
        for one in range(MONTHS)
    ]


def ways(rows: Iterable[tuple[Any, ...]], today: date) -> list[Way]:
    """The pairs with most exchanges first, the others as one.

    :param rows: holder's code and name, asker's code and name, first day of the month, count.
    """
    counts: dict[tuple[str, str], dict[date, int]] = {}
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for holder, holder_name, asker, asker_name, month, count in rows:
        counts.setdefault((holder, asker), {})[month] = int(count)
        names[holder, asker] = (holder_name, asker_name)
    ordered = sorted(counts, key=lambda pair: (-sum(counts[pair].values()), pair))
    kept, rest = ordered[:SHOWN], ordered[SHOWN:]
    found = [_way(names[pair], counts[pair], today) for pair in kept]
    if rest:
        others: dict[date, int] = {}
        for pair in rest:
            for month, count in counts[pair].items():
                others[month] = others.get(month, 0) + count
        found.append(_way(("", ""), others, today))
    return found


def _way(names: tuple[str, str], counts: dict[date, int], today: date) -> Way:
    dots = tuple(
        Dot(month, count := counts.get(month, 0), PITCH * place + PITCH // 2, _radius(count))
        for place, month in enumerate(months(today))
    )
    return Way(*names, sum(dot.count for dot in dots), dots)


def _radius(count: int) -> int:
    """Nothing is a mere point; more is a little larger, never so large that months touch."""
    return 3 if not count else 10 if count == 1 else 12 if count < 5 else 13
