"""The key with which a tenant signs its logs: Ed25519, kept sealed, its public half open to everybody.

The installation itself, the portal that hands proofs out, has such a key too: it stands among those of the tenants under a name
that no tenant can have. It signs which offices a proof file holds, never a log.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing
from storage.encryption.rotation import SealedColumn, register

from .checkpoint import key_id

PORTAL = "portal"
"""Under which name the installation's own key stands; the code of an office has digits only."""

SEALED = register(
    SealedColumn(
        role="worker",
        table="madoguchi.audit_key",
        column="sealed",
        key=("key_id",),
        context=lambda values: _context(str(values["key_id"])),
        purpose="audit",
    )
)


@dataclass(frozen=True)
class LogKeys:
    """Signing keys of tenants. Args: ring: seals the private half; clock: dates a new key."""

    ring: KeyRing
    clock: Clock

    def sign(self, tx: Transaction, message: bytes) -> tuple[str, bytes]:
        """Sign with the tenant's newest key, made when there is none yet: (key id, 64-byte signature)."""
        row = tx.raw.execute(
            "SELECT key_id, sealed FROM madoguchi.audit_key WHERE tenant = %s ORDER BY created_at DESC, key_id LIMIT 1",
            (tx.tenant,),
        ).fetchone()
        name, private = self.create(tx) if row is None else (row[0], self._open(tx, row[0], bytes(row[1])))
        return name, private.sign(message)

    def create(self, tx: Transaction) -> tuple[str, Ed25519PrivateKey]:
        """Make a new key for the tenant; checkpoints from now on are signed with it, older ones keep theirs."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        name = key_id(public)
        raw = private.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        sealed = self.ring.seal(tx, tx.tenant, raw, _context(name), purpose="audit")
        tx.raw.execute(
            "INSERT INTO madoguchi.audit_key (tenant, key_id, public, sealed, created_at) VALUES (%s, %s, %s, %s, %s)",
            (tx.tenant, name, public, sealed, self.clock.now()),
        )
        return name, private

    def _open(self, tx: Transaction, name: str, sealed: bytes) -> Ed25519PrivateKey:
        raw = self.ring.open(tx, tx.tenant, sealed, _context(name), purpose="audit")
        return Ed25519PrivateKey.from_private_bytes(raw)


def public_keys(tx: Transaction, tenant: str) -> dict[str, bytes]:
    """Every public key a tenant ever signed with, by key id; readable by everybody."""
    rows = tx.raw.execute(
        "SELECT key_id, public FROM madoguchi.audit_key WHERE tenant = %s", (tenant,)
    ).fetchall()
    return {name: bytes(public) for name, public in rows}


def _context(name: str) -> str:
    return f"audit_key.sealed:{name}"
