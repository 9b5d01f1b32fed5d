"""Reading values of a file strictly: what is not exactly of its shape is refused, and the refusal says where."""

from __future__ import annotations

import base64
import json
from typing import Any

import rfc8785


class NotAProof(ValueError):
    """This is not a proof file, or not one as it was handed out. `reason` is a code for the words of the verifier."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{reason} {where}".strip())
        self.reason, self.where = reason, where


def load(raw: bytes) -> Any:
    """The value of canonical JSON (RFC 8785). Errors: NotAProof, also when the bytes are not the canonical form of it."""
    try:
        value = json.loads(raw, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float)
        canonical = rfc8785.dumps(value)
    except NotAProof:
        raise
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as broken:
        raise NotAProof("not-json") from broken
    if canonical != raw:
        raise NotAProof("not-canonical")
    return value


def fields(value: Any, names: set[str], where: str) -> dict[str, Any]:
    """An object with exactly these fields. Errors: NotAProof, as of all below."""
    if not isinstance(value, dict) or set(value) != names:
        raise NotAProof("wrong-shape", where)
    return value


def items(value: Any, where: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise NotAProof("wrong-shape", where)
    return value


def text(value: Any, where: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise NotAProof("wrong-shape", where)
    return value


def count(value: Any, where: str) -> int:
    """A whole number from 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotAProof("wrong-shape", where)
    return value


def hexed(value: Any, where: str, size: int) -> bytes:
    """So many bytes as lower-case hex."""
    try:
        raw = bytes.fromhex(text(value, where))
    except ValueError:
        raise NotAProof("wrong-shape", where) from None
    if len(raw) != size or raw.hex() != value:
        raise NotAProof("wrong-shape", where)
    return raw


def hashes(value: Any, where: str, size: int | None = None) -> list[bytes]:
    """A list of 32-byte hashes as hex; so many, when said."""
    found = [hexed(one, where, 32) for one in items(value, where)]
    if size is not None and len(found) != size:
        raise NotAProof("wrong-shape", where)
    return found


def base64_bytes(value: Any, where: str) -> bytes:
    """Bytes as base64, in its one canonical writing."""
    try:
        raw = base64.b64decode(text(value, where), validate=True)
    except ValueError:  # what is not ASCII is no binascii.Error
        raise NotAProof("wrong-shape", where) from None
    if base64.b64encode(raw).decode() != value:
        raise NotAProof("wrong-shape", where)
    return raw


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAProof("duplicate-key")
    return found


def _no_float(given: str) -> Any:
    raise NotAProof("wrong-shape", given[:20])
