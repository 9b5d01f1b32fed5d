"""The deadlines a case waits for, found at once however many it had before."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; it holds no deadline that is settled."""
    op.execute(
        "CREATE INDEX ix_deadline_pending ON madoguchi.deadline (tenant, case_id, due_at) WHERE settled_at IS NULL"
    )


def downgrade() -> None:
    """Take the index away."""
    op.execute("DROP INDEX madoguchi.ix_deadline_pending")
