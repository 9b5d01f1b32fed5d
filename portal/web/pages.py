"""Pages by key, not by number: a page starts after a row, so page 5,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest

MAX_KEY_LENGTH = 200
MOST = 2**63


class UnreadableKey(HTTPBadRequest):
    """The address names a place in the list that cannot be read."""


def encode_key(values: Sequence[str | int]) -> str:
    """A row's sort key as a text for an address. It holds times and record numbers only."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).rstrip(b"=").decode()


def decode_key(text: str | None) -> list[str | int] | None:
    """The sort key that a page starts after; None for the first page.

    :raises UnreadableKey: when somebody changed the address.
    """
    if not text:
        return None
    if len(text) > MAX_KEY_LENGTH:
        raise UnreadableKey
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise UnreadableKey from error
    if not isinstance(values, list) or not all(_storable(value) for value in values):
        raise UnreadableKey
    return values


def _storable(value: Any) -> bool:
    """Whether a value can be compared with a column: a text without halves of characters, a number of eight bytes."""
    if isinstance(value, str):
        return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    return isinstance(value, int) and -MOST <= value < MOST


def address(path: str, query: Mapping[str, Any]) -> str:
    """A path with those parts of a query that say something."""
    kept = {key: value for key, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(kept)}" if kept else path
