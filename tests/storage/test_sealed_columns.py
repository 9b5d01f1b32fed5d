"""A rotation forgets no column: every column of bytes is either sealed and registered, or known by its full name to hold nothing sealed."""

from __future__ import annotations

from importlib import import_module

from portal.keys import ROOMS
from storage.database import Transaction
from storage.encryption.rotation import sealed_columns
from tests.conftest import Databases

# What keeps a value without hiding it, by schema, table and column: the same word in another table may be a secret.
NOT_SEALED = {
    "digests, hashes and what is looked up by them": {
        "identity.card_key.issuer_hash", "identity.challenge.code_hash", "identity.challenge.entry_hash",
        "identity.challenge.network_hash", "identity.challenge.token_hash", "identity.enrolment.code_hash",
        "identity.revoked_certificate.issuer_hash", "identity.session.token_hash", "identity.throttle.bucket",
        "madoguchi.assessment_attachment.sha256", "madoguchi.assessment_change.after_digest", "madoguchi.assessment_import.sha256",
        "madoguchi.assessment_redaction.text_digest", "madoguchi.assessment_version.digest", "madoguchi.case_file.head_hash",
        "madoguchi.commission_form.digest", "madoguchi.commission_submission.digest", "madoguchi.linkage_copy.digest",
        "madoguchi.linkage_inbox.digest", "madoguchi.opinion.edit_key", "madoguchi.step.hash", "madoguchi.step.prev_hash",
        "madoguchi.step.request_digest", "vault.former_number.blind", "vault.number.blind", "vault.person.digest",
    },
    "the logs that anybody may verify": {
        "madoguchi.audit_checkpoint.body", "madoguchi.audit_checkpoint.map_root", "madoguchi.audit_checkpoint.root",
        "madoguchi.audit_checkpoint.signature", "madoguchi.audit_map_entry.edge", "madoguchi.audit_map_entry.key",
        "madoguchi.audit_map_entry.root", "madoguchi.audit_map_node.hash", "madoguchi.audit_stamp.token",
        "madoguchi.audit_tile.hashes", "madoguchi.linkage_record_sync.edge", "madoguchi.provision_leaf.leaf",
    },
    "salts and keys of the lists in those logs": {
        "madoguchi.provision_mark.salt", "madoguchi.provision_person.hidden_key", "madoguchi.provision_person.visible_salt",
        "madoguchi.provision_record.salt",
    },
    "public keys, and what a sign-in is asked with": {
        "identity.challenge.nonce", "identity.passkey.attestation", "identity.passkey.credential", "identity.passkey.public_key",
        "madoguchi.audit_key.public",
    },
    "messages of the link, sealed for whom they are for": {
        "madoguchi.linkage_inbox.body", "madoguchi.linkage_outbox.body", "madoguchi.linkage_provision.request",
    },
    "files of what is public": {"madoguchi.public_statement_file.content"},
    # Statements and opinions stand as text in their own tables, where they are searched, compared and grouped: to seal a copy of them
    # would hide nothing. What keeps both in the office is the isolation of rows; a file of opinions also goes after a day, and names,
    # which are sealed, are in none.
    "files of the office, made of text that stands beside them": {
        "madoguchi.commission_paper.content", "madoguchi.opinion_sheet.content",
    },
    "the tenants' keys, wrapped by the master key": {"madoguchi.tenant_key.wrapped"},
}  # fmt: skip
# In the scope of a person's account, which no rotation of an office enters: a file lives a day, a name as long as its session.
A_DAY = {"madoguchi.download.sealed", "identity.session.profile"}


def columns_of_bytes(tx: Transaction) -> set[str]:
    """Every column of bytes that a migration made."""
    rows = tx.raw.execute(
        "SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE a.atttypid IN ('bytea'::regtype, 'bytea[]'::regtype)"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped"
        " AND n.nspname IN ('madoguchi', 'identity', 'vault')"
    ).fetchall()
    return {name for (name,) in rows}


def unheard_of(tx: Transaction) -> set[str]:
    """What nobody has said anything about."""
    return columns_of_bytes(tx).difference(A_DAY, *NOT_SEALED.values())


def test_every_column_of_bytes_is_registered_or_known_to_hold_nothing_sealed(databases: Databases) -> None:
    for room in ROOMS:
        import_module(room)
    registered = {str(one) for role in ("worker", "vault") for one in sealed_columns(role)}
    assert registered
    with databases.worker.transaction() as tx:
        assert unheard_of(tx) == registered
        assert A_DAY.union(*NOT_SEALED.values()) <= columns_of_bytes(tx), (
            "nothing is excused that is not there"
        )


def test_a_new_table_is_seen_whatever_its_column_is_called(databases: Databases) -> None:
    with databases.migrator.transaction() as tx:
        before = unheard_of(tx)
        for column in ("content", "body", "key", "request", "digest"):
            tx.raw.execute(f"CREATE TABLE madoguchi.new_{column} (tenant varchar(6), {column} bytea)")
            assert f"madoguchi.new_{column}.{column}" in unheard_of(tx) - before
        tx.raw.execute(
            "DROP TABLE madoguchi.new_content, madoguchi.new_body, madoguchi.new_key, madoguchi.new_request,"
            " madoguchi.new_digest"
        )
