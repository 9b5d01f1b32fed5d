"""Comparison of two Japanese texts: found by phrases first, by characters inside them, and shown in pieces a person can read.

Japanese has no spaces, so a comparison of words sees nothing and one of characters sees confetti. Runs of one script (漢字 with the
かな that follow, カタカナ, letters, digits) stand for phrases; equal crumbs between two changes are joined to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_PHRASE = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff々〆ヶ\U00020000-\U0003ffff\ufe00-\ufe0f\U000e0100-\U000e01ef]+[ぁ-ゖー]{0,4}"
    r"|[ぁ-ゖー]+|[ァ-ヺー]+|[A-Za-zＡ-Ｚａ-ｚ]+|[0-9０-９,，.]+|\n|.",
    re.DOTALL,
)
# Equal pieces shorter than this between two changes are part of the change.
CRUMB = 3
# Above this product of lengths a pair is compared in coarser pieces, so that no text can hold the machine up.
WORK = 4_000_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a comparison: ``equal``, ``removed`` (only ``before``), ``added`` (only ``after``) or ``replaced``."""

    kind: str
    before: str
    after: str


def compare(before: str, after: str) -> list[Segment]:
    """Compare two texts.

    :returns: pieces whose ``before`` parts joined are the old text and whose ``after`` parts joined are the new one.
    """
    if before == after:
        return [Segment("equal", before, after)] if before else []
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    middle_before, middle_after = before[head : len(before) - tail], after[head : len(after) - tail]
    found = [("equal", before[:head], after[:head])] if head else []
    found += list(_middle(middle_before, middle_after))
    if tail:
        found.append(("equal", before[len(before) - tail :], after[len(after) - tail :]))
    return [Segment(*one) for one in _joined(found)]


def phrases(text: str) -> list[str]:
    """A text cut into phrases; joined they are the text."""
    return _PHRASE.findall(text)


def _common(one: str, other: str) -> int:
    """Length of the common beginning; found by halving, because both may be long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _middle(before: str, after: str) -> Iterator[tuple[str, str, str]]:
    for unit in (phrases, _sentences, str.splitlines):
        one, other = _units(unit, before), _units(unit, after)
        if len(one) * len(other) <= WORK:
            break
    else:
        yield "replaced", before, after
        return
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for op, a, b, c, d in matcher.get_opcodes():
        old, new = "".join(one[a:b]), "".join(other[c:d])
        if op == "replace" and unit is phrases and len(old) * len(new) <= 10_000:
            yield from _characters(old, new)
        else:
            yield ("equal" if op == "equal" else "replaced"), old, new


def _units(unit, text: str) -> list[str]:
    return text.splitlines(keepends=True) if unit is str.splitlines else unit(text)


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^。\n]*[。\n]|[^。\n]+$", text)


def _characters(old: str, new: str) -> Iterator[tuple[str, str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < 0.4:
        yield "replaced", old, new
        return
    for op, a, b, c, d in matcher.get_opcodes():
        yield ("equal" if op == "equal" else "replaced"), old[a:b], new[c:d]


def _joined(pieces: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Neighbouring changes made one, with the crumbs between them; then named by what they do."""
    merged: list[tuple[str, str, str]] = []
    for number, (kind, old, new) in enumerate(pieces):
        crumb = (
            kind == "equal"
            and len(old) < CRUMB
            and 0 < number < len(pieces) - 1
            and not old.strip("、。\n 　").isdigit()
            and "\n" not in old
        )
        what = "replaced" if crumb else kind
        if merged and merged[-1][0] == what:
            merged[-1] = (what, merged[-1][1] + old, merged[-1][2] + new)
        else:
            merged.append((what, old, new))
    for kind, old, new in merged:
        if kind == "replaced":
            kind = "equal" if old == new else "replaced" if old and new else "removed" if old else "added"
        if old or new:
            yield kind, old, new
