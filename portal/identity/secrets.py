"""Secrets that browsers and people carry. Only their hashes are stored."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets

# Crockford's alphabet: no I, L, O, U, which people misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
CODE_LENGTH = 10
ENROLMENT_LENGTH = 16


def new_token() -> str:
    """A browser's secret: 32 random bytes."""
    return secrets.token_urlsafe(32)


def new_code(length: int = CODE_LENGTH) -> str:
    """A code that a person can type; five bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def grouped(code: str) -> str:
    """``ABCDE-12345``: easier to read off a screen."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def read_code(text: str, length: int = CODE_LENGTH) -> str | None:
    """The code a person typed, whatever the case and hyphens; None when it is none."""
    code = "".join(text.split()).replace("-", "").upper().translate(_MISREAD)
    return code if len(code) == length and all(letter in _ALPHABET for letter in code) else None


def digest(secret: str) -> bytes:
    """What is stored of a secret: SHA-256. The secrets are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()


def network_hash(address: str, secret: str = "") -> bytes:
    """A hash of where a request came from: the address, or the /64 of an IPv6 one.

    :param secret: a secret of the installation; without it nobody who sees the hash can find the address by trying all of them.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return _keyed(secret, b"?")
    if isinstance(found, ipaddress.IPv6Address):
        found = ipaddress.ip_network((found, 64), strict=False).network_address
    return _keyed(secret, found.packed)


def _keyed(secret: str, value: bytes) -> bytes:
    return hmac.digest(b"madoguchi/network/1\x00" + secret.encode(), value, "sha256")
