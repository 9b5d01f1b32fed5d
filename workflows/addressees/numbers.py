"""個人番号 and 法人番号: reading them from what a person typed, and telling a wrong one from a right one.

The check digit of a 個人番号 is fixed by article 5 of 総務省令第85号 (2014), that of a 法人番号 by article 2 of 財務省令第70号 (2014);
`python-stdnum` computes both. Two regimes keep real numbers and invented ones apart for good:

* ``official``: the number must pass the official check. The only regime of a system in production.
* ``synthetic``: the last digit must be the official one plus five (mod 10), so a synthetic number always *fails* the official check and
  can never be anybody's. The only regime of a demonstration, a test or a training system.

A number never shows itself: `str()`, `repr()` and every error text are without digits, so a careless log line stays clean.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from enum import StrEnum

from stdnum.exceptions import ValidationError
from stdnum.jp import cn, in_

_SEPARATORS = re.compile(r"[\s\-‐-―−ー・.]+")
_SYNTHETIC_SHIFT = 5


class Regime(StrEnum):
    """Which numbers this system may hold."""

    OFFICIAL = "official"
    SYNTHETIC = "synthetic"


class NumberKind(StrEnum):
    """Whose number it is: a person's (12 digits) or a corporation's (13 digits)."""

    INDIVIDUAL = "individual"
    CORPORATE = "corporate"


_NAMES = {NumberKind.INDIVIDUAL: "個人番号", NumberKind.CORPORATE: "法人番号"}
_LENGTHS = {NumberKind.INDIVIDUAL: 12, NumberKind.CORPORATE: 13}


class NumberRefused(ValueError):
    """A number that cannot be right. Holds a code and a text for the person who typed it; never the digits."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Number:
    """A number that passed its check. Comparable, hashable, and silent unless `reveal` is called."""

    __slots__ = ("_digits", "kind")

    def __init__(self, digits: str, kind: NumberKind) -> None:
        self._digits = digits
        self.kind = kind

    def reveal(self) -> str:
        """Return the digits. Call it only where the law lets the number be used, and never to build a message."""
        return self._digits

    def __repr__(self) -> str:
        return f"<{_NAMES[self.kind]}>"

    def __str__(self) -> str:
        return f"<{_NAMES[self.kind]}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return NotImplemented
        return self.kind == other.kind and hmac.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        return hash((self.kind, self._digits))


def _digits(text: str, kind: NumberKind) -> str:
    """Full-width digits and separators are how people write; anything else is a mistake to point out."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    name, length = _NAMES[kind], _LENGTHS[kind]
    if not digits:
        raise NumberRefused(
            "NUMBER_MISSING", f"{name}が空です。何も登録していません。{length}桁の数字を入れてください。"
        )
    if not (digits.isascii() and digits.isdigit()):
        raise NumberRefused(
            "NUMBER_NOT_DIGITS",
            f"{name}に数字でない文字があります。何も登録していません。{length}桁の数字だけを入れてください。",
        )
    if len(digits) != length:
        raise NumberRefused(
            "NUMBER_LENGTH",
            f"{name}は{length}桁ですが、{len(digits)}桁ありました。何も登録していません。書類と見くらべて入れなおしてください。",
        )
    return digits


def synthetic_individual(body: str) -> str:
    """Return the synthetic 個人番号 (12 digits) that begins with `body` (11 digits). For invented people only."""
    return body + str((int(in_.calc_check_digit(body)) + _SYNTHETIC_SHIFT) % 10)


def parse_individual(text: str, regime: Regime) -> Number:
    """Read a 個人番号.

    :param text: what was typed or stood in the file; full-width digits, spaces and hyphens are accepted.
    :param regime: which numbers this system may hold.
    :raises NumberRefused: missing, not digits, wrong length, wrong check digit, or a number of the other regime.
    """
    digits = _digits(text, NumberKind.INDIVIDUAL)
    official = in_.calc_check_digit(digits[:-1])
    synthetic = str((int(official) + _SYNTHETIC_SHIFT) % 10)
    expected, other = (official, synthetic) if regime is Regime.OFFICIAL else (synthetic, official)
    if digits[-1] == expected:
        return Number(digits, NumberKind.INDIVIDUAL)
    if regime is Regime.SYNTHETIC and digits[-1] == other:
        raise NumberRefused(
            "NUMBER_REAL_IN_SANDBOX",
            "実在しうる個人番号です。この環境は練習用なので、登録せず、控えも残していません。架空の番号を使ってください。",
        )
    raise NumberRefused(
        "NUMBER_CHECK_DIGIT",
        "個人番号の検査用数字が合いません。打ちまちがいのおそれがあるため、何も登録していません。"
        "番号を確認できる書類と見くらべて入れなおしてください。",
    )


def parse_corporate(text: str) -> Number:
    """Read a 法人番号 (public, so there is one regime only).

    :raises NumberRefused: missing, not digits, wrong length or wrong check digit.
    """
    digits = _digits(text, NumberKind.CORPORATE)
    try:
        cn.validate(digits)
    except ValidationError:
        raise NumberRefused(
            "NUMBER_CHECK_DIGIT",
            "法人番号の検査用数字が合いません。何も登録していません。国税庁の公表サイトの番号と見くらべて入れなおしてください。",
        ) from None
    return Number(digits, NumberKind.CORPORATE)


def luhn_digit(body: str) -> str:
    """Return the check digit this product puts behind an addressee number, so that a slip of the hand is noticed."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit)
        if place % 2 == 0:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return str(-total % 10)


def addressee_number(serial: int) -> str:
    """Return the 団体内統合宛名番号 (15 digits) of a tenant's `serial`-th addressee.

    Fifteen digits, so that it can never be taken for a 個人番号 (12) or a 法人番号 (13).
    """
    body = f"{serial:014d}"
    return body + luhn_digit(body)


def is_addressee_number(text: str) -> bool:
    """Say whether `text` has the shape and check digit of an addressee number."""
    return len(text) == 15 and text.isascii() and text.isdigit() and luhn_digit(text[:-1]) == text[-1]
