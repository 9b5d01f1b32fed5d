"""A rotation forgets no column: every column of bytes is either sealed and registered, or known to hold nothing sealed."""

from __future__ import annotations

from importlib import import_module

from portal.keys import ROOMS
from storage.encryption.rotation import sealed_columns

# What keeps a value without hiding it: digests and hashes, salts, signatures and what is signed, public keys, messages of the link
# (sealed for their receiver), files that everybody may have; and the tenants' keys, which are wrapped by the master key.
NOT_SEALED = {
    "after_digest", "attestation", "blind", "body", "bucket", "code_hash", "content", "credential", "digest", "edge", "edit_key",
    "entry_hash", "hash", "hashes", "head_hash", "hidden_key", "issuer_hash", "key", "leaf", "map_root", "network_hash", "nonce",
    "prev_hash", "public", "public_key", "request", "request_digest", "root", "salt", "sha256", "signature", "text_digest",
    "token_hash", "visible_salt", "wrapped",
}  # fmt: skip
STAMPS = {"madoguchi.audit_stamp.token"}
# In the scope of a person's account, which no rotation of an office enters: a file lives a day, a name as long as its session.
A_DAY = {"madoguchi.download.sealed", "identity.session.profile"}


def test_every_column_of_bytes_is_registered_or_known_to_hold_nothing_sealed(databases):
    for room in ROOMS:
        import_module(room)
    registered = {str(one) for role in ("worker", "vault") for one in sealed_columns(role)}
    with databases.worker.transaction() as tx:
        rows = tx.raw.execute(
            "SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE a.atttypid = 'bytea'::regtype AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND n.nspname IN ('madoguchi', 'identity', 'vault')"
        ).fetchall()
    found = {name for (name,) in rows if name.rpartition(".")[2] not in NOT_SEALED}
    assert found == registered | STAMPS | A_DAY
