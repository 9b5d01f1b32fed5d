"""Twelve digits in a text, however they are written: what may be a 個人番号 (番号法2条5項) is known everywhere by the same spellings.

Digits of any width and script, figures of kanji and those of deeds (壱弐参) are one; between them may stand what people put there. Which
separators count, and what follows from a find, each place says itself: a log line masks it, a step's input and a published text are refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Characters that show nothing: they part digits for a machine but not for a reader.
UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff"
# As they are once a text is plain: the wide ones are folded.
SPACES_AND_HYPHENS = rf" \t\-‐-―−ー{UNSEEN}"
_KANJI = "〇零一二三四五六七八九壱壹弌弐貳貮弍参參弎肆伍陸漆捌玖"
_FIGURES = str.maketrans(_KANJI, "0012345678911122223334" + "56789")
_TWELVE = 12
# Every character that becomes a digit, so that a text with fewer than twelve of them costs next to nothing: decimal digits of all scripts,
# raised, circled and dotted ones, figures of kanji and their compatibility forms.
_DIGIT_LIKE = (
    rf"\d{_KANJI}"
    "\u00b2-\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff"
    "\u2776-\u277e\u2780-\u2788\u278a-\u2792\u2f00\u2f06\u2f0b\u3192-\u3195\u3280-\u3288\uf96b\uf9b2\uf9d1\uf9d3"
    "\U00010a40-\U00010a43\U00010e60-\U00010e68\U00011052-\U0001105a\U0001f100-\U0001f10a\U0001f214\U0001f229-\U0001f22a"
)
_ENOUGH_PLAIN = re.compile(rf"(?:[^0-9]*+[0-9]){{{_TWELVE}}}+")
_ENOUGH = re.compile(rf"(?:[^{_DIGIT_LIKE}]*+[{_DIGIT_LIKE}]){{{_TWELVE}}}+")


class _Plain(dict[int, int]):
    """Digits and letters of any width or script made plain, one character for one; worked out when first met."""

    # There are a million characters, and whoever sends them all shall not fill the memory.
    MOST = 20_000

    def __missing__(self, code: int) -> int:
        char = chr(code)
        folded = unicodedata.normalize("NFKC", char)
        folded = folded if len(folded) == 1 else char
        digit = unicodedata.digit(folded, None)
        found = ord(folded) if digit is None else ord(str(digit))
        if len(self) < self.MOST:
            self[code] = found
        return found


_PLAIN = _Plain()


def enough(text: str) -> bool:
    """Whether a text has twelve digits at all, wherever they are."""
    return (_ENOUGH_PLAIN if text.isascii() else _ENOUGH).match(text) is not None


def plain(text: str) -> str:
    """Digits and letters of any width or script made plain, character by character, so that places stay the same."""
    return text if text.isascii() else text.translate(_PLAIN)


def readings(text: str) -> tuple[str, ...]:
    """The text made plain; and once more with figures of kanji as digits, when it has some. Places stay the same.

    A figure beside a number ("その一" before twelve digits) hides it in the second reading and not in the first.
    """
    one = plain(text)
    if one.isascii():
        return (one,)
    other = one.translate(_FIGURES)
    return (one,) if other == one else (one, other)


class Digits:
    """Finds digits with certain signs between them.

    :param signs: inside of a character class: what may stand between two digits of a plain text.
    :param most: how many of them.
    """

    def __init__(self, signs: str, most: int) -> None:
        more = f"[{signs}]{{0,{most}}}+[0-9]"
        # Looked for at every beginning, also inside another run: a number does not hide behind the digits before it.
        self._twelve = re.compile(rf"(?<![0-9])(?=([0-9](?:{more}){{{_TWELVE - 1}}}+)(?![0-9]))")
        self._run = re.compile(rf"[0-9](?:{more}){{{_TWELVE - 1},}}+")

    def twelve(self, text: str) -> Iterator[tuple[int, int]]:
        """Beginning and end of every run of exactly twelve digits, in no order; they may overlap."""
        if enough(text):
            for reading in readings(text):
                yield from self.twelve_of(reading)

    def twelve_of(self, reading: str) -> Iterator[tuple[int, int]]:
        """The same of one reading (see `readings`)."""
        return (found.span(1) for found in self._twelve.finditer(reading))

    def runs(self, text: str) -> list[tuple[int, int]]:
        """Beginning and end of every run of twelve digits or more, in order and apart from each other: what a mask takes away."""
        if not enough(text):
            return []
        return joined([one.span() for reading in readings(text) for one in self._run.finditer(reading)])


def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap as one."""
    kept: list[tuple[int, int]] = []
    for starts, ends in sorted(spans):
        if kept and starts < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(ends, kept[-1][1]))
        else:
            kept.append((starts, ends))
    return kept


def masked(text: str, spans: list[tuple[int, int]], mark: str) -> str:
    """The text with a mark in the place of each span.

    :param spans: in order and apart, as `joined` returns them.
    """
    kept, at = [], 0
    for starts, ends in spans:
        kept += [text[at:starts], mark]
        at = ends
    return "".join([*kept, text[at:]])
