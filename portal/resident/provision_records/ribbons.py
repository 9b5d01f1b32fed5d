"""Layout of the flow picture: blocks on two sides, as high as their share, and a ribbon for each pair.

Only numbers come out of here; the template turns them into SVG with presentation attributes, which a strict content
security policy allows. The same numbers stand in the table below the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.resident.provision_records.summaries import Flow

MAX_BODIES = 8
OTHERS = ""
"""Code of the block that stands for all further bodies of a side."""

HEIGHT = 360.0
EACH = 90.0
GAP = 14.0
MIN_BLOCK = 26.0
LEFT, RIGHT = 250.0, 510.0
LINE = 11


@dataclass(frozen=True)
class Block:
    """One body on one side. ``lines`` is its name broken for the picture."""

    code: str
    lines: tuple[str, ...]
    count: int
    y: float
    height: float


@dataclass(frozen=True)
class Ribbon:
    """The path between two blocks and how many exchanges it stands for."""

    path: str
    count: int
    holder: str
    asker: str


@dataclass(frozen=True)
class Picture:
    """Everything the template draws."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]
    ribbons: tuple[Ribbon, ...]
    height: float
    total: int


def draw(flows: Sequence[Flow], others: str) -> Picture | None:
    """Lay the picture out; None when nothing was given in the period.

    :param flows: pairs with their counts, each above zero.
    :param others: the word for further bodies.
    """
    total = sum(flow.count for flow in flows)
    if total == 0:
        return None
    names = {flow.holder_code: flow.holder for flow in flows} | {
        flow.asker_code: flow.asker for flow in flows
    }
    names[OTHERS] = others
    holders = _largest((flow.holder_code, flow.count) for flow in flows)
    askers = _largest((flow.asker_code, flow.count) for flow in flows)
    pairs: dict[tuple[str, str], int] = {}
    for flow in flows:
        pair = (
            flow.holder_code if flow.holder_code in holders else OTHERS,
            flow.asker_code if flow.asker_code in askers else OTHERS,
        )
        pairs[pair] = pairs.get(pair, 0) + flow.count
    tall = min(HEIGHT, EACH * max(len(holders), len(askers)))
    left, right = _column(holders, names, total, tall), _column(askers, names, total, tall)
    height = max(column[-1].y + column[-1].height for column in (left, right))
    return Picture(left, right, _ribbons(pairs, left, right, names), height, total)


def _largest(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Bodies of one side with their counts, largest first, the rest as one."""
    sums: dict[str, int] = {}
    for code, count in counts:
        sums[code] = sums.get(code, 0) + count
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ordered[:MAX_BODIES])
    rest = sum(count for _, count in ordered[MAX_BODIES:])
    return kept | ({OTHERS: rest} if rest else {})


def _column(bodies: dict[str, int], names: dict[str, str], total: int, tall: float) -> tuple[Block, ...]:
    """Blocks below each other; a small share still gets room for its label."""
    blocks, y = [], 0.0
    for code, count in bodies.items():
        height = max(tall * count / total, MIN_BLOCK)
        blocks.append(Block(code, broken(names[code]), count, round(y, 1), round(height, 1)))
        y += height + GAP
    return tuple(blocks)


def broken(name: str) -> tuple[str, ...]:
    """A name in lines of at most eleven characters, two lines at most; never inside a variation sequence."""
    clusters: list[str] = []
    for character in name:
        if clusters and ("\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"):
            clusters[-1] += character
        else:
            clusters.append(character)
    if len(clusters) <= LINE:
        return ("".join(clusters),)
    second = clusters[LINE:]
    tail = second if len(second) <= LINE else [*second[: LINE - 1], "…"]
    return ("".join(clusters[:LINE]), "".join(tail))


def _ribbons(
    pairs: dict[tuple[str, str], int], left: Sequence[Block], right: Sequence[Block], names: dict[str, str]
) -> tuple[Ribbon, ...]:
    """A ribbon for each pair, stacked within its blocks in the order of the other side."""
    used_left = {block.code: 0.0 for block in left}
    used_right = {block.code: 0.0 for block in right}
    found = []
    for start in left:
        for end in right:
            count = pairs.get((start.code, end.code), 0)
            if not count:
                continue
            out_height, in_height = start.height * count / start.count, end.height * count / end.count
            y1, y2 = start.y + used_left[start.code], end.y + used_right[end.code]
            used_left[start.code] += out_height
            used_right[end.code] += in_height
            middle = (LEFT + RIGHT) / 2
            path = (
                f"M{LEFT:g},{y1:.1f} C{middle:g},{y1:.1f} {middle:g},{y2:.1f} {RIGHT:g},{y2:.1f}"
                f" V{y2 + in_height:.1f} C{middle:g},{y2 + in_height:.1f} {middle:g},{y1 + out_height:.1f} {LEFT:g},{y1 + out_height:.1f} Z"
            )
            found.append(Ribbon(path, count, names[start.code], names[end.code]))
    return tuple(found)
