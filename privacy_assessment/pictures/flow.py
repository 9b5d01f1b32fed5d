"""The drawing of 別添1: where the information comes from, where it lies and is used, and where it goes.

Everything is taken from the statement's own fields; a table of flows (別添1) adds the numbered steps, drawn as arrows between lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privacy_assessment.forms import Document, Form, Place
from privacy_assessment.forms.document import row_sets
from privacy_assessment.pictures import svg
from privacy_assessment.pictures.files import file_names, numbered
from privacy_assessment.pictures.flow_steps import Flow, draw_steps, flows_in, list_steps
from privacy_assessment.pictures.partners import (
    ENTRUST,
    OWN,
    PROVIDE,
    SOURCE,
    SUB,
    TRANSFER,
    Partner,
    can_tell,
    partners,
)
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.words import words

WIDE, NARROW = 920, 340
_SIDE, _GAP = 262, 50
_CENTRE = WIDE - 2 * _SIDE - 2 * _GAP - 20


@dataclass(frozen=True, slots=True)
class _Box:
    """One group of names with its heading."""

    title: str
    names: tuple[str, ...]
    fill: str

    def lines(self, width: float) -> list[list[str]]:
        return [svg.wrap(name, width - 34, 14, most=4) for name in self.names]

    def height(self, width: float) -> float:
        return 38 + sum(20 * len(lines) + 8 for lines in self.lines(width)) + 4

    def draw(self, x: float, y: float, width: float) -> str:
        parts = [
            svg.rect(x, y, width, self.height(width), fill=self.fill, stroke=svg.INK, line=1.4, radius=8),
            svg.text(x + 12, y + 8, self.title, 14.5, weight="bold"),
        ]
        at = y + 36
        for lines in self.lines(width):
            parts.append(svg.rect(x + 8, at - 2, width - 16, 20 * len(lines) + 4, line=0.8, radius=4))
            parts.append(svg.text(x + 16, at - 1, lines, 14, step=20))
            at += 20 * len(lines) + 8
        return "".join(parts)


def flow(
    document: Document,
    form: Form,
    language: str = "ja",
    flows: Sequence[Flow] | None = None,
    prefix: str = "flow",
) -> Picture:
    """The flow of a statement.

    :param flows: the steps of 別添1; when left out they are those of its table, or of its note (「①住民→市民税課：申告書」).
    :returns: an empty picture when the form has no such fields.
    """
    say = words(language)
    heads = tuple(say[f"flow.head.{one}"] for one in ("no", "from", "to", "what", "how"))
    if not can_tell(form):
        return Picture("", say["flow.title"], say["flow.nothing"], heads, ())
    steps = list(flows) if flows is not None else steps_of(document, form)
    found = partners(document, form)
    rows = _rows(document, form, found, steps, say)
    told = [say["flow.row"].format(source=r[1], target=r[2], what=r[3]) for r in rows]
    about = " ".join([say["flow.about"], *told])
    boxes = _boxes(document, form, found, say)
    return Picture(
        _wide(boxes, steps, say, about, prefix),
        say["flow.title"],
        about,
        heads,
        rows,
        _narrow(boxes, steps, say, about, f"{prefix}-narrow"),
    )


def steps_of(document: Document, form: Form) -> list[Flow]:
    """The steps of 別添1: the rows of its table of flows, or what its note says in the same order."""
    table = next((item.key for item in form.all_items if item.key.endswith(".flow")), "")
    cells = [
        [
            str(document.get(Place(f"{table}.{one}", (row,))) or "").strip()
            for one in ("from", "to", "what", "how")
        ]
        for row in document.rows_of(table)
    ]
    steps = [
        Flow(source or "？", target or "？", what, numbered(number), how)
        for number, (source, target, what, how) in enumerate(cells)
        if source or target or what
    ]
    note = document.get("f4.a1.note")
    return steps or flows_in(note if isinstance(note, str) else "")


def _rows(
    document: Document, form: Form, found: Sequence[Partner], steps: Sequence[Flow], say: Mapping[str, str]
) -> tuple[tuple[str, ...], ...]:
    body = str(document.get("c.body") or say["flow.centre"])
    rows = [(step.number, step.source, step.target, step.what, step.note or "－") for step in steps]
    for one in found:
        ways = "、".join(one.ways) or "－"
        name = one.name or say["unnamed"]
        what = one.text or ("、".join(one.kinds) if one.role == OWN else say["flow.files"])
        if one.role == SOURCE:
            rows.append(("－", name, body, say["flow.files"], ways))
        elif one.role != OWN:
            rows.append(("－", body, f"{name}（{say[f'role.{one.role}']}）", what, ways))
    return tuple(rows)


def _boxes(
    document: Document, form: Form, found: Sequence[Partner], say: Mapping[str, str]
) -> dict[str, _Box]:
    files = file_names(document, form, say)
    order = list(files)
    entrusted_on = {one.name or say["unnamed"] for one in found if one.role == SUB}

    def named(*roles: str) -> tuple[str, ...]:
        """Names of a role, each once, with the files it is about when there are several."""
        once: dict[str, list[str]] = {}
        for one in found:
            if one.role in roles:
                label = one.name or say["unnamed"]
                label += f"（{say['flow.sub']}）" if label in entrusted_on and one.role == ENTRUST else ""
                once.setdefault(label, []).extend(row for row in one.rows if row not in once.get(label, []))
        marks = len(order) > 1
        return tuple(
            "".join(numbered(order.index(r)) for r in sorted(rows, key=order.index)) * marks
            + (" " * marks)
            + name
            for name, rows in once.items()
        )

    empty = (say["flow.none"],)
    several = len(order) > 1
    names = tuple(f"{numbered(n)} {name}" if several else name for n, name in enumerate(files.values()))
    return {
        "source": _Box(say["flow.sources"], named(SOURCE) or (say["flow.blank"],), svg.SAND),
        "files": _Box(say["flow.files"], names or (say["flow.blank"],), svg.LAGOON_SOFT),
        "systems": _Box(say["flow.systems"], _systems(document, form) or (say["flow.blank"],), svg.PAPER),
        "used": _Box(say["flow.used"], named(OWN) or (say["flow.blank"],), svg.PAPER),
        "entrust": _Box(say["flow.entrusted"], named(ENTRUST) or empty, svg.SAND),
        "provide": _Box(say["flow.provided"], named(PROVIDE) or empty, svg.LEAF_SOFT),
        "transfer": _Box(say["flow.transferred"], named(TRANSFER) or empty, svg.LEAF_SOFT),
    }


def _systems(document: Document, form: Form) -> tuple[str, ...]:
    item = form.by_key.get(f"f{form.id[-1]}.1.2.name")
    if item is None:
        return ()
    values = (document.get(Place(item.key, rows)) for rows in row_sets(document, item))
    return tuple(str(value) for value in values if value)


def _wide(
    boxes: Mapping[str, _Box], steps: Sequence[Flow], say: Mapping[str, str], about: str, ident: str
) -> str:
    x1, x2, x3 = 10.0, 10.0 + _SIDE + _GAP, WIDE - 10.0 - _SIDE
    inner = _CENTRE - 24
    centre = ("files", "systems", "used")
    height = 40 + sum(boxes[one].height(inner) + 12 for one in centre)
    right = boxes["provide"].height(_SIDE) + 16 + boxes["transfer"].height(_SIDE)
    left = boxes["source"].height(_SIDE) + 16 + boxes["entrust"].height(_SIDE)
    tall = max(height, right, left)
    parts = [
        svg.rect(x2, 10, _CENTRE, tall, stroke=svg.INK, line=2.4, radius=10),
        svg.text(x2 + 14, 20, say["flow.centre"], 16, weight="bold"),
    ]
    y = 50.0
    for one in centre:
        parts.append(boxes[one].draw(x2 + 12, y, inner))
        y += boxes[one].height(inner) + 12
    parts.append(boxes["source"].draw(x1, 10, _SIDE))
    parts.append(
        svg.arrow_right(
            x1 + _SIDE + 4, x2 - 4, 10 + boxes["source"].height(_SIDE) / 2, line=3, stroke=svg.INK
        )
    )
    below = 26 + boxes["source"].height(_SIDE)
    parts.append(boxes["entrust"].draw(x1, below, _SIDE))
    parts.append(
        svg.arrow_right(
            x2 - 4, x1 + _SIDE + 4, below + boxes["entrust"].height(_SIDE) / 2, line=3, stroke=svg.INK
        )
    )
    y = 10.0
    for one in ("provide", "transfer"):
        parts.append(boxes[one].draw(x3, y, _SIDE))
        middle = y + boxes[one].height(_SIDE) / 2
        parts.append(svg.arrow_right(x2 + _CENTRE + 4, x3 - 4, middle, line=3, stroke=svg.INK))
        y += boxes[one].height(_SIDE) + 16
    y = tall + 30
    if steps:
        drawn, y = draw_steps(steps, say, WIDE, y)
        parts += drawn
    return svg.drawing(ident, WIDE, y, say["flow.title"], about, parts)


def _narrow(
    boxes: Mapping[str, _Box], steps: Sequence[Flow], say: Mapping[str, str], about: str, ident: str
) -> str:
    width, x = NARROW - 8.0, 4.0
    parts = [boxes["source"].draw(x, 4, width)]
    y = 4 + boxes["source"].height(width)
    parts.append(svg.arrow_down(NARROW / 2, y + 4, y + 34, line=3, stroke=svg.INK))
    y += 38
    inner = width - 20
    height = 40 + sum(boxes[one].height(inner) + 10 for one in ("files", "systems", "used"))
    parts.append(svg.rect(x, y, width, height, stroke=svg.INK, line=2.4, radius=10))
    parts.append(svg.text(x + 12, y + 9, say["flow.centre"], 16, weight="bold"))
    at = y + 38
    for one in ("files", "systems", "used"):
        parts.append(boxes[one].draw(x + 10, at, inner))
        at += boxes[one].height(inner) + 10
    y += height
    # A rail from the centre with a branch to each group: a chain of arrows would say that one group passes it to the next.
    rail, top = 18.0, y
    inset, slim = x + 44, width - 44
    y += 16
    for one in ("entrust", "provide", "transfer"):
        parts.append(boxes[one].draw(inset, y, slim))
        parts.append(svg.arrow_right(rail, inset - 3, y + 22, line=3, stroke=svg.INK))
        end = y + 22
        y += boxes[one].height(slim) + 14
    parts.append(svg.path(f"M{rail} {top:.1f}V{end:.1f}", line=3, stroke=svg.INK))
    if steps:
        drawn, y = list_steps(steps, say, NARROW, y)
        parts += drawn
    return svg.drawing(ident, NARROW, y, say["flow.title"], about, parts)
