"""Numbers of the invented population (付番): always wrong by the official check digit, so that none can be a real one."""

import hashlib
import hmac

from workflows.linkage.wire.linter import check_digit


def synthetic_number(juki_code: str, salt: bytes = b"madoguchi-sandbox", turn: int = 0) -> str:
    """The 12-digit synthetic number for a 住民票コード: last digit = (official check digit + 5) mod 10.

    :param turn: 0 for the first number, counted up when a number is changed (番号法7条2項).
    """
    mac = hmac.new(salt, f"{juki_code}/{turn}".encode(), hashlib.sha256).digest()
    body = f"{int.from_bytes(mac[:8], 'big') % 10**11:011d}"
    return body + str((check_digit(body) + 5) % 10)


def is_synthetic(number: str) -> bool:
    """Whether 12 digits belong to the synthetic scheme."""
    return (
        len(number) == 12
        and number.isascii()
        and number.isdigit()
        and int(number[11]) == (check_digit(number[:11]) + 5) % 10
    )
