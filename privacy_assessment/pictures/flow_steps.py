"""The numbered steps of 別添1 as data: who hands what to whom, in which order. Drawn as arrows between lanes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privacy_assessment.pictures import svg

MOST_LANES = 7
_NUMBERED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_LINE = re.compile(
    r"^\s*([①-⑳]|[((]?\d{1,3}[))]?[.．、]?)\s*(.{1,80}?)\s*(?:→|⇒|->|から)\s*(.{1,80}?)\s*(?:[:：]|へ、?)\s*(.+)$"
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One step: something goes from one party to another.

    :param number: as printed, e.g. ``①``.
    :param note: how or when, if said.
    """

    source: str
    target: str
    what: str
    number: str = ""
    note: str = ""


def flows_in(note: str) -> list[Flow]:
    """The steps written in the note of 別添1, one a line: ``①住民→市民税課：申告書（窓口、郵送）``. Other lines are left alone."""
    found: list[Flow] = []
    for line in note.splitlines():
        match = _LINE.match(line)
        if match:
            what, inside = _note_of(match[4].strip())
            number = match[1] if match[1] in _NUMBERED else _circled(match[1], len(found))
            found.append(Flow(match[2].strip(), match[3].strip(), what, number, inside))
    return found


def written(flows: Sequence[Flow]) -> str:
    """The steps as lines that ``flows_in`` reads back."""
    return "\n".join(
        f"{step.number or _circled('', index)}{step.source}→{step.target}：{step.what}{f'（{step.note}）' if step.note else ''}"
        for index, step in enumerate(flows)
    )


def _note_of(what: str) -> tuple[str, str]:
    found = re.match(r"^(.+?)（([^（）]+)）$", what)
    return (found[1], found[2]) if found else (what, "")


def _circled(text: str, index: int) -> str:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    number = int(digits) if digits else index + 1
    return _NUMBERED[number - 1] if 0 < number <= len(_NUMBERED) else f"({number})"


def draw_steps(
    steps: Sequence[Flow], say: Mapping[str, str], width: float, y: float
) -> tuple[list[str], float]:
    """Lanes for the parties and an arrow for each step; with more parties than fit, a list.

    :returns: what was drawn, and where the next thing may stand.
    """
    parties = list(dict.fromkeys(name for step in steps for name in (step.source, step.target)))
    if len(parties) > MOST_LANES:
        return list_steps(steps, say, width, y)
    parts = [svg.text(10, y, say["flow.steps"], 15, weight="bold")]
    y += 30
    lane = (width - 20) / len(parties)
    heads = [svg.wrap(name, lane - 20, 13.5, most=3) for name in parties]
    tall = 10 + 19 * max(len(lines) for lines in heads)
    middle = {name: 10 + lane * (index + 0.5) for index, name in enumerate(parties)}
    for name, lines in zip(parties, heads, strict=True):
        parts.append(
            svg.rect(middle[name] - lane / 2 + 5, y, lane - 10, tall, fill=svg.SAND, stroke=svg.INK, radius=6)
        )
        parts.append(svg.text(middle[name], y + 4, lines, 13.5, anchor="middle", step=19, weight="bold"))
    top = y + tall
    y = top + 14
    arrows = []
    for step in steps:
        a, b = middle[step.source], middle[step.target]
        told = f"{step.number} {step.what}" + (f"（{step.note}）" if step.note else "")
        room = max(abs(a - b) - 16, lane * 1.4)
        lines = svg.wrap(told, room, 13, most=3)
        at = min(max((a + b) / 2, room / 2 + 8), width - room / 2 - 8)
        wide = max(svg.width_of(line, 13) for line in lines) + 8
        arrows.append(svg.rect(at - wide / 2, y - 1, wide, 18 * len(lines) + 1, line=0))
        arrows.append(svg.text(at, y, lines, 13, anchor="middle", step=18))
        y += 18 * len(lines) + 10
        if a == b:
            arrows.append(svg.path(f"M{a:.1f} {y - 6:.1f}h26v16h-18", line=2, stroke=svg.LAGOON))
            arrows.append(svg.path(f"M{a + 2:.1f} {y + 10:.1f}l8 -4.5v9z", fill=svg.LAGOON, line=0))
        else:
            arrows.append(svg.arrow_right(a, b, y, line=2, stroke=svg.LAGOON))
        y += 20
    lanes = [svg.path(f"M{x:.1f} {top:.1f}V{y:.1f}", stroke=svg.LINE, dash="3 4") for x in middle.values()]
    return [*parts, *lanes, *arrows], y + 12


def list_steps(
    steps: Sequence[Flow], say: Mapping[str, str], width: float, y: float
) -> tuple[list[str], float]:
    """The steps one below the other, for narrow screens and for many parties."""
    parts = [svg.text(8, y, say["flow.steps"], 15, weight="bold")]
    y += 30
    for step in steps:
        lines = svg.wrap(f"{step.source} → {step.target}", width - 50, 14)
        what = svg.wrap(step.what + (f"（{step.note}）" if step.note else ""), width - 50, 14)
        parts.append(svg.circle(20, y + 12, 12, fill=svg.LAGOON_SOFT, stroke=svg.LAGOON))
        parts.append(svg.text(20, y + 2.5, step.number, 14, anchor="middle", weight="bold"))
        parts.append(svg.text(42, y + 2, lines, 14, weight="bold", step=20))
        parts.append(svg.text(42, y + 4 + 20 * len(lines), what, 14, step=20))
        y += 20 * (len(lines) + len(what)) + 16
    return parts, y + 4
