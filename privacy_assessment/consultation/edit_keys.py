"""The key with which alone an opinion can be changed: letters that people can write down and type back."""

from __future__ import annotations

import unicodedata

KEY_PURPOSE = "opinion.edit_key"
# Crockford's alphabet: no I, L, O, U, which people misread. 26 letters of five bits are 130 bits.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_MISREAD = str.maketrans("ILO", "110")
_MOST = 100


def spell(digest: bytes) -> str:
    """A key of 26 letters from at least 17 bytes."""
    number = int.from_bytes(digest, "big")
    return "".join(_LETTERS[number >> 5 * place & 31] for place in range(_LENGTH))


def grouped(key: str) -> str:
    """The key in groups of five, as it is shown."""
    return "-".join(key[start : start + 5] for start in range(0, len(key), 5))


def read(text: str) -> str:
    """A key as people type it back: any case and width, hyphens, spaces, letters misread as figures."""
    plain = unicodedata.normalize("NFKC", text[: 4 * _MOST]).upper()
    return "".join(char for char in plain if char.isalnum()).translate(_MISREAD)[:_MOST]
