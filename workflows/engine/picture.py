"""A definition as a picture everybody can read: SVG with a title and a description in words, made without any drawing library.

Only presentation attributes are used, so it passes a content security policy that allows no inline style or script. Where the case
stands is told by a double frame, a pointer and the words 「いまここ」, not by colour alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from workflows.engine.definition import Definition
from workflows.engine.layout import Drawing, Node, Way, lay_out

FONT = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Meiryo, sans-serif"
STATE_SIZE, LABEL_SIZE = 16, 13
MARGIN = 16
INK, LINE, PAPER, MARKED, END = "#1a1a1c", "#595959", "#ffffff", "#e8f1fe", "#f2f2f2"
BLUE = "#0017c1"
WORDS = {
    "ja": {
        "here": "▶ いまここ",
        "end": "（終わり）",
        "title": "{label}の流れ",
        "now": "いまの状態は「{state}」です。",
        "way": "「{source}」から「{target}」へ: {names}。",
        "stay": "「{source}」のまま: {names}。",
        "start": "始まりは「{state}」です。",
        "join": "、",
    },
    "en": {
        "here": "▶ Now here",
        "end": "(end)",
        "title": "How “{label}” goes",
        "now": "It now stands at “{state}”.",
        "way": "From “{source}” to “{target}”: {names}.",
        "stay": "Stays at “{source}”: {names}.",
        "start": "It begins at “{state}”.",
        "join": ", ",
    },
}


def draw(
    definition: Definition, current: str | None = None, language: str = "ja", prefix: str | None = None
) -> str:
    """The picture of a definition.

    :param current: the state to mark, if any.
    :param prefix: beginning of the element ids, so that several pictures can share a page.
    :returns: one ``<svg>`` element.
    """
    words = WORDS[language]
    found = drawing(definition, current, language)
    title = words["title"].format(label=definition.label[language])
    ident = prefix or f"flow-{definition.kind}-{definition.version}"
    width, height = found.width + 2 * MARGIN, found.height + 2 * MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{ident}-title {ident}-desc"'
            f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" font-family="{FONT}">'
        ),
        f'<title id="{ident}-title">{escape(title)}</title>',
        f'<desc id="{ident}-desc">{escape(describe(definition, current, language))}</desc>',
        (
            f'<defs><marker id="{ident}-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
            f' orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="{LINE}"/></marker></defs>'
        ),
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>',
        f'<g transform="translate({MARGIN} {MARGIN})">',
        *(_line(way, f"{ident}-tip") for way in found.ways),
        *(
            _label(found.labels[way.label], _names_between(definition, way.source, way.target, language))
            for way in found.ways
        ),
        *(_state(definition, node, name == current, language) for name, node in found.states.items()),
        "</g></svg>",
    ]
    return "".join(parts)


def describe(definition: Definition, current: str | None = None, language: str = "ja") -> str:
    """The same facts in words, for those who do not see the picture and for the table below it."""
    words = WORDS[language]
    label = {name: state.label[language] for name, state in definition.states.items()}
    told = [words["start"].format(state=label[definition.initial])]
    if current is not None:
        told.append(words["now"].format(state=label[current]))
    for source, target in _pairs(definition):
        names = words["join"].join(_names_between(definition, source, target, language))
        pattern = words["stay" if source == target else "way"]
        told.append(pattern.format(source=label[source], target=label[target], names=names))
    return ("" if language == "ja" else " ").join(told)


def _pairs(definition: Definition) -> list[tuple[str, str]]:
    """Every pair of states some trigger joins, once, in the order of the states."""
    found = {(move.source, move.to) for trigger in definition.triggers.values() for move in trigger.moves}
    order = list(definition.states)
    return sorted(found, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))


def _names_between(definition: Definition, source: str, target: str, language: str) -> list[str]:
    return [
        trigger.label[language]
        for trigger in definition.triggers.values()
        if any((move.source, move.to) == (source, target) for move in trigger.moves)
    ]


def drawing(definition: Definition, current: str | None, language: str) -> Drawing:
    """Where everything of a definition's picture lies."""
    states = {}
    for name in definition.states:
        lines = _state_lines(definition, name, name == current, language)
        states[name] = Node(name, max(_width(text, size) for text, size in lines) + 36, 22 * len(lines) + 18)
    labels, ways = {}, []
    for source, target in _pairs(definition):
        if source == target:
            continue
        names = _names_between(definition, source, target, language)
        key = f"{source}>{target}"
        labels[key] = Node(key, max(_width(text, LABEL_SIZE) for text in names) + 12, 18 * len(names) + 6)
        ways.append(Way(source, target, key))
    return lay_out(definition.initial, states, labels, ways)


