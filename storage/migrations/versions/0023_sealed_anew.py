"""Names given with opinions and the pieces of attachments may be sealed anew, and nothing else about them may change; files of opinions.

Both of the former stand in tables that are only ever added to. A rotation of keys has to replace the sealed value all the same: the database lets
that through when everything else in the row stays as it was and the new value was sealed under a later key.

The files hold every opinion of a consultation as Excel: made by a job, in parts, kept for a day.

Files of a public version that was withdrawn, or whose years are over, are read by its own office only: the database says so itself,
whatever a page forgets to ask.
"""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None

# Table and its sealed column.
SEALED = (("opinion", "personal"), ("assessment_attachment_part", "sealed"))
# Columns, what is added to the primary key, what the worker may.
FILES = {
    "opinion_sheets": (
        """state text NOT NULL CHECK (state IN ('waiting', 'making', 'ready', 'failed')), done int NOT NULL DEFAULT 0,
           total int NOT NULL, head text[] NOT NULL, asked_by text NOT NULL, asked_at timestamptz NOT NULL, made_at timestamptz""",
        "",
        "SELECT, INSERT, UPDATE",
    ),
    "opinion_sheet": (
        """part int NOT NULL, first text NOT NULL, last text NOT NULL, opinions int NOT NULL, content bytea NOT NULL,
           expires_at timestamptz NOT NULL""",
        ", part",
        "SELECT, INSERT, DELETE",
    ),
}

STANDING = """NOT EXISTS (SELECT 1 FROM madoguchi.public_statement AS p WHERE p.tenant = public_statement_file.tenant
    AND p.body = public_statement_file.body AND p.number = public_statement_file.number AND p.stage = public_statement_file.stage
    AND p.ordinal = public_statement_file.ordinal AND (p.withdrawn_on IS NOT NULL OR p.left_on IS NOT NULL))"""


def upgrade() -> None:
    """Replace the triggers that refuse every change by such that know a value sealed anew; only the worker seals anew."""
    op.execute(
        """
        CREATE FUNCTION madoguchi.refuse_change_but_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            was bytea;
            now bytea;
        BEGIN
            IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV[0] = to_jsonb(NEW) - TG_ARGV[0] THEN
                EXECUTE format('SELECT ($1).%I, ($2).%I', TG_ARGV[0], TG_ARGV[0]) INTO was, now USING OLD, NEW;
                -- The number of the key is in bytes 2 and 3 of a sealed value.
                IF substring(now FROM 2 FOR 2) > substring(was FROM 2 FOR 2) THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'rows of % are a record: they are added, never changed', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table, column in SEALED:
        _trigger(table, f"madoguchi.refuse_change_but_sealing('{column}')")
        op.execute(f"GRANT UPDATE ({column}) ON madoguchi.{table} TO madoguchi_worker")
    for name, (columns, key, worker) in FILES.items():
        op.execute(
            f"CREATE TABLE madoguchi.{name} (tenant varchar(6) NOT NULL, consultation_id uuid NOT NULL, {columns},"
            f" CONSTRAINT pk_{name} PRIMARY KEY (tenant, consultation_id{key}))"
        )
        isolate(name, grants={"web": "SELECT, INSERT, UPDATE" if not key else "SELECT", "worker": worker})
    for event in ("SELECT", "DELETE"):
        op.execute(
            f"CREATE POLICY expired_{event.lower()} ON madoguchi.opinion_sheet FOR {event} TO madoguchi_worker"
            " USING (expires_at < now())"
        )
    op.execute("CREATE INDEX ix_opinion_sheet_expires ON madoguchi.opinion_sheet (expires_at)")
    _anyone_reads(STANDING)


def downgrade() -> None:
    """Nothing of these rows may change again."""
    _anyone_reads("true")
    for name in FILES:
        op.execute(f"DROP TABLE madoguchi.{name}")
    for table, column in SEALED:
        op.execute(f"REVOKE UPDATE ({column}) ON madoguchi.{table} FROM madoguchi_worker")
        _trigger(table, "madoguchi.refuse_change()")
    op.execute("DROP FUNCTION madoguchi.refuse_change_but_sealing()")


def _anyone_reads(condition: str) -> None:
    op.execute("DROP POLICY anyone_reads ON madoguchi.public_statement_file")
    op.execute(
        f"CREATE POLICY anyone_reads ON madoguchi.public_statement_file FOR SELECT USING ({condition})"
    )


def _trigger(table: str, function: str) -> None:
    op.execute(f"DROP TRIGGER append_only_rows ON madoguchi.{table}")
    op.execute(
        f"CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON madoguchi.{table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}"
    )
