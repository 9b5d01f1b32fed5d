"""Who gets what: everybody information goes to, against the kinds of information the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from privacy_assessment.forms import Document, Form
from privacy_assessment.pictures import svg
from privacy_assessment.pictures.files import file_names, numbered
from privacy_assessment.pictures.partners import (
    ENTRUST,
    NAMED,
    PROVIDE,
    SOURCE,
    SUB,
    TRANSFER,
    WHOLE,
    Partner,
    can_tell,
    kinds_of,
    partners,
)
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.words import words

NARROW = 340
_NAMES, _CELL, _HEAD = 300, 46, 118


def who_gets_what(document: Document, form: Form, language: str = "ja", prefix: str = "who") -> Picture:
    """The grid of recipients and kinds of information.

    :param prefix: beginning of the element ids.
    :returns: an empty picture when the form has no such fields or names nobody.
    """
    say = words(language)
    heads = tuple(say[f"who.head.{one}"] for one in ("role", "who", "file", "kinds", "text", "way"))
    if not can_tell(form):
        return Picture("", say["who.title"], say["who.nothing"], heads, ())
    found = [one for one in partners(document, form) if one.role != SOURCE]
    kinds = kinds_of(document, form)
    names = file_names(document, form, say)
    if not any(one.role != "own" for one in found):
        return Picture("", say["who.title"], say["who.none"], heads, ())
    count = Counter(one.role for one in found)
    counts = {role: count[role] for role in (ENTRUST, SUB, PROVIDE, TRANSFER)}
    about = f"{say['who.about']} {say['who.count'].format(total=sum(counts.values()), **counts)}"
    rows = tuple(_row(one, names, say) for one in found)
    return Picture(
        _wide(found, kinds, names, say, about, prefix),
        say["who.title"],
        about,
        heads,
        rows,
        _narrow(found, names, say, about, f"{prefix}-narrow"),
    )


def _row(one: Partner, names: Mapping[str, str], say: Mapping[str, str]) -> tuple[str, ...]:
    return (
        say[f"role.{one.role}"],
        one.name or say["unnamed"],
        "、".join(names.get(row, say["unnamed"]) for row in one.rows),
        _kinds(one, say),
        one.text or "－",
        "、".join(one.ways) or "－",
    )


def _kinds(one: Partner, say: Mapping[str, str]) -> str:
    if one.extent:
        head = say["who.whole" if one.extent == WHOLE else "who.part"]
        return f"{head}（{'、'.join(one.kinds)}）" if one.extent == WHOLE else head
    return "、".join(f"● {kind}" for kind in one.kinds) or say["who.textonly"]


def _files(one: Partner, names: Mapping[str, str]) -> str:
    order = list(names)
    return "".join(numbered(order.index(row)) for row in one.rows if row in order) if len(order) > 1 else ""


def _grouped(found: Sequence[Partner]) -> dict[str, list[Partner]]:
    groups: dict[str, list[Partner]] = {}
    for one in found:
        groups.setdefault(one.role, []).append(one)
    return groups


def _wide(
    found: Sequence[Partner],
    kinds: Sequence[str],
    names: Mapping[str, str],
    say: Mapping[str, str],
    about: str,
    ident: str,
) -> str:
    width = max(_NAMES + _CELL * len(kinds) + 30, 560)
    parts, head = _key(names, say, 16, width - 32, 10)
    top: float = head + _HEAD
    for number, kind in enumerate(kinds):
        x = _NAMES + _CELL * number
        # Headings stand upright, one column of characters each, as Japanese is written downwards.
        parts.append(_upright(x + _CELL / 2, top - 8, kind))
    body: list[str] = []
    y = top
    for role, group in _grouped(found).items():
        body.append(svg.rect(8, y, width - 16, 26, fill=svg.SAND, line=0, radius=4))
        body.append(svg.text(16, y + 4, f"{say[f'role.{role}']} {len(group)}", 14, weight="bold"))
        y += 30
        for one in group:
            lines = svg.wrap(
                f"{_files(one, names)} {one.name or say['unnamed']}".strip(), _NAMES - 30, 14, most=3
            )
            height: float = max(20 * len(lines) + 8, 30)
            body.append(svg.text(16, y + 3, lines, 14, step=20))
            for number, kind in enumerate(kinds):
                middle = _NAMES + _CELL * number + _CELL / 2
                body.append(_cell(middle, y + height / 2, one.kinds.get(kind, "")))
            if not one.kinds and kinds:
                body.append(
                    svg.text(_NAMES + 8, y + height / 2 - 10, say["who.textonly"], 13, fill=svg.QUIET)
                )
            body.append(svg.path(f"M16 {y + height:.1f}H{width - 16}", stroke=svg.HAIR, line=1))
            y += height
        y += 8
    lines = [
        svg.path(f"M{_NAMES + _CELL * n} {top - _HEAD + 4}V{y - 8}", stroke=svg.HAIR, line=1)
        for n in range(len(kinds) + 1)
    ]
    return svg.drawing(ident, width, y, say["who.title"], about, [*parts, *lines, *body])


def _upright(x: float, bottom: float, kind: str) -> str:
    """A heading read from top to bottom in up to two columns; longer ones are cut, the table has them whole."""
    short = kind.split("(")[0].split("（")[0]
    letters = svg.clusters(short)
    half = (len(letters) + 1) // 2
    columns = [letters[:half][:9], letters[half:][:9]] if len(letters) > 8 else [letters]
    parts = []
    for number, column in enumerate(columns):
        at = x + (7.5 if len(columns) > 1 and number == 0 else (-7.5 if number else 0))
        first = bottom - 13.5 * max(len(one) for one in columns)
        for place, letter in enumerate(column):
            # A bar drawn out between kana stands upright when written downwards.
            parts.append(
                svg.text(
                    at, first + place * 13.5 - 2, "｜" if letter == "ー" else letter, 12.5, anchor="middle"
                )
            )
    return "".join(parts)


def _cell(x: float, y: float, how: str) -> str:
    if how == NAMED:
        return svg.circle(x, y, 7, fill=svg.LAGOON)
    if how == WHOLE:
        return svg.circle(x, y, 8, stroke=svg.LAGOON, line=2) + svg.circle(x, y, 4, fill=svg.LAGOON, line=0)
    if how:
        return svg.path(f"M{x:.1f} {y - 8:.1f}l9 15h-18z", stroke=svg.INK, line=1.6, fill=svg.PAPER)
    return ""


def _key(
    names: Mapping[str, str], say: Mapping[str, str], x: float, width: float, y: float
) -> tuple[list[str], float]:
    """What the marks mean, and the numbers of the files."""
    parts: list[str] = []
    lines = svg.wrap(
        say["who.about"].split("。", 1)[1] if "。" in say["who.about"] else say["who.about"], width, 13
    )
    parts.append(svg.text(x, y, lines, 13, fill=svg.QUIET))
    y += 18.5 * len(lines)
    if len(names) > 1:
        for number, name in enumerate(names.values()):
            lines = svg.wrap(f"{numbered(number)} {name}", width, 13)
            parts.append(svg.text(x, y, lines, 13, fill=svg.QUIET))
            y += 18.5 * len(lines)
    return parts, y + 8


def _narrow(
    found: Sequence[Partner], names: Mapping[str, str], say: Mapping[str, str], about: str, ident: str
) -> str:
    parts, y = _key(names, say, 8, NARROW - 16, 8)
    for role, group in _grouped(found).items():
        parts.append(svg.rect(0, y, NARROW, 30, fill=svg.SAND, line=0))
        parts.append(svg.text(8, y + 5, f"{say[f'role.{role}']} {len(group)}", 15, weight="bold"))
        y += 38
        for one in group:
            lines = svg.wrap(f"{_files(one, names)} {one.name or say['unnamed']}".strip(), NARROW - 16, 15)
            parts.append(svg.text(8, y, lines, 15, weight="bold", step=21))
            y += 21 * len(lines) + 2
            if not one.kinds:
                parts.append(svg.text(26, y, say["who.textonly"], 13, fill=svg.QUIET))
                y += 20
            shown = {_kinds(one, say).split("（")[0][2:]: one.extent} if one.extent else one.kinds
            for kind, how in shown.items():
                told = svg.wrap(kind, NARROW - 44, 13)
                parts += [_cell(16, y + 9, how), svg.text(32, y, told, 13)]
                y += 18.5 * len(told) + 2
            parts.append(svg.path(f"M8 {y + 4:.1f}H{NARROW - 8}", stroke=svg.HAIR, line=1))
            y += 12
    return svg.drawing(ident, NARROW, y, say["who.title"], about, parts)
