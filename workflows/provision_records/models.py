"""What a provision record says (番号法23条1項, 2項) and how its seal is computed.

The seal is the RFC 9162 leaf hash of `salt ‖ JCS(content)`: the salt keeps a guessable record from being guessed from its
hash, the canonical JSON (RFC 8785) lets anyone compute the same bytes. Disclosure (不開示の別) is not part of the content:
it may change by a mark of two persons, and the mark is a record of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from storage.clock import JAPAN

Side = Literal["asker", "holder", "core"]
Disclosure = Literal["visible", "withheld"]
SALT_BYTES = 32
LOG = "provision_records"


@dataclass(frozen=True, slots=True)
class Party:
    """情報照会者 or 情報提供者: 機関コード, name of the body, name of the office in it."""

    code: str
    name: str
    office: str


@dataclass(frozen=True, slots=True)
class RecordItem:
    """One 利用特定個人情報の項目."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProvisionRecord:
    """One record as asker, holder or core keeps it. Times are aware datetimes."""

    record_id: UUID
    exchange_id: str
    tenant: str
    addressee: str
    side: Side
    asker: Party
    holder: Party
    requested_at: datetime
    provided_at: datetime | None
    affair_code: str
    affair_name: str
    items: Sequence[RecordItem]
    law_row: str
    law_clause: str
    law_table_version: str
    outcome: str
    purpose: str
    application_receipt: str | None = None
    disclosure: Disclosure = "visible"
    corrects: UUID | None = None

    def content(self) -> dict[str, Any]:
        """The content that is sealed: plain JSON values, times in UTC to the microsecond."""
        return content(self)


def content(record: ProvisionRecord) -> dict[str, Any]:
    """See `ProvisionRecord.content`; the key set is part of the proof format and never changes within a version."""
    return {
        "record_id": str(record.record_id),
        "exchange_id": record.exchange_id,
        "tenant": record.tenant,
        "addressee": record.addressee,
        "side": record.side,
        "asker": {"code": record.asker.code, "name": record.asker.name, "office": record.asker.office},
        "holder": {"code": record.holder.code, "name": record.holder.name, "office": record.holder.office},
        "requested_at": instant(record.requested_at),
        "provided_at": instant(record.provided_at) if record.provided_at else None,
        "affair_code": record.affair_code,
        "affair_name": record.affair_name,
        "items": [{"code": item.code, "name": item.name} for item in record.items],
        "law_row": record.law_row,
        "law_clause": record.law_clause,
        "law_table_version": record.law_table_version,
        "outcome": record.outcome,
        "purpose": record.purpose,
        "application_receipt": record.application_receipt,
        "corrects": str(record.corrects) if record.corrects else None,
    }


GROUNDS = ("23-2-1", "23-2-2")
"""番号法23条2項1号・2号."""


def mark_content(
    mark_id: UUID, record_id: UUID, said: tuple[str, str, str, str], marked_at: datetime
) -> dict[str, Any]:
    """The content of a mark (不開示の印) that is sealed; said: disclosure, ground, who proposed, who approved."""
    disclosure, ground, proposed_by, approved_by = said
    return {
        "mark_id": str(mark_id),
        "record_id": str(record_id),
        "disclosure": disclosure,
        "ground": ground,
        "proposed_by": proposed_by,
        "approved_by": approved_by,
        "marked_at": instant(marked_at),
    }


def instant(at: datetime) -> str:
    """An aware time as RFC 3339 text in UTC with microseconds, e.g. 2026-11-22T01:00:00.000000Z."""
    if at.tzinfo is None:
        raise ValueError("a record needs a time with its zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def japan_time(at: datetime) -> str:
    """A time as Japanese offices write it, to the second."""
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")


def canonical(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785) for values without floats; a property test holds it equal to the rfc8785 library."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def seal(salt: bytes, value: Mapping[str, Any]) -> bytes:
    """The leaf hash of one record: SHA-256(0x00 ‖ salt ‖ JCS(content)), RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x00" + salt + canonical(value)).digest()


def person_key(tenant: str, addressee: str, salt: bytes) -> bytes:
    """The pseudonym a person's records are counted under in the checkpoint's map."""
    return hashlib.sha256(
        b"madoguchi/person/1\x00" + f"{tenant}:{addressee}".encode() + b"\x00" + salt
    ).digest()
