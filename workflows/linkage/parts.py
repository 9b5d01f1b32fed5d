"""What the machines of the link work with; all of it is given, so a test can stand anywhere in time."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from joserfc.jwk import OctKey

from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing
from workflows.law.table import LawTable
from workflows.linkage.offices import Offices
from workflows.linkage.wire.sealing import own_key
from workflows.provision_records.writer import RecordWriter


@dataclass(frozen=True)
class LinkParts:
    """The collaborators of every machine.

    :param law: the law table with its dated rows and rules.
    :param offices: whom we speak for; with gateways only in processes that talk.
    :param records: writes 情報提供等記録; used by the worker role only.
    """

    clock: Clock
    keys: KeyRing
    law: LawTable
    offices: Offices
    records: RecordWriter

    def copy_key(self, tx: Transaction) -> tuple[str, bytes]:
        """Return the id and the 32 bytes of the tenant's current copy key.

        It is derived from the tenant's index key, so that the master key guards it too and it lies in no file.
        """
        return "copy-1", self.keys.blind_index(tx, tx.tenant, "linkage.copy", "1")

    def copy_keys(self, tx: Transaction) -> dict[str, OctKey]:
        """Return all copy keys by id, for opening."""
        kid, secret = self.copy_key(tx)
        return {kid: own_key(secret)}

    def staff_hash(self, tenant: str, staff: str) -> str:
        """Return what stands for a member of staff on the wire: SHA-256, base64url without padding (43 characters).

        A staff reference is a random account id, so the digest cannot be guessed back; the web needs no key to make it.
        """
        digest = hashlib.sha256(f"staff\x00{tenant}\x00{staff}".encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
