"""Published statements for anyone: one row for each published version and each text laid open for opinions.

Only the public rendering comes here. These two tables are the only ones of the assessments that everybody may read; each is written
by its own tenant, and what a row says never changes: only where it stands (newest, ended, withdrawn) does.
"""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# What is said in a row, and so never changed.
SAID = (
    "tenant, body, number, stage, ordinal, assessment_id, body_name, title, kind, publication, forms, affairs, shown_on, closes,"
    " review_by, redo_by, network, entrusted, incident, persons, content, tokens, folded, starts, anchors, addresses, lines"
)


def upgrade() -> None:
    """Make the tables."""
    op.execute(
        """
        CREATE TABLE madoguchi.public_statement (
            tenant varchar(6) NOT NULL,
            body text NOT NULL,
            number text NOT NULL,
            stage text NOT NULL CONSTRAINT ck_public_statement_stage CHECK (stage IN ('published', 'consulted')),
            ordinal int NOT NULL,
            assessment_id uuid NOT NULL,
            body_name text NOT NULL,
            title text NOT NULL,
            kind text NOT NULL,
            publication text NOT NULL,
            forms text[] NOT NULL,
            affairs text[] NOT NULL,
            shown_on date NOT NULL,
            closes date,
            review_by date,
            redo_by date,
            network boolean,
            entrusted boolean,
            incident boolean,
            persons text NOT NULL,
            content jsonb NOT NULL,
            tokens text[] NOT NULL,
            folded text NOT NULL,
            starts int[] NOT NULL,
            anchors text[] NOT NULL,
            addresses text[] NOT NULL,
            lines text[] NOT NULL,
            current boolean NOT NULL,
            ended_on date,
            kept_until date,
            left_on date,
            withdrawn_on date,
            withdrawn_why text,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_public_statement PRIMARY KEY (tenant, body, number, stage, ordinal)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE madoguchi.public_statement_file (
            tenant varchar(6) NOT NULL,
            body text NOT NULL,
            number text NOT NULL,
            stage text NOT NULL,
            ordinal int NOT NULL,
            form text NOT NULL,
            media text NOT NULL CONSTRAINT ck_public_statement_file_media CHECK (media IN ('pdf', 'xlsx')),
            state text NOT NULL CONSTRAINT ck_public_statement_file_state CHECK (state IN ('waiting', 'making', 'ready', 'failed')),
            content bytea,
            asked_at timestamptz NOT NULL,
            made_at timestamptz,
            CONSTRAINT pk_public_statement_file PRIMARY KEY (tenant, body, number, stage, ordinal, form, media)
        )
        """
    )
    for table, roles in (
        ("public_statement", {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"}),
        ("public_statement_file", {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"}),
    ):
        isolate(table, grants=roles)
        # 番号法28条4項, 規則5条2項ほか: published means published. Writing stays with the tenant.
        op.execute(f"CREATE POLICY anyone_reads ON madoguchi.{table} FOR SELECT USING (true)")
    op.execute(
        f"CREATE TRIGGER said_for_good BEFORE UPDATE OF {SAID} ON madoguchi.public_statement"
        " FOR EACH ROW EXECUTE FUNCTION madoguchi.refuse_change()"
    )
    for event, level in (("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER kept_{event.lower()} BEFORE {event} ON madoguchi.public_statement"
            f" FOR EACH {level} EXECUTE FUNCTION madoguchi.refuse_change()"
        )
    table = "madoguchi.public_statement"
    # Its condition is written otherwise than that of the other indexes, so that a question about words can use no other: the planner
    # does not know what it costs to look into the words of a row, and would rather do that than use this index.
    op.execute(
        f"CREATE INDEX ix_public_statement_tokens ON {table} USING gin (tokens) WHERE current::int = 1"
    )
    op.execute(
        f"CREATE INDEX ix_public_statement_newest ON {table} (shown_on DESC, tenant, body, number, stage) WHERE current"
    )
    op.execute(
        f"CREATE INDEX ix_public_statement_tenant ON {table} (tenant, shown_on DESC, body, number, stage) WHERE current"
    )
    op.execute(f"CREATE INDEX ix_public_statement_changed ON {table} (changed_at DESC) WHERE current")
    op.execute(f"CREATE INDEX ix_public_statement_affairs ON {table} USING gin (affairs) WHERE current")
    op.execute(f"CREATE INDEX ix_public_statement_assessment ON {table} (tenant, assessment_id)")


def downgrade() -> None:
    """Take the tables away; what was in them can be made again from the frozen versions."""
    op.execute("DROP TABLE madoguchi.public_statement_file")
    op.execute("DROP TABLE madoguchi.public_statement")
