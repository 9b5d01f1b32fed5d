"""Looks for what must not be published by mistake: 個人番号, telephone numbers, mail addresses (番号法19条・20条).

A finding names the place, never the digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from stdnum.jp import in_

_TWELVE = re.compile(r"(?<![0-9A-Za-z])(?:[0-9][ \-‐-―−ー]?){11}[0-9](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])0\d{1,4}[-(（]\d{1,4}[-)）]\d{3,4}(?![0-9])")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


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

    Twelve digits with a right check digit are taken for a 個人番号, also in full width or with hyphens; a synthetic number of a
    training system (check digit plus five) is one too, so that the same check is seen to work there.
    """
    found = []
    for place, text in texts.items():
        plain = _narrow(text)
        for match in _TWELVE.finditer(plain):
            kind = "number" if _is_number(re.sub(r"\D", "", match[0])) else "digits"
            found.append(Finding(kind, place, match.start(), match.end()))
        found += [Finding("phone", place, one.start(), one.end()) for one in _PHONE.finditer(plain)]
        found += [Finding("mail", place, one.start(), one.end()) for one in _MAIL.finditer(plain)]
    return found


def _is_number(digits: str) -> bool:
    check = int(in_.calc_check_digit(digits[:11]))
    return int(digits[11]) in (check, (check + 5) % 10)


def _narrow(text: str) -> str:
    """Full-width digits and letters made narrow, character by character, so that places stay the same."""
    return "".join(
        folded if len(folded := unicodedata.normalize("NFKC", char)) == 1 else char for char in text
    )
