"""The ring of tenant keys: seal, open, look up blindly, rotate.

A sealed value is ``version(1) ‖ key id(2) ‖ nonce(12) ‖ ciphertext and tag``, AES-256-GCM; the tenant, the purpose and the
place (column and row) are bound to it as associated data, so a value moved to another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.clock import Clock, SystemClock
from storage.database import Transaction
from storage.encryption.master import MasterKey

NOTICED = timedelta(minutes=1)
"""After which a running process seals with the new key of a rotation that another one made."""
_VERSION = b"\x01"
_READ_KEYS = (
    "SELECT key_id, wrapped, coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false)"
    " FROM madoguchi.tenant_key WHERE tenant = %s AND purpose = %s"
)


class SealBroken(Exception):
    """A sealed value does not open: it was changed, moved, or sealed under a key that is gone."""


class KeyRing:
    """Keys of all tenants, unwrapped and kept in memory. Who seals looks at most once in ``NOTICED`` whether there is a newer one;
    who opens looks when a value names a key that is not known yet.

    :param master: wraps and unwraps tenant keys.
    """

    def __init__(self, master: MasterKey, clock: Clock | None = None) -> None:
        self._master = master
        self._clock = clock or SystemClock()
        self._keys: dict[tuple[str, str], dict[int, bytes]] = {}
        self._read_at: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def seal(self, tx: Transaction, tenant: str, plain: bytes, context: str, purpose: str = "data") -> bytes:
        """Encrypt.

        :param context: where the value lives, e.g. ``"inquiry_answer.payload:<id>"``.
        :param purpose: which of the tenant's keys.
        """
        key_id, key = self._newest(tx, tenant, purpose, fresh=self._aged(tenant, purpose))
        nonce = secrets.token_bytes(12)
        header = _VERSION + key_id.to_bytes(2, "big")
        return header + nonce + AESGCM(key).encrypt(nonce, plain, _bound(tenant, purpose, context))

    def open(self, tx: Transaction, tenant: str, sealed: bytes, context: str, purpose: str = "data") -> bytes:
        """Decrypt.

        :raises SealBroken: when the value was changed or moved, or its key is not on the ring.
        """
        if len(sealed) < 31 or sealed[:1] != _VERSION:
            raise SealBroken("封をした値の形が正しくありません。")
        key = self._load(tx, tenant, purpose).get(int.from_bytes(sealed[1:3], "big"))
        if key is None:
            key = self._load(tx, tenant, purpose, fresh=True).get(int.from_bytes(sealed[1:3], "big"))
        if key is None:
            raise SealBroken("この値を開ける鍵がありません。")
        try:
            return AESGCM(key).decrypt(sealed[3:15], sealed[15:], _bound(tenant, purpose, context))
        except InvalidTag as broken:
            raise SealBroken("封をした値が変えられているか、別の場所のものです。") from broken

    def blind_index(self, tx: Transaction, tenant: str, purpose: str, value: str) -> bytes:
        """A keyed digest to look a value up without opening any.

        :returns: 32 bytes. The key of an index is never rotated by ``rotate``: the index would be lost.
        """
        # Never rotated, so nobody looks for a newer one.
        _, key = self._newest(tx, tenant, f"index:{purpose}", fresh=False)
        return hmac.digest(key, value.encode(), hashlib.sha256)

    def ensure(self, tx: Transaction, tenant: str, purpose: str) -> bool:
        """Make the first key of a purpose when there is none (a role that may write keys; the web may only read them).

        :returns: whether there was none.
        """
        missing = not self._load(tx, tenant, purpose)
        self._newest(tx, tenant, purpose, fresh=False)
        return missing

    def rotate(self, tx: Transaction, tenant: str, purpose: str = "data") -> int:
        """Make a new key for what is sealed from now on; old values stay readable until they are sealed again.

        :returns: the new key's id.
        """
        known = self._load(tx, tenant, purpose, fresh=True)
        new_id = max(known, default=0) + 1
        self._insert(tx, tenant, purpose, new_id)
        tx.raw.execute(
            "UPDATE madoguchi.tenant_key SET retired_at = %s WHERE tenant = %s AND purpose = %s AND key_id < %s"
            " AND retired_at IS NULL",
            (self._clock.now(), tenant, purpose, new_id),
        )
        self.forget()
        return new_id

    def key_id(self, sealed: bytes) -> int:
        """Which key sealed a value."""
        return int.from_bytes(sealed[1:3], "big")

    def forget(self) -> None:
        """Drop the unwrapped keys, so that the next use reads the table again."""
        with self._lock:
            self._keys.clear()
            self._read_at.clear()

    def _aged(self, tenant: str, purpose: str) -> bool:
        with self._lock:
            at = self._read_at.get((tenant, purpose))
        # A clock that was set back must not keep an old key in use for long.
        return at is not None and not timedelta() <= self._clock.now() - at < NOTICED

    def _newest(self, tx: Transaction, tenant: str, purpose: str, fresh: bool) -> tuple[int, bytes]:
        keys = self._load(tx, tenant, purpose, fresh)
        if not keys:
            self._insert(tx, tenant, purpose, 1)
            keys = self._load(tx, tenant, purpose, fresh=True)
        newest = max(keys)
        return newest, keys[newest]

    def _load(self, tx: Transaction, tenant: str, purpose: str, fresh: bool = False) -> dict[int, bytes]:
        with self._lock:
            known = self._keys.get((tenant, purpose))
            if known and not fresh:
                return known
        rows = tx.raw.execute(_READ_KEYS, (tenant, purpose)).fetchall()
        if known and not rows:
            return known  # keys never go: this transaction is in a scope that does not show them
        keys = {key_id: self._master.unwrap(bytes(wrapped)) for key_id, wrapped, _ in rows}
        if not any(ours for _, _, ours in rows):
            # A key made in this very transaction may still be rolled back: remembering it would let a later
            # transaction seal with a key that nobody kept.
            with self._lock:
                self._keys[tenant, purpose] = keys
                self._read_at[tenant, purpose] = self._clock.now()
        return keys

    def _insert(self, tx: Transaction, tenant: str, purpose: str, key_id: int) -> None:
        # Two workers may make the first key at once: the second waits for the first and takes that one.
        tx.raw.execute(
            "INSERT INTO madoguchi.tenant_key (tenant, key_id, purpose, wrapped, created_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (tenant, key_id, purpose, self._master.wrap(secrets.token_bytes(32)), self._clock.now()),
        )


def _bound(tenant: str, purpose: str, context: str) -> bytes:
    return f"madoguchi\x1f{tenant}\x1f{purpose}\x1f{context}".encode()
