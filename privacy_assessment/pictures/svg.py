"""Marks on paper: boxes, lines and wrapped Japanese text as SVG with presentation attributes only.

No style attribute, no script, no font of its own, so it passes a policy that allows nothing inline. Meaning is told by shape, words
and hatching; colour only repeats it, so a black-and-white print says the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

FONT = "Noto Sans JP, Noto Sans CJK JP, BIZ UDPGothic, Hiragino Sans, Yu Gothic UI, Meiryo, sans-serif"
INK, QUIET, LINE, HAIR, PAPER = "#1a1a1c", "#595959", "#767676", "#d8d8db", "#ffffff"
LAGOON, LAGOON_SOFT, SAND, ROSE, ROSE_SOFT, LEAF_SOFT = (
    "#006f83",
    "#e2f4f7",
    "#f6f3ec",
    "#a1001b",
    "#fdeaec",
    "#e6f4ea",
)
_NO_START = "、。，．・：；？！」』）)］】〉》々ーぁぃぅぇぉっゃゅょァィゥェォッャュョ％%"
_NO_END = "「『（(［【〈《"


def width_of(text: str, size: float) -> float:
    """How wide a text is drawn: a full-width character is one em, others a little over half, joined marks nothing."""
    return size * sum(_em(char) for char in text)


def _em(char: str) -> float:
    if _joins(char):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.58


def _joins(char: str) -> bool:
    """Variation selectors and combining marks belong to the character before them."""
    point = ord(char)
    return 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF or unicodedata.combining(char) != 0


def clusters(text: str) -> list[str]:
    """Characters as people count them: one with its variation selector is one."""
    found: list[str] = []
    for char in text:
        if found and _joins(char):
            found[-1] += char
        else:
            found.append(char)
    return found


def wrap(text: str, width: float, size: float, most: int = 0) -> list[str]:
    """Break a text into lines, not before a closing mark and not after an opening one.

    :param width: room for a line, in units of the picture.
    :param most: at most so many lines, the last with ``…``; 0 for as many as it takes.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        lines += _wrapped(_words(paragraph.strip()), width, size)
    if most and len(lines) > most:
        kept = lines[:most]
        while kept[-1] and width_of(kept[-1] + "…", size) > width:
            kept[-1] = "".join(clusters(kept[-1])[:-1])
        kept[-1] += "…"
        return kept
    return lines or [""]


def _words(text: str) -> list[str]:
    """Pieces that are not broken: a full-width character each, Latin words and numbers whole."""
    pieces: list[str] = []
    for one in clusters(text):
        latin = unicodedata.east_asian_width(one[0]) not in "WFA" and not one.isspace()
        if pieces and latin and pieces[-1][-1:].isascii() and not pieces[-1][-1:].isspace():
            pieces[-1] += one
        else:
            pieces.append(one)
    return pieces


def _wrapped(pieces: list[str], width: float, size: float) -> list[str]:
    lines, line = [], ""
    for piece in pieces:
        for part in [piece] if width_of(piece, size) <= width else clusters(piece):
            # One closing mark may hang over the edge; a row of them is broken like anything else.
            hangs = part[0] in _NO_START and width_of(line, size) <= width
            if line and width_of(line + part, size) > width and not hangs:
                carried = ""
                while len(line) > 1 and line[-1] in _NO_END:
                    line, carried = line[:-1], line[-1] + carried
                lines.append(line.rstrip())
                line = (carried + part).lstrip()
            else:
                line += part
    return [*lines, line] if line or not lines else lines


def text(
    x: float,
    y: float,
    lines: Sequence[str] | str,
    size: float,
    *,
    anchor: str = "start",
    fill: str = INK,
    weight: str = "",
    step: float = 0,
) -> str:
    """Lines of text; ``y`` is the top of the first one. ``anchor`` is start, middle or end."""
    rows = [lines] if isinstance(lines, str) else lines
    step = step or size * 1.4
    heavy = f' font-weight="{weight}"' if weight else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return "".join(
        f'<text x="{x:.1f}" y="{y + number * step + size * 0.98:.1f}" font-size="{size:g}"{where}{heavy} fill="{fill}">{clean(row)}</text>'
        for number, row in enumerate(rows)
        if row
    )


def clean(value: str) -> str:
    """Text for an SVG: control characters left out, since XML has no way to write them; the rest escaped."""
    kept = "".join(char if char >= " " or char in "\n\t" else " " for char in value)
    return escape("".join(char for char in kept if char not in "\ufffe\uffff" and not _surrogate(char)))


def _surrogate(char: str) -> bool:
    return 0xD800 <= ord(char) <= 0xDFFF


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = PAPER,
    stroke: str = LINE,
    line: float = 1,
    radius: float = 0,
    dash: str = "",
) -> str:
    """A box."""
    edge = f' stroke="{stroke}" stroke-width="{line:g}"' if line else ""
    if dash:
        edge += f' stroke-dasharray="{dash}"'
    round_ = f' rx="{radius:g}"' if radius else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
        f' fill="{fill}"{edge}{round_}/>'
    )


def path(d: str, *, stroke: str = LINE, line: float = 1.5, fill: str = "none", dash: str = "") -> str:
    """A line or outline."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    edge = f' stroke="{stroke}" stroke-width="{line:g}"{dashed}' if line else ""
    return f'<path d="{d}" fill="{fill}"{edge}/>'


def circle(
    x: float, y: float, radius: float, *, fill: str = PAPER, stroke: str = INK, line: float = 1.5
) -> str:
    """A disc."""
    edge = f' stroke="{stroke}" stroke-width="{line:g}"' if line else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}"{edge}/>'


def arrow_right(
    x1: float, x2: float, y: float, *, line: float = 1.5, dash: str = "", stroke: str = LINE
) -> str:
    """A level line with a head at ``x2`` (which may lie left of ``x1``)."""
    back = 7 if x2 > x1 else -7
    return path(f"M{x1:.1f} {y:.1f}H{x2 - back * 0.6:.1f}", line=line, dash=dash, stroke=stroke) + path(
        f"M{x2:.1f} {y:.1f}l{-back} -4v8z", fill=stroke, line=0
    )


def arrow_down(x: float, y1: float, y2: float, *, line: float = 1.5, stroke: str = LINE) -> str:
    """An upright line with a head at ``y2`` (which may lie above ``y1``)."""
    back = 7 if y2 > y1 else -7
    return path(f"M{x:.1f} {y1:.1f}V{y2 - back * 0.6:.1f}", line=line, stroke=stroke) + path(
        f"M{x:.1f} {y2:.1f}l-4 {-back}h8z", fill=stroke, line=0
    )


def hatch(name: str, stroke: str = LINE, fill: str = PAPER) -> str:
    """A definition of diagonal hatching, used as ``fill="url(#name)"``."""
    return (
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{fill}"/><path d="M0 0V6" stroke="{stroke}" stroke-width="2"/></pattern>'
    )


def drawing(
    name: str, width: float, height: float, title: str, description: str, parts: Iterable[str], defs: str = ""
) -> str:
    """A whole picture on white paper.

    :param name: beginning of its element ids; pictures on one page need different ones.
    """
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby={quoteattr(f"{name}-title {name}-desc")}',
            f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" font-family="{FONT}">',
            f'<title id="{name}-title">{clean(title)}</title><desc id="{name}-desc">{clean(description)}</desc>',
            f"<defs>{defs}</defs>" if defs else "",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>',
            *parts,
            "</svg>",
        )
    )
