"""The year at a glance: a square for each day, darker and with its number where something was exchanged."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

PITCH = 27
SQUARE = 25
LEFT = 52
STEPS = (
    ("#e6e6e6", "#1a1a1a"),
    ("#c8f8ff", "#1a1a1a"),
    ("#79e2f2", "#1a1a1a"),
    ("#008299", "#ffffff"),
    ("#003741", "#ffffff"),
)
"""Fill and text colour for 0, 1, 2, 3-4 and 5 or more: one hue of the design tokens, each text at 4.5:1 or better."""


@dataclass(frozen=True)
class Day:
    """One square."""

    day: date
    count: int
    x: int
    y: int
    fill: str
    ink: str


@dataclass(frozen=True)
class Month:
    """One row of the picture and one of the table."""

    month: int
    y: int
    count: int
    days: tuple[Day, ...]

    @property
    def busy(self) -> tuple[Day, ...]:
        """The days with anything on them."""
        return tuple(day for day in self.days if day.count)


def step(count: int) -> int:
    """Which of the five shades a count gets."""
    return 0 if count <= 0 else 1 if count == 1 else 2 if count == 2 else 3 if count <= 4 else 4


def months(year: int, counts: Mapping[date, int]) -> list[Month]:
    """The twelve rows of a year."""
    rows = []
    for month in range(1, 13):
        y = (month - 1) * PITCH + 22
        days = []
        for number in range(1, monthrange(year, month)[1] + 1):
            day = date(year, month, number)
            count = counts.get(day, 0)
            fill, ink = STEPS[step(count)]
            days.append(Day(day, count, LEFT + (number - 1) * PITCH, y, fill, ink))
        rows.append(Month(month, y, sum(day.count for day in days), tuple(days)))
    return rows
