"""Risks before and after measures as a chart: where each risk starts, how many measures are written, where the body says it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from privacy_assessment.forms import Document, Form
from privacy_assessment.pictures import svg
from privacy_assessment.pictures.files import file_names, numbered
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.risks import BLANK, ENOUGH, LEFT, NONE, STRONG, Risk, risks_of, stages
from privacy_assessment.pictures.words import words

WIDE, NARROW = 920, 340
ENDS = (BLANK, LEFT, ENOUGH, STRONG)
_NAME, _BEFORE, _BAR, _AFTER = 20, 372, 446, 590
_COLUMN = 80


def risk_matrix(document: Document, form: Form, language: str = "ja", prefix: str = "risks") -> Picture:
    """The chart of every risk the form asks about.

    :param prefix: beginning of the element ids, so that several pictures can share a page.
    :returns: an empty picture when the form has no such items.
    """
    say = words(language)
    found = risks_of(document, form)
    columns = tuple(
        say[f"risk.head.{name}"] for name in ("place", "risk", "file", "before", "measures", "after")
    )
    if not found:
        return Picture("", say["risk.title"], say["risk.nothing"], columns, ())
    names = file_names(document, form, say)
    rows = tuple(_row(one, names, say) for one in found)
    about = _about(found, names, rows, say)
    return Picture(
        _wide(found, names, say, about, prefix),
        say["risk.title"],
        about,
        columns,
        rows,
        _narrow(found, names, say, about, f"{prefix}-narrow"),
    )


def _row(one: Risk, names: Mapping[str, str], say: Mapping[str, str]) -> tuple[str, ...]:
    return (
        one.place,
        one.name,
        names.get(one.file or "", say["file.one"]),
        say["risk.before.none" if one.after == NONE else "risk.before.there"],
        _measures(one, say),
        "－" if one.after == NONE else say[f"risk.after.{one.after}"],
    )


def _measures(one: Risk, say: Mapping[str, str]) -> str:
    if one.after == NONE or not one.wanted:
        return "－"
    told = [say["risk.measures"].format(wanted=one.wanted, written=one.written)]
    told += [say["risk.undone"].format(item=item, answer=answer) for item, answer in one.undone]
    return "、".join(told + ([say["risk.accident"]] if one.accident else []))


def _about(
    found: Sequence[Risk], names: Mapping[str, str], rows: Sequence[tuple[str, ...]], say: Mapping[str, str]
) -> str:
    count = Counter(one.after for one in found)
    kinds = {kind: count[kind] for kind in (STRONG, ENOUGH, LEFT, BLANK, NONE)}
    told = [say["risk.about"], say["risk.count"].format(total=len(found), **kinds)]
    if len(names) > 1:
        told += [
            say["risk.file"].format(number=numbered(n), name=name) for n, name in enumerate(names.values())
        ]
    told += [
        say["risk.row"].format(place=r[0], risk=r[1], file=r[2], before=r[3], measures=r[4], after=r[5])
        for r, one in zip(rows, found, strict=True)
        if one.after in (LEFT, BLANK)
    ]
    return " ".join(told)


def _lines(group: Sequence[Risk], order: Sequence[str]) -> list[tuple[str, Risk]]:
    """One line for files that say the same, with their numbers; no number where there is one file only."""
    merged: dict[tuple[object, ...], list[Risk]] = {}
    for one in group:
        merged.setdefault((one.written, one.wanted, one.undone, one.after, one.accident), []).append(one)
    several = len(order) > 1 and group[0].file is not None
    return [
        ("".join(numbered(order.index(o.file)) for o in same if o.file in order) if several else "", same[0])
        for same in merged.values()
    ]


def _wide(
    found: Sequence[Risk], names: Mapping[str, str], say: Mapping[str, str], about: str, ident: str
) -> str:
    parts, y = _summary(found, names, say, 20, WIDE - 40, ident)
    y += 14
    heads = (
        (_NAME, say["risk.head.risk"]),
        (_BEFORE, say["risk.head.before"]),
        (_BAR, say["risk.head.measures"]),
    )
    parts += [svg.text(x, y, word, 14, weight="bold") for x, word in heads]
    parts.append(svg.text(_AFTER + 4, y, say["risk.head.after"], 14, weight="bold"))
    for number, end in enumerate(ENDS):
        label = svg.wrap(say[f"risk.after.{end}"], _COLUMN - 6, 12)
        parts.append(
            svg.text(_AFTER + _COLUMN * (number + 0.5), y + 24, label, 12, anchor="middle", fill=svg.QUIET)
        )
    y += 66
    top = y
    body: list[str] = []
    for stage, group in stages(list(found)):
        body.append(svg.rect(8, y, WIDE - 16, 26, fill=svg.SAND, line=0, radius=4))
        body.append(svg.text(_NAME, y + 4, stage, 14, weight="bold"))
        y += 32
        for _, risks in group:
            drawn, height = _wide_row(risks, list(names), say, y, ident)
            body += drawn
            y += height
        y += 8
    stripes = [
        svg.rect(_AFTER + _COLUMN * n + 2, top, _COLUMN - 4, y - top - 8, fill=colour, line=0)
        for n, colour in enumerate((svg.PAPER, svg.ROSE_SOFT, svg.LAGOON_SOFT, svg.LEAF_SOFT))
    ]
    return svg.drawing(ident, WIDE, y + 4, say["risk.title"], about, [*parts, *stripes, *body], _defs(ident))


def _wide_row(
    risks: Sequence[Risk], order: Sequence[str], say: Mapping[str, str], y: float, ident: str
) -> tuple[list[str], float]:
    first = risks[0]
    name = svg.wrap(first.name, _BEFORE - _NAME - 130, 14)
    lines = _lines(risks, order)
    height = max(len(name) * 20, len(lines) * 26) + 6
    parts = [
        svg.text(_NAME, y + 3, first.place, 12, fill=svg.QUIET),
        svg.text(_NAME + 104, y + 1, name, 14, step=20),
        svg.path(f"M{_NAME} {y + height:.1f}H{WIDE - 20}", stroke=svg.HAIR, line=1),
    ]
    for number, (files, one) in enumerate(lines):
        middle = y + 13 + number * 26
        if one.after == NONE:
            parts.append(
                svg.text(
                    _BEFORE, middle - 9, f"{files} {say['risk.before.none']}".strip(), 13, fill=svg.QUIET
                )
            )
            continue
        parts.append(_start(_BEFORE + 22, middle, files))
        end = _AFTER + _COLUMN * (ENDS.index(one.after) + 0.5)
        parts.append(
            svg.arrow_right(_BEFORE + 33, end - 14, middle, dash="" if one.wanted and one.written else "4 4")
        )
        parts.append(_bar(_BAR, middle, 84, one, ident))
        parts.append(_mark(end, middle, one.after))
        if one.accident:
            parts.append(svg.text(_BAR, middle + 9, say["risk.accident"], 11, fill=svg.ROSE, weight="bold"))
            height = max(height, 13 + number * 26 + 32)
    return parts, height


def _narrow(
    found: Sequence[Risk], names: Mapping[str, str], say: Mapping[str, str], about: str, ident: str
) -> str:
    parts, y = _summary(found, names, say, 8, NARROW - 16, ident)
    y += 10
    for stage, group in stages(list(found)):
        title = svg.wrap(stage, NARROW - 28, 15)
        parts.append(svg.rect(0, y, NARROW, 10 + 20 * len(title), fill=svg.SAND, line=0))
        parts.append(svg.text(8, y + 4, title, 15, weight="bold", step=20))
        y += 18 + 20 * len(title)
        for _, risks in group:
            name = svg.wrap(risks[0].name, NARROW - 16, 15)
            parts.append(svg.text(8, y, risks[0].place, 12, fill=svg.QUIET))
            parts.append(svg.text(8, y + 17, name, 15, step=21))
            y += 20 + 21 * len(name)
            for files, one in _lines(risks, list(names)):
                parts += _narrow_line(files, one, say, y, ident)
                y += 42 if one.accident else 28
            parts.append(svg.path(f"M8 {y:.1f}H{NARROW - 8}", stroke=svg.HAIR, line=1))
            y += 8
    return svg.drawing(ident, NARROW, y, say["risk.title"], about, parts, _defs(ident))


def _narrow_line(files: str, one: Risk, say: Mapping[str, str], y: float, ident: str) -> list[str]:
    middle = y + 13
    if one.after == NONE:
        return [svg.text(8, y + 4, f"{files} {say['risk.before.none']}".strip(), 13, fill=svg.QUIET)]
    parts = [
        _start(40, middle, files),
        svg.arrow_right(52, 164, middle, dash="" if one.wanted and one.written else "4 4"),
        _bar(62, middle, 58, one, ident),
        _mark(178, middle, one.after),
        svg.text(196, y + 4, say[f"risk.after.{one.after}"], 13),
    ]
    if one.accident:
        parts.append(svg.text(62, y + 23, say["risk.accident"], 12, fill=svg.ROSE, weight="bold"))
    return parts


def _summary(
    found: Sequence[Risk],
    names: Mapping[str, str],
    say: Mapping[str, str],
    x: float,
    width: float,
    ident: str,
) -> tuple[list[str], float]:
    """A bar of all risks by what the body says after measures, with its key, and the names of the files."""
    count = Counter(one.after for one in found)
    order = [kind for kind in (LEFT, BLANK, ENOUGH, STRONG, NONE) if count[kind]]
    parts, left, y = [], x, 12.0
    for kind in order:
        share = width * count[kind] / len(found)
        parts.append(svg.rect(left, y, share, 26, fill=_fill(kind, ident), stroke=svg.INK, line=1))
        if share > 20:
            parts.append(svg.rect(left + share / 2 - 13, y + 4, 26, 18, line=0, radius=3))
            parts.append(
                svg.text(left + share / 2, y + 4, str(count[kind]), 13, anchor="middle", weight="bold")
            )
        left += share
    y += 36
    at = x
    for kind in order:
        label = say["risk.before.none" if kind == NONE else f"risk.after.{kind}"] + f" {count[kind]}"
        room = svg.width_of(label, 13) + 34
        if at > x and at + room > x + width:
            at, y = x, y + 24
        parts.append(_mark(at + 10, y + 10, kind))
        parts.append(svg.text(at + 24, y + 1, label, 13))
        at += room + 10
    y += 26
    if len(names) > 1:
        for number, name in enumerate(names.values()):
            lines = svg.wrap(f"{numbered(number)} {name}", width, 13)
            parts.append(svg.text(x, y, lines, 13, fill=svg.QUIET))
            y += 19 * len(lines)
    return parts, y


def _fill(kind: str, ident: str) -> str:
    if kind == LEFT:
        return f"url(#{ident}-left)"
    if kind == NONE:
        return svg.HAIR
    return {STRONG: svg.LAGOON, ENOUGH: svg.LAGOON_SOFT, BLANK: svg.PAPER}[kind]


def _defs(ident: str) -> str:
    return svg.hatch(f"{ident}-left", svg.ROSE, svg.ROSE_SOFT)


def _start(x: float, y: float, files: str) -> str:
    """Where a risk stands before measures: a hollow disc, with the numbers of the files it is about."""
    mark = svg.circle(x, y, 8, line=2)
    return mark + (svg.text(x - 11, y - 8, files, 12, anchor="end", fill=svg.QUIET) if files else "")


def _bar(x: float, y: float, width: float, one: Risk, ident: str) -> str:
    """The measures the form asks for: written ones dark, those answered with 「いない」 hatched, missing ones empty."""
    if not one.wanted:
        return ""
    each = width / one.wanted
    parts = [svg.rect(x - 3, y - 9, width + 6 + 34, 18, line=0)]
    for number in range(one.wanted):
        done, undone = number < one.written, number < one.written + len(one.undone)
        fill = svg.LAGOON if done else (f"url(#{ident}-left)" if undone else svg.PAPER)
        parts.append(svg.rect(x + each * number, y - 5, each, 10, fill=fill, stroke=svg.INK, line=0.75))
    parts.append(svg.text(x + width + 5, y - 8, f"{one.written}/{one.wanted}", 12))
    return "".join(parts)


def _mark(x: float, y: float, kind: str) -> str:
    """Ends differ by shape: a filled disc, a disc with a dot, a triangle with a stroke, a broken ring, a bar."""
    if kind == STRONG:
        return svg.circle(x, y, 8.5, fill=svg.LAGOON) + svg.path(
            f"M{x - 4:.1f} {y:.1f}l3 3.5l5 -7", stroke=svg.PAPER, line=2
        )
    if kind == ENOUGH:
        return svg.circle(x, y, 8.5, line=2, stroke=svg.LAGOON) + svg.circle(
            x, y, 3.5, fill=svg.LAGOON, line=0
        )
    if kind == LEFT:
        outline = f"M{x:.1f} {y - 10:.1f}l10.5 18.5h-21z"
        stroke = svg.path(f"M{x:.1f} {y - 3.5:.1f}v5M{x:.1f} {y + 4:.1f}v2.2", stroke=svg.PAPER, line=2.2)
        return svg.path(outline, fill=svg.ROSE, stroke=svg.ROSE) + stroke
    if kind == BLANK:
        return svg.path(
            f"M{x - 8.5:.1f} {y:.1f}a8.5 8.5 0 1 1 17 0a8.5 8.5 0 1 1 -17 0",
            dash="3 3",
            stroke=svg.INK,
            fill=svg.PAPER,
        )
    return svg.path(f"M{x - 7:.1f} {y:.1f}h14", stroke=svg.QUIET, line=3)
