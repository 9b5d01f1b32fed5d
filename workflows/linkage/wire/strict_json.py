"""JSON from the wire that means one thing only, whoever reads it (RFC 7493, I-JSON).

A name given twice is read by one parser as its first value and by another as its last: what a linter looked at would not be what is acted
on. A NUL character is JSON, but no database text. Both are refused, as is whatever is not JSON.
"""

import json
import re
from typing import Any

import orjson

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def read(body: bytes) -> Any:
    """The document.

    :raises ValueError: not JSON, nested deeper than can be written again (254), a name twice in one object, or a NUL character; the
        text says which, and nothing of the content.
    """
    document = orjson.loads(body)
    if b"\\u0000" in body and _NUL.search(body):
        raise ValueError("NUL character")
    # Our own writer's bytes come back the same, which they would not if a name had been dropped; only other spellings are read twice.
    try:
        if orjson.dumps(document) != body:
            json.loads(body, object_pairs_hook=_each_once)
    except (TypeError, RecursionError):
        raise ValueError("nested too deep") from None
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice in one object")
    return found
