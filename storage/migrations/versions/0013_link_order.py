"""Acquisitions of link codes are asked about when their result does not come: when each was last asked about.

The index serves the question who waits, and the one whom nobody has asked for yet.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment of the last question."""
    op.execute("ALTER TABLE madoguchi.linkage_link_code ADD COLUMN asked_at timestamptz")
    op.execute(
        "CREATE INDEX ix_linkage_link_code_addressee ON madoguchi.linkage_link_code (tenant, addressee)"
    )


def downgrade() -> None:
    """Forget it again."""
    op.execute("DROP INDEX madoguchi.ix_linkage_link_code_addressee")
    op.execute("ALTER TABLE madoguchi.linkage_link_code DROP COLUMN asked_at")
