"""Who signs the list of offices in a proof file: the installation, with a key of its own.

Only the worker's role can read that key, and only the worker's job, which gathers the file itself, has anything signed: whoever takes
over a page gets neither the key nor a signature under words of his own.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.audit.keys import PORTAL, LogKeys, public_keys
from storage.database import Database, Scope

from .proof_format import Signed


@dataclass(frozen=True)
class PortalSigner:
    """Signs with the portal's newest key. Args: db: the worker role's database; keys: open the key."""

    db: Database
    keys: LogKeys

    def __call__(self, body: bytes) -> Signed:
        """Sign; the first time of all the key is made."""
        with self.db.transaction(Scope(tenant=PORTAL)) as tx:
            # Two workers must not both make the first key.
            tx.raw.execute("SELECT pg_advisory_xact_lock(hashtext('madoguchi.portal_key'))")
            name, signature = self.keys.sign(tx, body)
            return Signed(body, public_keys(tx, PORTAL)[name], signature)
