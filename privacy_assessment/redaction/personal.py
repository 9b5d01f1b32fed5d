"""Looks for what must not be published by mistake: 個人番号, telephone numbers, mail addresses (番号法19条・20条).

A finding names the place, never the digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stdnum.jp import in_

from storage import numbers

_DIGITS = numbers.Digits(numbers.SPACES_AND_HYPHENS, 3)
# Three groups of four, as the card has them, whatever stands between them.
_GROUPS = re.compile(r"(?<![0-9])(?=([0-9]{4}[\W_]{1,3}[0-9]{4}[\W_]{1,3}[0-9]{4})(?![0-9]))")
# Days and years in a row are no number of anybody.
_DAYS = re.compile(r"(?:19|20)\d\d(?:-\d\d?-\d\d?(?!\d)|[\W_]+(?:19|20)\d\d[\W_]+(?:19|20)\d\d)")
_UNBROKEN = re.compile("[0-9]{12,}")
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
        plain = numbers.plain(text)
        found += _twelve(place, text)
        found += [Finding("phone", place, one.start(), one.end()) for one in _PHONE.finditer(plain)]
        found += [Finding("mail", place, one.start(), one.end()) for one in _MAIL.finditer(plain)]
    return found


def without_numbers(text: str, mark: str) -> str:
    """A text in which every run that reads as twelve digits or more, a 個人番号 or not, is replaced by a mark."""
    spans = [(one.starts, one.ends) for one in _twelve("", text)]
    for starts, ends in _DIGITS.runs(text):
        run = numbers.plain(text[starts:ends])
        if not _DAYS.match(run):
            spans.append((starts, ends))
        else:  # days in a row stay, what stands among them without a gap does not
            spans += [(starts + one.start(), starts + one.end()) for one in _UNBROKEN.finditer(run)]
    return numbers.masked(text, numbers.joined(spans), mark)


def _twelve(place: str, text: str) -> list[Finding]:
    """Runs of twelve digits. What is a number is always told; other digits only once where runs overlap."""
    by_place: dict[tuple[int, int], str] = {}
    for reading in numbers.readings(text):
        spans = [*_DIGITS.twelve_of(reading), *(one.span(1) for one in _GROUPS.finditer(reading))]
        by_place |= {span: run for span in spans if not _DAYS.match(run := reading[slice(*span)])}
    runs = sorted(by_place)
    stopping = [span for span in runs if _is_number(re.sub(r"\D", "", by_place[span]))]
    found = [Finding("number", place, *span) for span in stopping]
    told, until = bytearray(len(text)), 0
    for starts, ends in stopping:
        told[starts:ends] = bytes([1]) * (ends - starts)
    for starts, ends in runs:
        if starts >= until and not any(told[starts:ends]):
            found.append(Finding("digits", place, starts, ends))
            until = ends
    return found


def _is_number(digits: str) -> bool:
    check = int(in_.calc_check_digit(digits[:11]))
    return int(digits[11]) in (check, (check + 5) % 10)
