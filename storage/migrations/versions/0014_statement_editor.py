"""Writing statements together: who is where, texts put aside, ready sentences, proposals, the bytes of attachments.

Presence is unlogged: it lives for minutes, and a crash may forget it. What is handed in or said is only ever added.
"""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE UNLOGGED TABLE madoguchi.assessment_presence (
        tenant varchar(6) NOT NULL, assessment_id uuid NOT NULL, form text NOT NULL, account text NOT NULL,
        part text NOT NULL, since timestamptz NOT NULL, seen_at timestamptz NOT NULL,
        CONSTRAINT pk_assessment_presence PRIMARY KEY (tenant, assessment_id, form, account)
    )
    """,
    """
    CREATE TABLE madoguchi.assessment_aside (
        tenant varchar(6) NOT NULL, assessment_id uuid NOT NULL, form text NOT NULL, account text NOT NULL,
        place text NOT NULL, value jsonb NOT NULL,
        reason text NOT NULL CONSTRAINT ck_assessment_aside_reason CHECK (reason IN ('clash', 'gone')),
        at timestamptz NOT NULL,
        CONSTRAINT pk_assessment_aside PRIMARY KEY (tenant, assessment_id, form, account, place)
    )
    """,
    """
    CREATE TABLE madoguchi.assessment_sentence (
        tenant varchar(6) NOT NULL, id uuid NOT NULL, item text NOT NULL, title text NOT NULL, text text NOT NULL,
        shared boolean NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL,
        updated_by text NOT NULL, updated_at timestamptz NOT NULL, removed_at timestamptz,
        CONSTRAINT pk_assessment_sentence PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE madoguchi.assessment_proposal (
        tenant varchar(6) NOT NULL, thread_id uuid NOT NULL, text text NOT NULL,
        accepted_by text, accepted_at timestamptz, accepted_version int,
        CONSTRAINT pk_assessment_proposal PRIMARY KEY (tenant, thread_id)
    )
    """,
    """
    CREATE TABLE madoguchi.assessment_attachment_part (
        tenant varchar(6) NOT NULL, attachment_id uuid NOT NULL, seq int NOT NULL, sealed bytea NOT NULL,
        CONSTRAINT pk_assessment_attachment_part PRIMARY KEY (tenant, attachment_id, seq)
    )
    """,
)
GRANTS = {
    "assessment_presence": "SELECT, INSERT, UPDATE, DELETE",
    "assessment_aside": "SELECT, INSERT, UPDATE, DELETE",
    "assessment_sentence": "SELECT, INSERT, UPDATE",
    "assessment_proposal": "SELECT, INSERT, UPDATE",
    "assessment_attachment_part": "SELECT, INSERT",
}


def upgrade() -> None:
    """Make the tables. A sentence that an office shares is read by the other offices of the installation, and by nobody else."""
    for statement in TABLES:
        op.execute(statement)
    for name, may in GRANTS.items():
        isolate(name, grants={"web": may, "worker": may})
    append_only("assessment_attachment_part")
    op.execute(
        "CREATE POLICY shared_rows ON madoguchi.assessment_sentence FOR SELECT USING (shared AND removed_at IS NULL"
        " AND coalesce(current_setting('madoguchi.tenant', true), '') <> '')"
    )
    op.execute("CREATE INDEX ix_assessment_sentence_item ON madoguchi.assessment_sentence (tenant, item)")
    op.execute(
        "CREATE INDEX ix_assessment_sentence_shared ON madoguchi.assessment_sentence (item) WHERE shared AND removed_at IS NULL"
    )


def downgrade() -> None:
    """Take the tables away; only for a system that has not been used."""
    for name in reversed(GRANTS):
        op.execute(f"DROP TABLE madoguchi.{name}")
