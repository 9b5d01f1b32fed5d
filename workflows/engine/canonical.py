"""The one form of a step that is hashed, so that anyone can compute the chain again from the rows.

A step's canonical form is a JSON array in UTF-8 without spaces: the fixed word, the step's columns in the order below, its input
as SHA-256 of JSON with sorted keys, and the hash of the step before it (32 zero bytes for the first).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

FORM = "madoguchi.step.1"
GENESIS = bytes(32)
_SORTED = orjson.OPT_SORT_KEYS


def plain_json(value: Mapping[str, Any]) -> bytes:
    """JSON of a step's input: keys sorted, no spaces.

    :raises TypeError: for anything JSON (or the database) cannot hold unchanged.
    """
    return orjson.dumps(value, option=_SORTED)


@lru_cache(maxsize=64)
def moment(at: datetime) -> str:
    """A moment to the microsecond in UTC, e.g. ``2026-11-22T01:00:00.000000Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def step_hash(
    tenant: str,
    case_id: UUID,
    seq: int,
    kind: str,
    version: int,
    trigger: str,
    before: str,
    after: str,
    at: str,
    actor: tuple[str, str, str | None],
    on_behalf_of: str | None,
    purpose: str,
    article: str | None,
    input_json: bytes,
    request_key: str,
    prev_hash: bytes,
) -> bytes:
    """SHA-256 over the canonical form.

    :param at: as :func:`moment` writes it.
    :param actor: kind, reference, office.
    :param input_json: as :func:`plain_json` writes it.
    """
    form = (
        FORM,
        tenant,
        case_id,
        seq,
        kind,
        version,
        trigger,
        before,
        after,
        at,
        *actor,
        on_behalf_of,
        purpose,
        article,
        sha256(input_json).hexdigest(),
        request_key,
        prev_hash.hex(),
    )
    return sha256(orjson.dumps(form)).digest()


def request_digest(case_id: UUID | None, kind: str, trigger: str, actor_id: str, input_json: bytes) -> bytes:
    """What a request asked for: the same key with another digest is another request, and refused.

    :param case_id: None for an opening.
    """
    head = f"{case_id or ''}\n{kind if case_id is None else ''}\n{trigger}\n{actor_id}\n"
    return sha256(head.encode() + input_json).digest()
