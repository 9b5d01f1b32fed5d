"""Invented records about invented people, for every test of this room."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.clock import FixedClock
from workflows.law.loader import shipped
from workflows.provision_records.models import Party, ProvisionRecord, RecordItem
from workflows.provision_records.proof_format import Signed
from workflows.provision_records.writer import RecordWriter

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
BASE = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
A_MAYOR = Party("992011-01", "甲野市", "子育て支援課")
B_MAYOR = Party("992020-01", "乙川市", "税務課")


def record(
    number: int, addressee: str = "A0000001", tenant: str = "992011", **changes: Any
) -> ProvisionRecord:
    """The numbered record of a person: the same number gives the same record."""
    at = BASE + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "record_id": uuid5(NAMESPACE, f"{tenant}/{addressee}/{number}"),
        "exchange_id": f"01JEX{number:021d}",
        "tenant": tenant,
        "addressee": addressee,
        "side": "asker",
        "asker": A_MAYOR,
        "holder": B_MAYOR,
        "requested_at": at,
        "provided_at": at + timedelta(seconds=40),
        "affair_code": "child-allowance",
        "affair_name": "児童手当の支給に関する事務",
        "items": (RecordItem("local-tax", "地方税関係情報"),),
        "law_row": "081-01",
        "law_clause": "番号法19条8号・別表81の項",
        "law_table_version": "2026-11-01.1",
        "outcome": "OK",
        "purpose": "児童手当の審査のため",
    }
    return ProvisionRecord(**(fields | changes))


def steady_bytes(seed: str = "seed") -> Callable[[int], bytes]:
    """A source of bytes that says the same every time: salts in tests are repeatable."""
    counter = itertools.count()

    def more(size: int) -> bytes:
        return hashlib.shake_256(f"{seed}/{next(counter)}".encode()).digest(size)

    return more


def writer(clock: FixedClock, seed: str = "seed") -> RecordWriter:
    return RecordWriter(clock, shipped(), steady_bytes(seed))


class AnyPortal:
    """A portal whose key the test holds, so that it can sign what a real one would not."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def __call__(self, body: bytes) -> Signed:
        return Signed(body, self.public, self._private.sign(body))
