"""A statement in the plan: the office in charge, when it is planned for, remarks; and the people counted since it was judged.

A count is kept apart from a judgement, because only a count that crosses a border of the table makes a new judgement necessary.
"""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three columns of the plan and the table of counts."""
    op.execute(
        "ALTER TABLE madoguchi.assessment ADD COLUMN office text NOT NULL DEFAULT '',"
        " ADD COLUMN planned_on date, ADD COLUMN remarks text NOT NULL DEFAULT ''"
    )
    op.execute(
        """
        CREATE TABLE madoguchi.assessment_count (
            tenant varchar(6) NOT NULL,
            id uuid NOT NULL,
            assessment_id uuid NOT NULL,
            persons bigint NOT NULL CONSTRAINT ck_assessment_count_persons CHECK (persons >= 0),
            counted_on date NOT NULL,
            by_whom text NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_assessment_count PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_assessment_count_statement ON madoguchi.assessment_count (tenant, assessment_id, counted_on DESC, at DESC)"
    )
    isolate("assessment_count", grants={"web": "SELECT, INSERT", "worker": "SELECT, INSERT"})
    append_only("assessment_count")


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE madoguchi.assessment_count")
    op.execute(
        "ALTER TABLE madoguchi.assessment DROP COLUMN office, DROP COLUMN planned_on, DROP COLUMN remarks"
    )
