"""Checkpoints: what the tenant's log said at one moment, as canonical JSON, signed, and linked to the one before.

The body is RFC 8785 JSON, so the signature can be checked with any Ed25519 tool over the very bytes that are stored. A
checkpoint names the hash of the one before it: a log that was cut or rewritten cannot continue the chain.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from storage.clock import from_second_text, second_text

FORMAT = "madoguchi-checkpoint/1"
GENESIS = hashlib.sha256(b"madoguchi-checkpoint/1 genesis").digest()
_FIELDS = {"format", "tenant", "log", "number", "size", "root", "map_root", "previous", "time"}


class CheckpointError(ValueError):
    """These bytes are not a checkpoint: wrong shape, or not canonical."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed state of one log. `number` counts from 1; hashes are 32 bytes; `made_at` is aware, UTC, whole seconds."""

    tenant: str
    log: str
    number: int
    size: int
    root: bytes
    map_root: bytes
    previous: bytes
    made_at: datetime

    def body(self) -> bytes:
        """The canonical JSON that is signed."""
        return rfc8785.dumps(
            {
                "format": FORMAT,
                "tenant": self.tenant,
                "log": self.log,
                "number": self.number,
                "size": self.size,
                "root": self.root.hex(),
                "map_root": self.map_root.hex(),
                "previous": self.previous.hex(),
                "time": second_text(self.made_at),
            }
        )


def parse(body: bytes) -> Checkpoint:
    """The checkpoint in these bytes. Errors: CheckpointError, also when they are not the canonical form of their content."""
    try:
        raw: dict[str, Any] = json.loads(body)
        if set(raw) != _FIELDS or raw["format"] != FORMAT:
            raise CheckpointError("the fields are not those of a checkpoint")
        found = Checkpoint(
            tenant=_text(raw["tenant"]),
            log=_text(raw["log"]),
            number=_count(raw["number"]),
            size=_count(raw["size"]),
            root=_hash(raw["root"]),
            map_root=_hash(raw["map_root"]),
            previous=_hash(raw["previous"]),
            made_at=from_second_text(raw["time"]),
        )
    except CheckpointError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as broken:
        raise CheckpointError("these bytes are not a checkpoint") from broken
    if found.body() != body:
        raise CheckpointError("the checkpoint is not in canonical form")
    return found


def link(body: bytes) -> bytes:
    """The hash by which the next checkpoint names this one."""
    return hashlib.sha256(body).digest()


def stamped_message(body: bytes, signature: bytes) -> bytes:
    """What the time stamp covers: the body and its signature, so that the signature too existed at that moment."""
    return body + signature


def key_id(public: bytes) -> str:
    """The short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def signature_holds(public: bytes, body: bytes, signature: bytes) -> bool:
    """Whether this raw Ed25519 public key signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise CheckpointError("a text is not a text")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise CheckpointError("a count is not a count")
    return value


def _hash(value: Any) -> bytes:
    raw = bytes.fromhex(_text(value))
    if len(raw) != 32 or raw.hex() != value:
        raise CheckpointError("a hash is not 32 bytes of lower-case hex")
    return raw
