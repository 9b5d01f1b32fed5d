"""Tenants: municipalities, keyed by their six-digit code (全国地方公共団体コード) with its check digit.

The weights 6,5,4,3,2 and modulus 11 are those of the ministry's code table (総務省 全国地方公共団体コード).
"""

from __future__ import annotations

from storage.database import NOWHERE, Database

_WEIGHTS = (6, 5, 4, 3, 2)


class UnknownTenant(ValueError):
    """The code is not that of a municipality: wrong length, wrong characters or wrong check digit."""


def check_digit(body: str) -> str:
    """The sixth digit that belongs to five digits.

    :param body: five ASCII digits, prefecture (2) and municipality (3).
    :raises UnknownTenant: when ``body`` is anything else.
    """
    if len(body) != 5 or not (body.isascii() and body.isdigit()):
        raise UnknownTenant("団体コードは数字6けたです（検査数字を除いて5けた）。")
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return str((11 - total % 11) % 10) if total >= 11 else str(11 - total)[-1]


def parse_tenant(code: str) -> str:
    """``code`` itself, when it is a possible tenant.

    :param code: six ASCII digits.
    :raises UnknownTenant: when the length, the characters or the check digit are wrong.
    """
    if len(code) != 6 or check_digit(code[:5]) != code[5]:
        raise UnknownTenant("団体コードの検査数字が合いません。6けたをもう一度確かめてください。")
    return code


def known_tenants(database: Database) -> list[str]:
    """The codes of the bodies this installation serves, the commission (000000) among them, in order."""
    (rows,) = database.read(NOWHERE, ("SELECT code FROM madoguchi.tenant ORDER BY code", ()))
    return [code for (code,) in rows]
