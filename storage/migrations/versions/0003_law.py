"""Law: dated tables of what may be asked (番号法19条8号), and which statements are published (28条6項)."""

from alembic import op

from storage.migrations.isolation import append_only, grant, isolate

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

READERS = {"web": "SELECT", "worker": "SELECT", "vault": "SELECT"}


def upgrade() -> None:
    """Law tables are the same for every tenant; a version is added, never edited."""
    op.execute(
        """
        CREATE TABLE madoguchi.law_table_version (
            table_version text NOT NULL CONSTRAINT pk_law_table_version PRIMARY KEY,
            digest text NOT NULL,
            body jsonb NOT NULL,
            loaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """
    )
    op.execute(
        """
        CREATE TABLE madoguchi.law_row (
            table_version text NOT NULL REFERENCES madoguchi.law_table_version,
            id text NOT NULL,
            asker text NOT NULL,
            affair text NOT NULL,
            item text NOT NULL,
            holder text NOT NULL,
            clause text NOT NULL,
            certainty text NOT NULL,
            valid_from date NOT NULL,
            valid_to date,
            CONSTRAINT pk_law_row PRIMARY KEY (table_version, id),
            CONSTRAINT ck_law_row_period CHECK (valid_to IS NULL OR valid_to > valid_from)
        )
        """
    )
    op.execute("CREATE INDEX ix_law_row_exchange ON madoguchi.law_row (affair, item, asker, holder)")
    for table in ("law_table_version", "law_row"):
        append_only(table)
        grant(table, READERS)
    op.execute(
        """
        CREATE TABLE madoguchi.published_statement (
            tenant varchar(6) NOT NULL,
            affair_code text NOT NULL,
            statement_number text NOT NULL,
            published_on date NOT NULL,
            withdrawn_on date,
            title text NOT NULL,
            address text,
            CONSTRAINT pk_published_statement PRIMARY KEY (tenant, affair_code, statement_number, published_on),
            CONSTRAINT ck_published_statement_period CHECK (withdrawn_on IS NULL OR withdrawn_on > published_on)
        )
        """
    )
    isolate(
        "published_statement", grants={"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"}
    )
    # What is published is published to everybody: a resident reads it beside her record, another office before it answers.
    op.execute("CREATE POLICY public_rows ON madoguchi.published_statement FOR SELECT USING (true)")


def downgrade() -> None:
    """Take the tables away; the data files can be loaded again."""
    for table in ("published_statement", "law_row", "law_table_version"):
        op.execute(f"DROP TABLE madoguchi.{table}")
