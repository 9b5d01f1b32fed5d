"""Files sent in to become statements: what was read of each, what was not understood, and where it was taken.

The file itself is not kept, only its digest: what was understood is in the preview, and the sender still has the rest.
"""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute(
        """
        CREATE TABLE madoguchi.assessment_import (
            tenant varchar(6) NOT NULL, id uuid NOT NULL, batch uuid NOT NULL, position int NOT NULL,
            name text NOT NULL, size bigint NOT NULL, sha256 bytea NOT NULL,
            form text, edition text, own boolean NOT NULL DEFAULT false,
            body jsonb, cells jsonb NOT NULL DEFAULT '{}', notes jsonb NOT NULL DEFAULT '[]', problem text,
            by_whom text NOT NULL, at timestamptz NOT NULL,
            taken_by text, taken_at timestamptz, taken_into uuid, taken_version int,
            CONSTRAINT pk_assessment_import PRIMARY KEY (tenant, id),
            CONSTRAINT uq_assessment_import_position UNIQUE (tenant, batch, position)
        )
        """
    )
    op.execute("CREATE INDEX ix_assessment_import_at ON madoguchi.assessment_import (tenant, at DESC)")
    may = "SELECT, INSERT, UPDATE, DELETE"
    isolate("assessment_import", grants={"web": may, "worker": may})


def downgrade() -> None:
    """Take it away again."""
    op.execute("DROP TABLE madoguchi.assessment_import")