def _state_lines(definition: Definition, name: str, marked: bool, language: str) -> list[tuple[str, int]]:
    state, words = definition.states[name], WORDS[language]
    lines = [(words["here"], LABEL_SIZE)] if marked else []
    lines.append((state.label[language] + (words["end"] if state.final else ""), STATE_SIZE))
    # A trigger that leaves the case where it is becomes a line in the box: a loop would only be in the way.
    lines += [(f"↻ {text}", LABEL_SIZE) for text in _names_between(definition, name, name, language)]
    return lines


def _state(definition: Definition, node: Node, marked: bool, language: str) -> str:
    state = definition.states[node.name]
    x, y = node.x - node.width / 2, node.y
    radius = node.height / 2 if state.kind == "initial" else (2 if state.final else 10)
    fill = MARKED if marked else (END if state.final else PAPER)
    frame = _rect(x, y, node.width, node.height, radius, fill, BLUE if marked else INK, 3 if marked else 1.5)
    if marked or state.final:
        inner = max(radius - 4, 1)
        frame += _rect(
            x + 5, y + 5, node.width - 10, node.height - 10, inner, "none", BLUE if marked else INK, 1
        )
    lines = _state_lines(definition, node.name, marked, language)
    return frame + _text(node.x, y + (node.height - 22 * len(lines)) / 2, lines, 22)


def _label(node: Node, names: Iterable[str]) -> str:
    x = node.x - node.width / 2
    box = _rect(x, node.y, node.width, node.height, 3, PAPER, "none", 0)
    return box + _text(node.x, node.y + 3, [(name, LABEL_SIZE) for name in names], 18)


def _line(way: Way, tip: str) -> str:
    """A smooth line through the middles of what it passes, from edge to edge."""
    first, last = way.nodes[0], way.nodes[-1]
    points = [(way.leave_x, _edge(first, way.nodes[1]))]
    points += [(node.x, node.y + node.height / 2) for node in way.nodes[1:-1]]
    points.append((way.arrive_x, _edge(last, way.nodes[-2])))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        bend = (y1 + y2) / 2
        path += f"C{x1:.1f} {bend:.1f} {x2:.1f} {bend:.1f} {x2:.1f} {y2:.1f}"
    return f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#{tip})"/>'


def _edge(box: Node, near: Node) -> float:
    """The height of the edge of a box that looks towards a neighbour."""
    return box.y + (box.height if near.layer > box.layer else 0)


def _rect(
    x: float, y: float, width: float, height: float, radius: float, fill: str, stroke: str, line: float
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}" fill="{fill}"'
        f" stroke={quoteattr(stroke)} stroke-width={quoteattr(f'{line:g}')}/>"
    )


def _text(x: float, y: float, lines: Iterable[tuple[str, int]], step: int) -> str:
    rows = enumerate(lines)
    return "".join(
        f'<text x="{x:.1f}" y="{y + step * number + step * 0.72:.1f}" font-size="{size}" text-anchor="middle"'
        f' fill="{INK}">{escape(text)}</text>'
        for number, (text, size) in rows
    )


def _width(text: str, size: int) -> float:
    """How wide a text is drawn, in units of the picture: full-width characters are one em, others a little over half."""
    ems = sum(1.0 if east_asian_width(letter) in "WFA" else 0.6 for letter in text)
    return ems * size
