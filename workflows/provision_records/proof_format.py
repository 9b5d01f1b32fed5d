"""The proof file: its exact shape, and reading it strictly.

The file is canonical JSON (RFC 8785) as a whole. So there is one way only to write a given proof: no second value under a
repeated key that one reader sees and another does not, no spaces to hide in, no floats. docs/proof.md explains each field.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from storage.audit.keyed_map import DEPTH, Entry

from .shapes import NotAProof, base64_bytes, count, fields, hashes, hexed, items, load, text

FORMAT = "madoguchi-proof/2"
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
class Signed:
    """What the portal says about the whole file (`manifest`): its bytes, the raw Ed25519 key and the signature."""

    body: bytes
    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A whole proof file."""

    parts: list[Part]
    manifest: Signed


def write(parts: list[Part], manifest: Signed) -> bytes:
    """The bytes of a proof file."""
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "parts": [plain_part(part) for part in parts],
            "manifest": {
                "body": manifest.body.decode(),
                "public_key": manifest.public_key.hex(),
                "signature": manifest.signature.hex(),
            },
        }
    )


def read(raw: bytes) -> Proof:
    """The proof in these bytes. Errors: NotAProof with what is wrong and where."""
    if len(raw) > MAX_BYTES:
        raise NotAProof("too-large")
    try:
        top = load(raw)
    except NotAProof as refused:
        # Any other JSON is no proof that somebody wrote anew.
        if refused.reason == "not-canonical" and FORMAT.encode() not in raw:
            raise NotAProof("unknown-format") from None
        raise
    if not isinstance(top, dict) or set(top) != {"format", "parts", "manifest"} or top["format"] != FORMAT:
        raise NotAProof("unknown-format")
    return Proof([_read_part(part) for part in items(top["parts"], "parts")], _read_manifest(top["manifest"]))


def _read_manifest(value: Any) -> Signed:
    raw = fields(value, {"body", "public_key", "signature"}, "manifest")
    return Signed(
        text(raw["body"], "manifest").encode(),
        hexed(raw["public_key"], "public_key", 32),
        hexed(raw["signature"], "signature", 64),
    )


def plain_part(part: Part) -> dict[str, Any]:
    """A part as plain JSON values, as it stands in the file."""
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
    raw = fields(value, _PART, "part")
    return Part(
        tenant=text(raw["tenant"], "tenant"),
        addressee=text(raw["addressee"], "addressee"),
        person_salt=hexed(raw["person_salt"], "person_salt", 32),
        checkpoint=text(raw["checkpoint"], "checkpoint").encode(),
        key_id=text(raw["key_id"], "key_id"),
        public_key=hexed(raw["public_key"], "public_key", 32),
        signature=hexed(raw["signature"], "signature", 64),
        stamp=None if raw["stamp"] is None else base64_bytes(raw["stamp"], "stamp"),
        records=[_read_record(one) for one in items(raw["records"], "records")],
        pending=[_content(one) for one in items(raw["pending"], "pending")],
        bucket=[_entry(one) for one in items(raw["bucket"], "bucket")],
        siblings=hashes(raw["siblings"], "siblings", DEPTH),
    )


def _read_record(value: Any) -> SealedRecord:
    raw = fields(value, {"content", "salt", "seq", "path"}, "record")
    return SealedRecord(
        _content(raw["content"]),
        hexed(raw["salt"], "salt", 32),
        count(raw["seq"], "seq"),
        hashes(raw["path"], "path"),
    )


def _content(value: Any) -> Mapping[str, Any]:
    raw = fields(value, set(CONTENT_FIELDS), "content")
    for name, kind in CONTENT_FIELDS.items():
        if not isinstance(raw[name], kind):  # type: ignore[arg-type]
            raise NotAProof("wrong-shape", name)
    for party in (raw["asker"], raw["holder"]):
        for name, said in fields(party, {"code", "name", "office"}, "party").items():
            text(said, name)
    for item in raw["items"]:
        for name, said in fields(item, {"code", "name"}, "item").items():
            text(said, name)
    return raw


def _entry(value: Any) -> Entry:
    if not isinstance(value, list) or len(value) != 3:
        raise NotAProof("wrong-shape", "bucket")
    return Entry(hexed(value[0], "bucket", 32), count(value[1], "bucket"), hexed(value[2], "bucket", 32))
