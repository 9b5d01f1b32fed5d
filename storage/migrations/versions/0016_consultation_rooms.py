"""Rooms of a consultation and of a third-party review: what anyone may read, the desk for opinions, outside reviewers."""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TENANT = "tenant varchar(6) NOT NULL"
OPINION = "consultation_id uuid NOT NULL, receipt text NOT NULL"
# Table, its columns after the tenant, its key after the tenant, what the web and the worker may, whether rows are only ever added.
TABLES = (
    (
        "public_consultation",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, body text NOT NULL, number text NOT NULL, body_name text NOT NULL,
           contact text NOT NULL, title text NOT NULL, opens date NOT NULL, closes date NOT NULL, short_reason text NOT NULL,
           rendering jsonb NOT NULL""",
        "id",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "public_result",
        """consultation_id uuid NOT NULL, number int NOT NULL, content jsonb NOT NULL, note text NOT NULL,
           published_at timestamptz NOT NULL, by_whom text NOT NULL""",
        "consultation_id, number",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "opinion_mark",
        f"{OPINION}, tags text[] NOT NULL, updated_by text NOT NULL, updated_at timestamptz NOT NULL",
        "consultation_id, receipt",
        ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
        False,
    ),
    (
        "opinion_group",
        f"""{OPINION}, revision int NOT NULL, group_no int NOT NULL,
            kind text NOT NULL CHECK (kind IN ('single', 'exact', 'near')), likeness real NOT NULL""",
        "consultation_id, receipt",
        ("SELECT", "SELECT, INSERT, DELETE"),
        False,
    ),
    (
        "opinion_grouping",
        """consultation_id uuid NOT NULL, asked_at timestamptz, made_at timestamptz, opinions int NOT NULL DEFAULT 0,
           groups int NOT NULL DEFAULT 0""",
        "consultation_id",
        ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
        False,
    ),
    (
        "opinion_name_reading",
        f"{OPINION}, id uuid NOT NULL, why text NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL",
        "consultation_id, receipt, id",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "opinion_copy",
        f"""{OPINION}, revision int NOT NULL, state text NOT NULL CHECK (state IN ('waiting', 'ready', 'failed')),
            sealed bytea, asked_at timestamptz NOT NULL, expires_at timestamptz NOT NULL""",
        "consultation_id, receipt",
        ("SELECT, INSERT, UPDATE", "SELECT, UPDATE, DELETE"),
        False,
    ),
    (
        "review_room",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, case_id uuid NOT NULL, version int NOT NULL, until date NOT NULL,
           opened_at timestamptz NOT NULL, opened_by text NOT NULL, ended_at timestamptz, ended_by text, end_reason text""",
        "id",
        ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
        False,
    ),
    (
        "review_member",
        """room_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, organisation text NOT NULL, account uuid,
           state text NOT NULL CHECK (state IN ('asked', 'code', 'ready', 'ended')), sealed_code bytea, code_until timestamptz,
           invited_at timestamptz NOT NULL, invited_by text NOT NULL, ended_at timestamptz, ended_by text""",
        "room_id, id",
        ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
        False,
    ),
    (
        "review_finding",
        """room_id uuid NOT NULL, id uuid NOT NULL, viewpoint text NOT NULL, place text NOT NULL, text text NOT NULL,
           by_account uuid NOT NULL, at timestamptz NOT NULL""",
        "room_id, id",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "review_entry",
        """room_id uuid NOT NULL, finding_id uuid NOT NULL, seq int NOT NULL,
           kind text NOT NULL CHECK (kind IN ('answer', 'reply', 'withdrawn')), text text NOT NULL, by_account uuid NOT NULL,
           at timestamptz NOT NULL""",
        "room_id, finding_id, seq",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "review_vote",
        """room_id uuid NOT NULL, account uuid NOT NULL, seq int NOT NULL, favourable boolean NOT NULL, words text NOT NULL,
           at timestamptz NOT NULL""",
        "room_id, account, seq",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
    (
        "review_reading",
        "room_id uuid NOT NULL, id uuid NOT NULL, account uuid NOT NULL, page text NOT NULL, at timestamptz NOT NULL",
        "room_id, id",
        ("SELECT, INSERT", "SELECT, INSERT"),
        True,
    ),
)
INDEXES = (
    "CREATE INDEX ix_public_consultation_closes ON madoguchi.public_consultation (closes DESC, tenant, id)",
    "CREATE INDEX ix_public_consultation_number ON madoguchi.public_consultation (tenant, body, number, opens DESC)",
    "CREATE INDEX ix_consultation_assessment ON madoguchi.consultation (tenant, assessment_id, opens DESC, id)",
    "CREATE UNIQUE INDEX uq_opinion_request ON madoguchi.opinion (tenant, consultation_id, request_key) WHERE request_key IS NOT NULL",
    "CREATE INDEX ix_opinion_group_number ON madoguchi.opinion_group (tenant, consultation_id, group_no, receipt)",
    "CREATE INDEX ix_opinion_copy_expires ON madoguchi.opinion_copy (expires_at)",
    "CREATE INDEX ix_review_room_assessment ON madoguchi.review_room (tenant, assessment_id, opened_at DESC)",
    "CREATE INDEX ix_review_member_account ON madoguchi.review_member (tenant, account)",
    "CREATE INDEX ix_review_reading_room ON madoguchi.review_reading (tenant, room_id, at DESC)",
)
# What was announced to everyone is read by everyone, whoever is at the counter; only its office writes it.
FOR_EVERYONE = ("public_consultation", "public_result")


def upgrade() -> None:
    """Make the tables; what was announced, said, asked and read is only ever added to."""
    op.execute("ALTER TABLE madoguchi.opinion ADD COLUMN request_key text")
    for name, columns, key, (web, worker), growing in TABLES:
        op.execute(
            f"CREATE TABLE madoguchi.{name} ({TENANT}, {columns}, CONSTRAINT pk_{name} PRIMARY KEY (tenant, {key}))"
        )
        isolate(name, grants={"web": web, "worker": worker})
        if growing:
            append_only(name)
    for name in FOR_EVERYONE:
        op.execute(f"CREATE POLICY everyone_reads ON madoguchi.{name} FOR SELECT USING (true)")
    for event in ("SELECT", "DELETE"):
        op.execute(
            f"CREATE POLICY expired_{event.lower()} ON madoguchi.opinion_copy FOR {event} TO madoguchi_worker"
            " USING (expires_at < now())"
        )
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Take the tables away; only for a system that has not been used."""
    for name, *_ in reversed(TABLES):
        op.execute(f"DROP TABLE madoguchi.{name}")
    op.execute("ALTER TABLE madoguchi.opinion DROP COLUMN request_key")
