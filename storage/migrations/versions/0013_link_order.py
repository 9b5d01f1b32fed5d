"""Acquisitions of link codes are asked about when their result does not come: when each was last asked about.

And what the core itself says of an exchange stands beside what the intermediate server says, with how far its list was compared.
And what the intermediate server was last told of what stands here: freezes, records not to be disclosed, addressees merged or closed.
"""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment of the last question, and the core's word."""
    op.execute("ALTER TABLE madoguchi.linkage_link_code ADD COLUMN asked_at timestamptz")
    op.execute(
        "ALTER TABLE madoguchi.linkage_record ADD COLUMN core text"
        " CONSTRAINT ck_linkage_record_core CHECK (core IN ('same', 'differs', 'missing'))"
    )
    op.execute(
        "CREATE INDEX ix_linkage_record_uncompared ON madoguchi.linkage_record (tenant, exchange_id) WHERE core IS NULL"
    )
    op.execute(
        "ALTER TABLE madoguchi.linkage_record_sync ADD COLUMN core_seq bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN core_checked_at timestamptz"
    )
    op.execute(
        "CREATE INDEX ix_linkage_link_code_addressee ON madoguchi.linkage_link_code (tenant, addressee)"
    )
    op.execute(
        """
        CREATE TABLE madoguchi.linkage_told (
            tenant varchar(6) NOT NULL,
            kind text NOT NULL CONSTRAINT ck_linkage_told_kind CHECK (kind IN ('freeze', 'mark', 'subject')),
            key text NOT NULL,
            state text NOT NULL,
            told_at timestamptz NOT NULL,
            CONSTRAINT pk_linkage_told PRIMARY KEY (tenant, kind, key)
        )
        """
    )
    isolate("linkage_told", grants={"worker": "SELECT, INSERT, UPDATE, DELETE"})


def downgrade() -> None:
    """Forget it again."""
    op.execute("DROP TABLE madoguchi.linkage_told")
    op.execute("ALTER TABLE madoguchi.linkage_record_sync DROP COLUMN core_seq, DROP COLUMN core_checked_at")
    op.execute("ALTER TABLE madoguchi.linkage_record DROP COLUMN core")
    op.execute("DROP INDEX madoguchi.ix_linkage_link_code_addressee")
    op.execute("ALTER TABLE madoguchi.linkage_link_code DROP COLUMN asked_at")
