"""Downloads: files that take longer to make than a request may last. They belong to an account and last a day."""

from alembic import op

from storage.migrations.isolation import grant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; only the account itself sees a row, and the worker also what has expired."""
    op.execute(
        """
        CREATE TABLE madoguchi.download (
            account uuid NOT NULL,
            id uuid NOT NULL,
            tenant varchar(6) NOT NULL,
            name text NOT NULL,
            state text NOT NULL CONSTRAINT ck_download_state CHECK (state IN ('waiting', 'ready', 'failed')),
            sealed bytea,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_download PRIMARY KEY (account, id)
        )
        """
    )
    op.execute("CREATE INDEX ix_download_expires_at ON madoguchi.download (expires_at)")
    op.execute("ALTER TABLE madoguchi.download ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE madoguchi.download FORCE ROW LEVEL SECURITY")
    mine = "account::text = current_setting('madoguchi.account', true)"
    op.execute(f"CREATE POLICY account_rows ON madoguchi.download USING ({mine}) WITH CHECK ({mine})")
    for event in ("SELECT", "DELETE"):
        op.execute(
            f"CREATE POLICY expired_{event.lower()} ON madoguchi.download FOR {event} TO madoguchi_worker"
            " USING (expires_at < now())"
        )
    grant("download", {"web": "SELECT, INSERT", "worker": "SELECT, UPDATE, DELETE"})


def downgrade() -> None:
    """Take the table away; what was in it can be made again."""
    op.execute("DROP TABLE madoguchi.download")
