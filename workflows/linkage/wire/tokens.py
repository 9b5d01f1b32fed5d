"""Reading the outside of a compact JWS or JWE, before any key is at hand."""

import binascii
import re
from base64 import urlsafe_b64decode
from typing import Any

import orjson

COMPACT_JWE = re.compile(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
COMPACT_JWS = re.compile(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")


def protected_header(token: str) -> dict[str, Any]:
    """The protected header of a compact token; nothing in it is proven by reading it.

    :raises ValueError: not a compact token.
    """
    first = token.split(".", 1)[0]
    try:
        header = orjson.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, UnicodeError) as broken:
        raise ValueError("not a compact token") from broken
    if not isinstance(header, dict):
        raise ValueError("not a compact token")
    return header


def is_sealed(token: str) -> bool:
    """Whether a text is a compact JWE under one of the profile's two algorithms, so not readable content."""
    if not COMPACT_JWE.match(token):
        return False
    try:
        header = protected_header(token)
    except ValueError:
        return False
    return header.get("alg") in ("ECDH-ES", "dir") and header.get("enc") == "A256GCM"
