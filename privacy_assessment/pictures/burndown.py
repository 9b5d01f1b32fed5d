"""How much is left, day by day: a stepped line, bars for what was finished, hatching for what is past its due day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from privacy_assessment.pictures import svg
from privacy_assessment.pictures.calendar import day_name
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.words import words

WIDE, NARROW = 920, 340


@dataclass(frozen=True, slots=True)
class BurndownPoint:
    """The state at the end of a day.

    :param open: how many are left. :param done: how many were finished that day. :param late: of those left, past their due day.
    """

    day: date
    open: int
    done: int = 0
    late: int = 0


def burndown(points: Sequence[BurndownPoint], language: str = "ja", prefix: str = "burndown") -> Picture:
    """The picture of a queue over time.

    :param points: one for each day, in any order; days without one keep the state before.
    :returns: an empty picture without points.
    """
    say = words(language)
    heads = tuple(say[f"burn.head.{one}"] for one in ("day", "open", "done", "late"))
    found = sorted(points, key=lambda one: one.day)
    if not found:
        return Picture("", say["burn.title"], say["burn.none"], heads, ())
    peak = max(found, key=lambda one: one.open)
    facts = {
        "first": day_name(found[0].day, language),
        "start": found[0].open,
        "last": day_name(found[-1].day, language),
        "end": found[-1].open,
        "peak": peak.open,
        "peak_day": day_name(peak.day, language),
    }
    about = say["burn.about" if len(found) > 1 else "burn.one"].format(**facts)
    rows = tuple((day_name(p.day, language), str(p.open), str(p.done), str(p.late)) for p in found)
    pictures = [
        _draw(found, say, about, w, ident) for w, ident in ((WIDE, prefix), (NARROW, f"{prefix}-narrow"))
    ]
    return Picture(pictures[0], say["burn.title"], about, heads, rows, pictures[1])


def _draw(
    points: Sequence[BurndownPoint], say: Mapping[str, str], about: str, width: float, ident: str
) -> str:
    left, right, bottom, top = 44.0, width - 14.0, 250.0, 62.0 if width > 600 else 104.0
    most = _nice(max(max(p.open, p.done) for p in points))
    days = max((points[-1].day - points[0].day).days, 1)

    def x(day: date) -> float:
        return left + (right - left) * (day - points[0].day).days / days

    def y(count: float) -> float:
        return bottom - (bottom - top) * count / most

    parts = _key(say, width, ident)
    for number in range(0, most + 1, max(most // 4, 1)):
        parts.append(svg.path(f"M{left} {y(number):.1f}H{right}", stroke=svg.HAIR, line=1))
        parts.append(svg.text(left - 8, y(number) - 9, str(number), 13, anchor="end", fill=svg.QUIET))
    each = max(min((right - left) / (days + 1) * 0.5, 18), 3)
    if any(p.late for p in points):
        late = f"M{left} {bottom}" + _steps([(x(p.day), y(p.late)) for p in points]) + f"V{bottom}Z"
        parts.append(svg.path(late, fill=f"url(#{ident}-late)", stroke=svg.ROSE, line=1))
    parts += [
        svg.rect(
            min(max(x(p.day) - each / 2, left), right - each),
            y(p.done),
            each,
            bottom - y(p.done),
            fill=svg.SAND,
            stroke=svg.INK,
            line=0.8,
        )
        for p in points
        if p.done
    ]
    line = _steps([(x(p.day), y(p.open)) for p in points])
    parts.append(svg.path("M" + line[1:], stroke=svg.LAGOON, line=3))
    last = points[-1]
    parts.append(svg.circle(x(last.day), y(last.open), 5, fill=svg.LAGOON))
    parts.append(
        svg.text(x(last.day) - 4, y(last.open) - 24, str(last.open), 15, anchor="end", weight="bold")
    )
    parts.append(svg.path(f"M{left} {bottom}H{right}", stroke=svg.INK, line=1.4))
    ticks = (
        [points[0].day, points[-1].day]
        if width < 600 or days < 4
        else [points[0].day, points[len(points) // 2].day, last.day]
    )
    for number, day in enumerate(dict.fromkeys(ticks)):
        anchor = "start" if number == 0 else ("end" if day == last.day else "middle")
        parts.append(
            svg.text(x(day), bottom + 6, f"{day.month}/{day.day}", 13, anchor=anchor, fill=svg.QUIET)
        )
    return svg.drawing(
        ident, width, bottom + 34, say["burn.title"], about, parts, svg.hatch(f"{ident}-late", svg.ROSE)
    )


def _steps(points: Sequence[tuple[float, float]]) -> str:
    path = f"L{points[0][0]:.1f} {points[0][1]:.1f}"
    return path + "".join(f"H{px:.1f}V{py:.1f}" for px, py in points[1:])


def _nice(most: int) -> int:
    for step in (4, 8, 12, 20, 40, 80, 100, 200, 400, 800, 1000, 2000, 4000, 10000):
        if most <= step:
            return step
    return most


def _key(say: Mapping[str, str], width: float, ident: str) -> list[str]:
    parts, x, y = [], 12.0, 12.0
    for name in ("open", "done", "late"):
        room = svg.width_of(say[f"burn.{name}"], 13) + 48
        if x > 12 and x + room > width:
            x, y = 12.0, y + 24
        if name == "open":
            parts.append(svg.path(f"M{x} {y + 10}h22", stroke=svg.LAGOON, line=3))
        else:
            fill = svg.SAND if name == "done" else f"url(#{ident}-late)"
            parts.append(svg.rect(x + 4, y + 2, 14, 15, fill=fill, stroke=svg.INK, line=0.8))
        parts.append(svg.text(x + 30, y, say[f"burn.{name}"], 13))
        x += room
    return parts
