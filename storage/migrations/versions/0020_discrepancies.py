"""The newest word on each discrepancy, found without looking at any other incident."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; only discrepancies are about something."""
    op.execute(
        "CREATE INDEX ix_linkage_incident_about ON madoguchi.linkage_incident (tenant, (detail->>'about'), at DESC, id DESC)"
        " WHERE detail ? 'about'"
    )


def downgrade() -> None:
    """Take the index away."""
    op.execute("DROP INDEX madoguchi.ix_linkage_incident_about")
