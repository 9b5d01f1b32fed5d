"""Looks for what must not be published by mistake: 個人番号, telephone numbers, mail addresses (番号法19条・20条).

A finding names the place, never the digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from stdnum.jp import in_

# Characters that show nothing: they part digits for a machine but not for a reader.
_UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff"
# Looked for at every beginning, also inside another run: a number does not hide behind the digits before it.
_TWELVE = re.compile(rf"(?<![0-9])(?=((?:[0-9][ \t\-‐-―−ーｰ{_UNSEEN}]{{0,3}}){{11}}[0-9])(?![0-9]))")
# Three groups of four, as the card has them, whatever stands between them.
_GROUPS = re.compile(r"(?<![0-9])(?=([0-9]{4}[\W_]{1,3}[0-9]{4}[\W_]{1,3}[0-9]{4})(?![0-9]))")
# Days and years in a row are no number of anybody.
_DAYS = re.compile(r"(?:19|20)\d\d(?:-\d\d?-\d\d?(?!\d)|[\W_]+(?:19|20)\d\d[\W_]+(?:19|20)\d\d)")
_KANJI = re.compile("[〇一二三四五六七八九]{12,}")
_FIGURES = str.maketrans("〇一二三四五六七八九", "0123456789")
_PHONE = re.compile(r"(?<![0-9])0\d{1,4}[-(（]\d{1,4}[-)）]\d{3,4}(?![0-9])")
# Begins only where a word begins and is bounded: a long run of letters costs no more than its length.
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text to be published: ``number`` stops it, ``digits``, ``phone`` and ``mail`` ask somebody to look."""

    kind: str
    place: str
    starts: int
    ends: int

    @property
    def stops(self) -> bool:
        """Whether publishing must wait."""
        return self.kind == "number"


def find_personal(texts: Mapping[str, str]) -> list[Finding]:
    """Findings in texts by place.

    Twelve digits with a right check digit are taken for a 個人番号, also in full width, in figures of kanji, with hyphens, spaces or
    unseen characters between them, over the ends of lines and next to letters; a synthetic number of a training system (check digit
    plus five) is one too, so that the same check is seen to work there.
    """
    found = []
    for place, text in texts.items():
        plain = _narrow(text)
        found += _twelve(place, plain)
        found += [Finding("phone", place, one.start(), one.end()) for one in _PHONE.finditer(plain)]
        found += [Finding("mail", place, one.start(), one.end()) for one in _MAIL.finditer(plain)]
    return found


def without_numbers(text: str, mark: str) -> str:
    """A text in which every run that reads as twelve digits, a 個人番号 or not, is replaced by a mark."""
    spans = sorted((one.starts, one.ends) for one in _twelve("", _narrow(text)))
    kept, at = [], 0
    for starts, ends in spans:
        if starts >= at:
            kept += [text[at:starts], mark]
        at = max(at, ends)
    return "".join([*kept, text[at:]])


def _twelve(place: str, plain: str) -> list[Finding]:
    """Runs of twelve digits. What is a number is always told; other digits only once where runs overlap."""
    runs = sorted(
        {
            one.span(1)
            for pattern in (_TWELVE, _GROUPS)
            for one in pattern.finditer(plain)
            if not _DAYS.match(one[1])
        }
    )
    numbers = [span for span in runs if _is_number(re.sub(r"\D", "", plain[slice(*span)]))]
    found = [Finding("number", place, *span) for span in numbers]
    told, until = bytearray(len(plain)), 0
    for starts, ends in numbers:
        told[starts:ends] = bytes([1]) * (ends - starts)
    for starts, ends in runs:
        if starts >= until and not any(told[starts:ends]):
            found.append(Finding("digits", place, starts, ends))
            until = ends
    return found


def _is_number(digits: str) -> bool:
    check = int(in_.calc_check_digit(digits[:11]))
    return int(digits[11]) in (check, (check + 5) % 10)


class _Plain(dict[int, int]):
    """Digits and letters of any width or script made plain, one character for one; worked out when first met."""

    # There are a million characters, and whoever sends them all shall not fill the memory.
    MOST = 20_000

    def __missing__(self, code: int) -> int:
        char = chr(code)
        folded = unicodedata.normalize("NFKC", char)
        plain = folded if len(folded) == 1 else char
        found = ord(str(unicodedata.decimal(plain))) if plain.isdecimal() else ord(plain)
        if len(self) < self.MOST:
            self[code] = found
        return found


_PLAIN = _Plain()


def _narrow(text: str) -> str:
    """Digits and letters of any width or script made plain, character by character, so that places stay the same."""
    return _KANJI.sub(lambda run: run[0].translate(_FIGURES), text.translate(_PLAIN))
