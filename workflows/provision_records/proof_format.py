"""The proof file: its exact shape, and reading it strictly.

The file is canonical JSON (RFC 8785) as a whole. So there is one way only to write a given proof: no second value under a
repeated key that one reader sees and another does not, no spaces to hide in, no floats. docs/proof.md explains each field.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from storage.audit.keyed_map import DEPTH, Entry

FORMAT = "madoguchi-proof/1"
MAX_BYTES = 64 * 1024 * 1024
CONTENT_FIELDS = {
    "record_id": str,
    "exchange_id": str,
    "tenant": str,
    "addressee": str,
    "side": str,
    "asker": dict,
    "holder": dict,
    "requested_at": str,
    "provided_at": (str, type(None)),
    "affair_code": str,
    "affair_name": str,
    "items": list,
    "law_row": str,
    "law_clause": str,
    "law_table_version": str,
    "outcome": str,
    "purpose": str,
    "application_receipt": (str, type(None)),
    "corrects": (str, type(None)),
}


class NotAProof(ValueError):
    """This is not a proof file, or not one as it was handed out. `reason` is a code for the words of the verifier."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{reason} {where}".strip())
        self.reason, self.where = reason, where


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """One record with what proves it: content, salt (32 bytes), place in the log, audit path."""

    content: Mapping[str, Any]
    salt: bytes
    seq: int
    path: list[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """What one office says about one of its addressees."""

    tenant: str
    addressee: str
    person_salt: bytes
    checkpoint: bytes
    key_id: str
    public_key: bytes
    signature: bytes
    stamp: bytes | None
    records: list[SealedRecord]
    pending: list[Mapping[str, Any]]
    bucket: list[Entry]
    siblings: list[bytes]


@dataclass(frozen=True, slots=True)
class Proof:
    """A whole proof file."""

    made_at: str
    parts: list[Part]


def write(proof: Proof) -> bytes:
    """The bytes of a proof file."""
    return rfc8785.dumps(
        {"format": FORMAT, "made_at": proof.made_at, "parts": [_write_part(part) for part in proof.parts]}
    )


def read(raw: bytes) -> Proof:
    """The proof in these bytes. Errors: NotAProof with what is wrong and where."""
    if len(raw) > MAX_BYTES:
        raise NotAProof("too-large")
    try:
        value = json.loads(raw, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float)
        canonical = rfc8785.dumps(value)
    except NotAProof:
        raise
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as broken:
        raise NotAProof("not-json") from broken
    if canonical != raw:
        raise NotAProof("not-canonical")
    top = _fields(value, {"format", "made_at", "parts"}, "file")
    if top["format"] != FORMAT:
        raise NotAProof("unknown-format")
    return Proof(
        _text(top["made_at"], "made_at"), [_read_part(part) for part in _list(top["parts"], "parts")]
    )


def _write_part(part: Part) -> dict[str, Any]:
    return {
        "tenant": part.tenant,
        "addressee": part.addressee,
        "person_salt": part.person_salt.hex(),
        "checkpoint": part.checkpoint.decode(),
        "key_id": part.key_id,
        "public_key": part.public_key.hex(),
        "signature": part.signature.hex(),
        "stamp": base64.b64encode(part.stamp).decode() if part.stamp else None,
        "records": [
            {
                "content": dict(record.content),
                "salt": record.salt.hex(),
                "seq": record.seq,
                "path": [one.hex() for one in record.path],
            }
            for record in part.records
        ],
        "pending": [dict(content) for content in part.pending],
        "bucket": [[entry.key.hex(), entry.count, entry.root.hex()] for entry in part.bucket],
        "siblings": [one.hex() for one in part.siblings],
    }


_PART = {
    "tenant", "addressee", "person_salt", "checkpoint", "key_id", "public_key", "signature", "stamp", "records",
    "pending", "bucket", "siblings",
}  # fmt: skip


def _read_part(value: Any) -> Part:
    raw = _fields(value, _PART, "part")
    return Part(
        tenant=_text(raw["tenant"], "tenant"),
        addressee=_text(raw["addressee"], "addressee"),
        person_salt=_hex(raw["person_salt"], "person_salt", 32),
        checkpoint=_text(raw["checkpoint"], "checkpoint").encode(),
        key_id=_text(raw["key_id"], "key_id"),
        public_key=_hex(raw["public_key"], "public_key", 32),
        signature=_hex(raw["signature"], "signature", 64),
        stamp=None if raw["stamp"] is None else _base64(raw["stamp"], "stamp"),
        records=[_read_record(one) for one in _list(raw["records"], "records")],
        pending=[_content(one) for one in _list(raw["pending"], "pending")],
        bucket=[_entry(one) for one in _list(raw["bucket"], "bucket")],
        siblings=_hashes(raw["siblings"], "siblings", DEPTH),
    )


def _read_record(value: Any) -> SealedRecord:
    raw = _fields(value, {"content", "salt", "seq", "path"}, "record")
    return SealedRecord(
        _content(raw["content"]),
        _hex(raw["salt"], "salt", 32),
        _count(raw["seq"], "seq"),
        _hashes(raw["path"], "path"),
    )


def _content(value: Any) -> Mapping[str, Any]:
    raw = _fields(value, set(CONTENT_FIELDS), "content")
    for name, kind in CONTENT_FIELDS.items():
        if not isinstance(raw[name], kind):  # type: ignore[arg-type]
            raise NotAProof("wrong-shape", name)
    for party in (raw["asker"], raw["holder"]):
        for name, text in _fields(party, {"code", "name", "office"}, "party").items():
            _text(text, name)
    for item in raw["items"]:
        for name, text in _fields(item, {"code", "name"}, "item").items():
            _text(text, name)
    return raw


def _entry(value: Any) -> Entry:
    if not isinstance(value, list) or len(value) != 3:
        raise NotAProof("wrong-shape", "bucket")
    return Entry(_hex(value[0], "bucket", 32), _count(value[1], "bucket"), _hex(value[2], "bucket", 32))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAProof("duplicate-key")
    return found


def _no_float(text: str) -> Any:
    raise NotAProof("wrong-shape", text[:20])


def _fields(value: Any, names: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise NotAProof("wrong-shape", where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotAProof("wrong-shape", where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise NotAProof("wrong-shape", where)
    return value


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotAProof("wrong-shape", where)
    return value


def _hex(value: Any, where: str, size: int) -> bytes:
    try:
        raw = bytes.fromhex(_text(value, where))
    except ValueError:
        raise NotAProof("wrong-shape", where) from None
    if len(raw) != size or raw.hex() != value:
        raise NotAProof("wrong-shape", where)
    return raw


def _hashes(value: Any, where: str, count: int | None = None) -> list[bytes]:
    found = [_hex(one, where, 32) for one in _list(value, where)]
    if count is not None and len(found) != count:
        raise NotAProof("wrong-shape", where)
    return found


def _base64(value: Any, where: str) -> bytes:
    try:
        raw = base64.b64decode(_text(value, where), validate=True)
    except binascii.Error:
        raise NotAProof("wrong-shape", where) from None
    if base64.b64encode(raw).decode() != value:
        raise NotAProof("wrong-shape", where)
    return raw
