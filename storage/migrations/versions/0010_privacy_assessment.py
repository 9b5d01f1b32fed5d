"""特定個人情報保護評価: bodies, statements, drafts and their history, procedure records, consultations, publication."""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANT = "tenant varchar(6) NOT NULL"
# Table, its columns after the tenant, its key after the tenant, and whether rows are only ever added.
TABLES = (
    (
        "assessment_body",
        """code text NOT NULL, name text NOT NULL, standing text NOT NULL CHECK (standing IN ('local', 'national')),
           department text NOT NULL, contact text NOT NULL, updated_on date NOT NULL""",
        "code",
        False,
    ),
    (
        "assessment",
        """id uuid NOT NULL, body text NOT NULL, number text NOT NULL, title text NOT NULL, kind text NOT NULL,
           affairs text[] NOT NULL, hold_start date, changes_on date, emergency_on date, emergency_reason text,
           case_id uuid, stopped_on date, created_at timestamptz NOT NULL, created_by text NOT NULL""",
        "id",
        False,
    ),
    (
        "threshold_judgement",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, judged_at timestamptz NOT NULL, judged_on date NOT NULL,
           judged_by text NOT NULL, table_id text NOT NULL, owed text NOT NULL, chosen text NOT NULL,
           figures jsonb NOT NULL, person_class text NOT NULL, why text[] NOT NULL""",
        "id",
        True,
    ),
    (
        "assessment_draft",
        """assessment_id uuid NOT NULL, form text NOT NULL, edition text NOT NULL, version int NOT NULL,
           body jsonb NOT NULL, updated_at timestamptz NOT NULL, updated_by text NOT NULL""",
        "assessment_id, form",
        False,
    ),
    (
        "assessment_edit",
        """assessment_id uuid NOT NULL, form text NOT NULL, version int NOT NULL, place text NOT NULL, before jsonb,
           after jsonb, kind text NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL""",
        "assessment_id, form, version, place",
        True,
    ),
    (
        "assessment_version",
        """assessment_id uuid NOT NULL, form text NOT NULL, number int NOT NULL, purpose text NOT NULL,
           draft_version int NOT NULL, body jsonb NOT NULL, public jsonb, digest bytea NOT NULL,
           judgement uuid, at timestamptz NOT NULL, on_day date NOT NULL, by_whom text NOT NULL""",
        "assessment_id, form, number",
        True,
    ),
    (
        "assessment_thread",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, form text NOT NULL, place text NOT NULL,
           type text NOT NULL CHECK (type IN ('question', 'to_fix', 'proposal', 'internal')), assignee text, due_on date,
           opened_by text NOT NULL, opened_at timestamptz NOT NULL, resolved_by text, resolved_at timestamptz""",
        "id",
        False,
    ),
    (
        "assessment_thread_entry",
        "thread_id uuid NOT NULL, seq int NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL, text text NOT NULL",
        "thread_id, seq",
        True,
    ),
    (
        "assessment_reason",
        """assessment_id uuid NOT NULL, form text NOT NULL, code text NOT NULL, place text NOT NULL, reason text NOT NULL,
           by_whom text NOT NULL, at timestamptz NOT NULL""",
        "assessment_id, form, code, place",
        False,
    ),
    (
        "assessment_attachment",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, form text NOT NULL, place text NOT NULL, name text NOT NULL,
           media_type text NOT NULL, size bigint NOT NULL CHECK (size >= 0), sha256 bytea NOT NULL,
           added_by text NOT NULL, added_at timestamptz NOT NULL, removed_by text, removed_at timestamptz""",
        "id",
        False,
    ),
    (
        "assessment_change",
        """assessment_id uuid NOT NULL, form text NOT NULL, base int NOT NULL, place text NOT NULL,
           after_digest bytea NOT NULL, proposal text NOT NULL, decision text NOT NULL, reason text NOT NULL,
           timing text NOT NULL, note text NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL""",
        "assessment_id, form, base, place",
        False,
    ),
    (
        "assessment_redaction",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, form text NOT NULL, place text NOT NULL, starts int, ends int,
           text_digest bytea NOT NULL, ground text NOT NULL, reason text NOT NULL, by_whom text NOT NULL,
           at timestamptz NOT NULL, lifted_by text, lifted_at timestamptz""",
        "id",
        False,
    ),
    (
        "assessment_internal_step",
        """before_trigger text NOT NULL, code text NOT NULL, position int NOT NULL, label text NOT NULL, role text NOT NULL,
           other_person boolean NOT NULL, source text NOT NULL""",
        "before_trigger, code",
        False,
    ),
    (
        "assessment_confirmation",
        """case_id uuid NOT NULL, seq int NOT NULL, code text NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL,
           void_at timestamptz""",
        "case_id, seq",
        False,
    ),
    (
        "consultation",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, case_id uuid NOT NULL, opens date NOT NULL, closes date NOT NULL,
           version int NOT NULL, short_reason text NOT NULL, receipts int NOT NULL DEFAULT 0,
           CONSTRAINT ck_consultation_days CHECK (closes >= opens)""",
        "id",
        False,
    ),
    (
        "opinion",
        """consultation_id uuid NOT NULL, receipt text NOT NULL, revision int NOT NULL,
           kind text NOT NULL CHECK (kind IN ('given', 'edited', 'withdrawn')), body text NOT NULL, places text[] NOT NULL,
           personal bytea, edit_key bytea NOT NULL, at timestamptz NOT NULL""",
        "consultation_id, receipt, revision",
        True,
    ),
    (
        "opinion_redaction",
        """consultation_id uuid NOT NULL, receipt text NOT NULL, revision int NOT NULL, seq int NOT NULL, body text NOT NULL,
           reason text NOT NULL, by_whom text NOT NULL, at timestamptz NOT NULL""",
        "consultation_id, receipt, revision, seq",
        True,
    ),
    (
        "opinion_result",
        """consultation_id uuid NOT NULL, row int NOT NULL, receipts text[] NOT NULL, places text[] NOT NULL,
           summary text NOT NULL, answer text NOT NULL, changed boolean NOT NULL, change_note text NOT NULL,
           updated_by text NOT NULL, updated_at timestamptz NOT NULL""",
        "consultation_id, row",
        False,
    ),
    (
        "third_party_review",
        """id uuid NOT NULL, assessment_id uuid NOT NULL, case_id uuid NOT NULL, draft_version int NOT NULL,
           reviewed_on date NOT NULL, reviewers text NOT NULL, method text NOT NULL, findings jsonb NOT NULL,
           favourable boolean NOT NULL, recorded_by text NOT NULL, at timestamptz NOT NULL""",
        "id",
        True,
    ),
)
# Settings and working notes; everything else stays.
REMOVABLE = frozenset({"assessment_internal_step", "assessment_reason", "opinion_result"})
INDEXES = (
    "CREATE UNIQUE INDEX uq_assessment_number ON madoguchi.assessment (tenant, body, number)",
    "CREATE UNIQUE INDEX uq_assessment_case ON madoguchi.assessment (tenant, case_id)",
    "CREATE INDEX ix_threshold_judgement_assessment ON madoguchi.threshold_judgement (tenant, assessment_id, judged_at DESC)",
    "CREATE INDEX ix_assessment_edit_place ON madoguchi.assessment_edit (tenant, assessment_id, form, place, version)",
    "CREATE INDEX ix_assessment_thread_statement ON madoguchi.assessment_thread (tenant, assessment_id, resolved_at)",
    "CREATE INDEX ix_assessment_thread_assignee ON madoguchi.assessment_thread (tenant, assignee, due_on)",
    "CREATE INDEX ix_assessment_redaction_statement ON madoguchi.assessment_redaction (tenant, assessment_id, form)",
    "CREATE INDEX ix_assessment_attachment_statement ON madoguchi.assessment_attachment (tenant, assessment_id)",
    "CREATE INDEX ix_consultation_case ON madoguchi.consultation (tenant, case_id, opens DESC)",
    "CREATE INDEX ix_third_party_review_case ON madoguchi.third_party_review (tenant, case_id, at DESC)",
)


def upgrade() -> None:
    """Make the tables; records of what was said and handed in are only ever added to."""
    for name, columns, key, growing in TABLES:
        op.execute(
            f"CREATE TABLE madoguchi.{name} ({TENANT}, {columns}, CONSTRAINT pk_{name} PRIMARY KEY (tenant, {key}))"
        )
        may = "SELECT, INSERT" if growing else "SELECT, INSERT, UPDATE"
        may += ", DELETE" if name in REMOVABLE else ""
        isolate(name, grants={"web": may, "worker": may})
        if growing:
            append_only(name)
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Take the tables away; only for a system that has not been used."""
    for name, *_ in reversed(TABLES):
        op.execute(f"DROP TABLE madoguchi.{name}")
