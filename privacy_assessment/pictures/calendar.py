"""A year of deadlines at a glance: twelve months with their days, and in words below each what is due."""

from __future__ import annotations

import calendar as months
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from privacy_assessment.forms.dates import in_japanese
from privacy_assessment.pictures import svg
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.words import words

KINDS = ("review", "redo", "consultation", "submission", "commission", "other")
WIDE, NARROW = 920, 340
_CARD, _DAY = 216, 28
MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One deadline.

    :param kind: one of ``KINDS``; decides the mark.
    :param until: last day, for a period.
    :param done: whether it has been met.
    """

    day: date
    label: str
    kind: str = "other"
    until: date | None = None
    done: bool = False


def year_calendar(
    entries: Sequence[CalendarEntry],
    year: int,
    language: str = "ja",
    *,
    fiscal: bool = True,
    today: date | None = None,
    prefix: str = "calendar",
) -> Picture:
    """The calendar of a year.

    :param year: a calendar year, or with ``fiscal`` the year in which the 年度 begins in April.
    :param today: marked with a frame when it lies in the year.
    """
    say = words(language)
    first = date(year, 4 if fiscal else 1, 1)
    last = date(year + 1, 3, 31) if fiscal else date(year, 12, 31)
    inside = sorted(
        (one for one in entries if one.day <= last and (one.until or one.day) >= first),
        key=lambda one: (one.day, one.kind, one.label),
    )
    name = _year_name(first, fiscal, language)
    heads = tuple(say[f"calendar.head.{one}"] for one in ("day", "what", "kind", "state"))
    rows = tuple(_row(one, say, language) for one in inside)
    shown = day_name(first, language), day_name(last, language)
    about = (
        say["calendar.about"].format(year=name, first=shown[0], last=shown[1], total=len(inside))
        if inside
        else say["calendar.none"].format(year=name)
    )
    about = " ".join([about, *(f"{row[0]} {row[1]}（{row[2]}、{row[3]}）。" for row in rows[:60])])
    title = say["calendar.title"].format(year=name)
    starts = [
        date(first.year + (first.month + n - 1) // 12, (first.month + n - 1) % 12 + 1, 1) for n in range(12)
    ]
    return Picture(
        _wide(inside, starts, say, language, today, title, about, prefix),
        title,
        about,
        heads,
        rows,
        _narrow(inside, starts, say, language, today, title, about, f"{prefix}-narrow"),
    )


def _year_name(first: date, fiscal: bool, language: str) -> str:
    if not language.startswith("ja"):
        return f"fiscal {first.year}" if fiscal else str(first.year)
    return in_japanese(first).split("年")[0] + ("年度" if fiscal else "年")


def day_name(day: date, language: str) -> str:
    return in_japanese(day) if language.startswith("ja") else day.isoformat()


def _row(one: CalendarEntry, say: Mapping[str, str], language: str) -> tuple[str, ...]:
    day = day_name(one.day, language)
    if one.until and one.until != one.day:
        day += say["calendar.to"].format(day=day_name(one.until, language))
    kind = say[f"kind.{one.kind if one.kind in KINDS else 'other'}"]
    return day, one.label, kind, say["calendar.done" if one.done else "calendar.open"]


def _of_month(entries: Sequence[CalendarEntry], start: date) -> list[CalendarEntry]:
    end = date(start.year, start.month, months.monthrange(start.year, start.month)[1])
    return [one for one in entries if one.day <= end and (one.until or one.day) >= start]


def _wide(
    entries: Sequence[CalendarEntry],
    starts: Sequence[date],
    say: Mapping[str, str],
    language: str,
    today: date | None,
    title: str,
    about: str,
    ident: str,
) -> str:
    parts, y = _key(entries, say, 12, WIDE - 24, 10)
    for row in range(3):
        height = 0.0
        for column in range(4):
            x = 12 + column * (_CARD + 11)
            drawn, tall = _month(entries, starts[row * 4 + column], say, language, today, x, y, _CARD)
            parts += drawn
            height = max(height, tall)
        y += height + 16
    return svg.drawing(ident, WIDE, y, title, about, parts)


def _narrow(
    entries: Sequence[CalendarEntry],
    starts: Sequence[date],
    say: Mapping[str, str],
    language: str,
    today: date | None,
    title: str,
    about: str,
    ident: str,
) -> str:
    parts, y = _key(entries, say, 8, NARROW - 16, 8)
    for start in starts:
        if _of_month(entries, start):
            drawn, tall = _month(entries, start, say, language, today, 8, y, NARROW - 16)
            parts += drawn
            y += tall + 12
        else:
            name = f"{_month_name(start, say, language)}　{say['calendar.empty']}"
            parts.append(svg.text(8, y, name, 15, fill=svg.QUIET))
            y += 28
    return svg.drawing(ident, NARROW, y, title, about, parts)


def _month_name(start: date, say: Mapping[str, str], language: str) -> str:
    if language.startswith("ja"):
        name = say["calendar.month"].format(month=start.month)
        return f"{start.year}年{name}" if start.month in (1, 4) else name
    return f"{months.month_abbr[start.month]} {start.year}"


def _month(
    entries: Sequence[CalendarEntry],
    start: date,
    say: Mapping[str, str],
    language: str,
    today: date | None,
    x: float,
    y: float,
    width: float,
) -> tuple[list[str], float]:
    """One month: its days in weeks from Sunday, then its deadlines in words."""
    due = _of_month(entries, start)
    step = width / 7
    parts = [svg.text(x, y, _month_name(start, say, language), 16, weight="bold")]
    for number, letter in enumerate(say["calendar.days"]):
        parts.append(svg.text(x + step * (number + 0.5), y + 27, letter, 11, anchor="middle", fill=svg.QUIET))
    top = y + 46
    blank, days = (start.weekday() + 1) % 7, months.monthrange(start.year, start.month)[1]
    for number in range(days):
        day = date(start.year, start.month, number + 1)
        cell_x = x + step * ((blank + number) % 7)
        cell_y = top + _DAY * ((blank + number) // 7)
        here = [one for one in due if one.day <= day <= (one.until or one.day)]
        if here:
            fill = svg.LAGOON_SOFT if any(not one.done for one in here) else svg.HAIR
            parts.append(
                svg.rect(cell_x + 1, cell_y, step - 2, _DAY - 2, fill=fill, stroke=svg.INK, line=1, radius=4)
            )
        if day == today:
            parts.append(
                svg.rect(cell_x + 3, cell_y + 2, step - 6, _DAY - 6, fill="none", stroke=svg.ROSE, line=2)
            )
        parts.append(
            svg.text(
                cell_x + step / 2,
                cell_y + 4,
                str(number + 1),
                12.5,
                anchor="middle",
                weight="bold" if here else "",
            )
        )
    y = top + _DAY * ((blank + days + 6) // 7) + 6
    for one in due[:MOST_LINES]:
        kind = one.kind if one.kind in KINDS else "other"
        when = _days(one, start)
        told = svg.wrap(
            f"{when} {one.label}" + (f"（{say['calendar.done']}）" if one.done else ""),
            width - 24,
            13,
            most=3,
        )
        parts += [mark(x + 9, y + 9, kind), svg.text(x + 22, y, told, 13, step=18.5)]
        y += 18.5 * len(told) + 4
    if len(due) > MOST_LINES:
        parts.append(
            svg.text(x + 22, y, say["calendar.more"].format(count=len(due) - MOST_LINES), 13, fill=svg.QUIET)
        )
        y += 22
    return parts, y - top + 46


def _days(one: CalendarEntry, start: date) -> str:
    """The day or days of an entry within a month: ``10``, ``10–``, ``–9``, ``10–20``."""
    if one.until is None or one.until == one.day:
        return str(one.day.day)
    first = str(one.day.day) if one.day >= start else ""
    same = (one.until.year, one.until.month) == (start.year, start.month)
    return f"{first}–{one.until.day if same else ''}"


def _key(
    entries: Sequence[CalendarEntry], say: Mapping[str, str], x: float, width: float, y: float
) -> tuple[list[str], float]:
    parts, at = [], x
    used = [
        kind for kind in KINDS if any((one.kind if one.kind in KINDS else "other") == kind for one in entries)
    ]
    for kind in used:
        room = svg.width_of(say[f"kind.{kind}"], 13) + 40
        if at > x and at + room > x + width:
            at, y = x, y + 24
        parts += [mark(at + 9, y + 9, kind), svg.text(at + 22, y, say[f"kind.{kind}"], 13)]
        at += room
    return parts, y + (34 if used else 4)


def mark(x: float, y: float, kind: str) -> str:
    """The mark of a kind of deadline; kinds differ by shape."""
    if kind == "review":
        return svg.circle(x, y, 6, fill=svg.LAGOON)
    if kind == "redo":
        return svg.path(f"M{x:.1f} {y - 8:.1f}l8 8l-8 8l-8 -8z", fill=svg.ROSE, stroke=svg.INK, line=1)
    if kind == "consultation":
        return svg.rect(x - 8, y - 4, 16, 8, fill=svg.LAGOON_SOFT, stroke=svg.INK, line=1.4)
    if kind == "submission":
        return svg.path(f"M{x:.1f} {y - 7:.1f}l7.5 13.5h-15z", fill=svg.LEAF_SOFT, stroke=svg.INK)
    if kind == "commission":
        return svg.rect(x - 6, y - 6, 12, 12, fill=svg.INK, line=0)
    return svg.path(f"M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12", stroke=svg.INK, line=2)
