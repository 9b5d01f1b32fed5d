"""Where the boxes and lines of a picture go: layers from top to bottom, no library, the same result every time.

Every way from one state to another gets a small box of its own for its words, half-way between two layers of states; a way over
several layers passes each of them in a lane of its own. So no words ever lie on a line or on each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

GAP_X = 24
GAP_Y = 30
SWEEPS = 6


@dataclass
class Node:
    """Something that takes room in a layer: a state, the words of a way, or a lane (width 0).

    ``x`` is its middle, ``y`` its upper edge.
    """

    name: str
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0


@dataclass
class Way:
    """A way between two states: the nodes its line passes, and where along the edge of a box it leaves and arrives."""

    source: str
    target: str
    label: str
    nodes: list[Node] = field(default_factory=list)
    leave_x: float = 0.0
    arrive_x: float = 0.0


@dataclass
class Drawing:
    """A finished layout."""

    states: dict[str, Node]
    labels: dict[str, Node]
    ways: list[Way]
    width: float
    height: float


def lay_out(first: str, states: dict[str, Node], labels: dict[str, Node], ways: list[Way]) -> Drawing:
    """Give every node its place.

    :param first: the state to put on top.
    :param states: by name, with their sizes.
    :param labels: the words of the ways, by the way's label.
    :param ways: at most one for each pair of states in each direction.
    """
    rank = _ranks(first, list(states), ways)
    for name, node in states.items():
        node.layer = 2 * rank[name]
    layers: dict[int, list[Node]] = {}
    for node in states.values():
        layers.setdefault(node.layer, []).append(node)
    for way in ways:
        _route(way, states, labels[way.label], layers)
    ordered = [layers.get(level, []) for level in range(max(layers) + 1)]
    _order(ordered, ways)
    width = _place_x(ordered, ways)
    height = _place_y(ordered)
    _place_ends(ways)
    return Drawing(states, labels, ways, width, height)


def _ranks(first: str, names: Sequence[str], ways: Iterable[Way]) -> dict[str, int]:
    """Longest way down from the first state; ways that lead back (found by walking in the written order) do not count."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for way in ways:
        following[way.source].append(way.target)
    forward = _without_back_ways(first, names, following)
    rank = dict.fromkeys(names, 0)
    for _ in names:
        for source, target in forward:
            rank[target] = max(rank[target], rank[source] + 1)
    return rank


def _without_back_ways(
    first: str, names: Sequence[str], following: dict[str, list[str]]
) -> list[tuple[str, str]]:
    forward: list[tuple[str, str]] = []
    done: set[str] = set()
    open_now: set[str] = set()

    def walk(name: str) -> None:
        open_now.add(name)
        for target in following[name]:
            if target in open_now:
                continue
            forward.append((name, target))
            if target not in done:
                walk(target)
        open_now.discard(name)
        done.add(name)

    for name in (first, *names):
        if name not in done:
            walk(name)
    return forward


def _route(way: Way, states: dict[str, Node], label: Node, layers: dict[int, list[Node]]) -> None:
    """Put the words and lanes of a way into the layers it passes; a way back runs through the same layers upwards."""
    top, bottom = sorted((states[way.source].layer, states[way.target].layer))
    if top == bottom:
        bottom = top + 2
    middle = top + 1 if bottom - top <= 2 else (top + bottom) // 2 | 1
    between = []
    for level in range(top + 1, bottom):
        node = label if level == middle else Node(f"{way.label}@{level}", 0, 0)
        node.layer = level
        layers.setdefault(level, []).append(node)
        between.append(node)
    if states[way.source].layer > states[way.target].layer:
        between.reverse()
    way.nodes = [states[way.source], *between, states[way.target]]


def _neighbours(ways: Iterable[Way]) -> dict[int, list[Node]]:
    near: dict[int, list[Node]] = {}
    for way in ways:
        for one, other in zip(way.nodes, way.nodes[1:], strict=False):
            near.setdefault(id(one), []).append(other)
            near.setdefault(id(other), []).append(one)
    return near


def _order(layers: list[list[Node]], ways: Sequence[Way]) -> None:
    """Few crossings: each layer in turn is sorted by the middle of its neighbours' places."""
    near = _neighbours(ways)
    place = {id(node): float(number) for layer in layers for number, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            step = -1 if down else 1

            def middle(node: Node, step: int = step) -> float:
                found = [
                    place[id(other)]
                    for other in near.get(id(node), ())
                    if (other.layer - node.layer) * step > 0
                ]
                return sum(found) / len(found) if found else place[id(node)]

            layer.sort(key=middle)
            for number, node in enumerate(layer):
                place[id(node)] = float(number)


def _place_x(layers: list[list[Node]], ways: Sequence[Way]) -> float:
    """As straight as room allows: nodes are pulled to their neighbours and pushed apart where they would touch."""
    near = _neighbours(ways)
    for layer in layers:
        _push_apart(layer)
    for sweep in range(4 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            for node in layer:
                others = near.get(id(node), ())
                if others:
                    node.x = sum(other.x for other in others) / len(others)
            _push_apart(layer)
    left = min(node.x - node.width / 2 for layer in layers for node in layer)
    for layer in layers:
        for node in layer:
            node.x -= left
    return max(node.x + node.width / 2 for layer in layers for node in layer)


def _push_apart(layer: list[Node]) -> None:
    """Keep the order and the gaps, and move the layer as a whole as little as possible."""
    if not layer:
        return
    wanted = [node.x for node in layer]
    for one, other in itertools.pairwise(layer):
        least = one.x + (one.width + other.width) / 2 + GAP_X
        other.x = max(other.x, least)
    shift = sum(node.x - want for node, want in zip(layer, wanted, strict=True)) / len(layer)
    for node in layer:
        node.x -= shift


def _place_y(layers: list[list[Node]]) -> float:
    y = 0.0
    for layer in layers:
        height = max((node.height for node in layer), default=0.0)
        for node in layer:
            node.y = y + (height - node.height) / 2
        y += height + GAP_Y
    return y - GAP_Y


def _place_ends(ways: Iterable[Way]) -> None:
    """Spread the ends of the lines along the edge they touch, in the order of where they come from."""
    ends: dict[tuple[int, bool], list[tuple[Way, bool]]] = {}
    boxes: dict[tuple[int, bool], Node] = {}
    for way in ways:
        for box, near, leaving in ((way.nodes[0], way.nodes[1], True), (way.nodes[-1], way.nodes[-2], False)):
            edge = (id(box), near.layer > box.layer)
            boxes[edge] = box
            ends.setdefault(edge, []).append((way, leaving))
    for edge, touching in ends.items():
        box = boxes[edge]
        touching.sort(key=lambda end: end[0].nodes[1 if end[1] else -2].x)
        room = min(GAP_X, 0.7 * box.width / len(touching))
        for number, (way, leaving) in enumerate(touching):
            x = box.x + (number - (len(touching) - 1) / 2) * room
            if leaving:
                way.leave_x = x
            else:
                way.arrive_x = x
