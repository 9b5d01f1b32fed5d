"""Be tolerant in, strict in storage: what people type into fields of digits and codes. Names never come through here."""

from __future__ import annotations

import re
import unicodedata

_HYPHENS = re.compile("[ー−‐‑–—―]")
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufeff]")


def ascii_field(text: str) -> str:
    """Digits and codes in any width, with any spaces and any hyphen, as plain ASCII.

    NFKC maps the full-width hyphen but not the dashes that look like it, so those are mapped by hand.
    """
    plain = _HYPHENS.sub("-", unicodedata.normalize("NFKC", text))
    return _INVISIBLE.sub("", plain)[:200]
