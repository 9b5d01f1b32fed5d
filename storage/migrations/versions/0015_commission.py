"""The commission's own records: what was handed in, the checklist, questions, decisions, letters, meetings, and the messages both ways.

A submission is handed over, not shared: these rows stand under the commission's own code (000000). Messages and questions exist
on both sides, each side in its own rows, so that nobody ever reads across.
"""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TENANT = "tenant varchar(6) NOT NULL"
# Table, its columns after the tenant, its key after the tenant, and whether rows are only ever added.
TABLES = (
    (
        "commission_message",
        """id uuid NOT NULL, direction text NOT NULL CHECK (direction IN ('out', 'in')), counterpart varchar(6) NOT NULL,
           case_id uuid, kind text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL, settled_at timestamptz,
           outcome text, reasons text[] NOT NULL DEFAULT '{}'""",
        "id",
        False,
    ),
    (
        "commission_question",
        """id uuid NOT NULL, case_id uuid NOT NULL, number int NOT NULL CHECK (number > 0), form text NOT NULL,
           place text NOT NULL, address text NOT NULL, due_on date, asked_by text NOT NULL, asked_at timestamptz NOT NULL,
           sent_at timestamptz, answered_at timestamptz, closed_by text, closed_at timestamptz, thread uuid""",
        "id",
        False,
    ),
    (
        "commission_question_entry",
        """id uuid NOT NULL, question uuid NOT NULL, side text NOT NULL CHECK (side IN ('commission', 'body')),
           by_whom text NOT NULL, at timestamptz NOT NULL, text text NOT NULL""",
        "id",
        True,
    ),
    (
        "commission_submission",
        """id uuid NOT NULL, case_id uuid NOT NULL, receipt text NOT NULL, sender varchar(6) NOT NULL,
           sender_case uuid NOT NULL, sender_seq int NOT NULL, statement uuid NOT NULL, body text NOT NULL,
           body_name text NOT NULL, standing text NOT NULL, contact text NOT NULL, number text NOT NULL, title text NOT NULL,
           kind text NOT NULL, occasion text NOT NULL, needs_approval boolean NOT NULL, submitted_on date NOT NULL,
           received_at timestamptz NOT NULL, digest bytea NOT NULL, base uuid, before uuid, facts jsonb NOT NULL""",
        "id",
        True,
    ),
    (
        "commission_form",
        """submission uuid NOT NULL, form text NOT NULL, edition text NOT NULL, body jsonb NOT NULL, digest bytea NOT NULL""",
        "submission, form",
        True,
    ),
    (
        "commission_check",
        """submission uuid NOT NULL, standpoint text NOT NULL, seq int NOT NULL,
           rating text NOT NULL CHECK (rating IN ('good', 'fix', 'improve', 'none')), comment text NOT NULL,
           by_whom text NOT NULL, at timestamptz NOT NULL""",
        "submission, standpoint, seq",
        True,
    ),
    (
        "commission_decision",
        """id uuid NOT NULL, submission uuid NOT NULL, case_id uuid NOT NULL,
           outcome text NOT NULL CHECK (outcome IN ('approve', 'approve_with_notes', 'return', 'advise')),
           reasons text NOT NULL, notes text NOT NULL, drafted_by text NOT NULL, drafters text[] NOT NULL,
           drafted_at timestamptz NOT NULL, version int NOT NULL, remark text NOT NULL DEFAULT '', letter_number text, decided_on date, signed_by text,
           signed_at timestamptz,
           CONSTRAINT ck_commission_decision_two_people CHECK (signed_by IS NULL OR signed_by <> ALL (drafters)),
           CONSTRAINT ck_commission_decision_signed CHECK ((signed_by IS NULL) = (signed_at IS NULL))""",
        "id",
        False,
    ),
    (
        "commission_meeting",
        """id uuid NOT NULL, held_on date NOT NULL, place text NOT NULL, note text NOT NULL, created_by text NOT NULL,
           created_at timestamptz NOT NULL""",
        "id",
        False,
    ),
    (
        "commission_meeting_item",
        "meeting uuid NOT NULL, submission uuid NOT NULL, position int NOT NULL",
        "meeting, submission",
        False,
    ),
    (
        "commission_paper",
        """id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('letter', 'draft', 'bundle')), subject uuid NOT NULL,
           name text NOT NULL, state text NOT NULL DEFAULT 'waiting'
               CONSTRAINT ck_commission_paper_state CHECK (state IN ('waiting', 'making', 'ready', 'failed')),
           done int NOT NULL DEFAULT 0, steps int NOT NULL DEFAULT 1, content bytea, asked_by text NOT NULL,
           asked_at timestamptz NOT NULL, made_at timestamptz""",
        "id",
        False,
    ),
)
REMOVABLE = frozenset({"commission_meeting_item"})
INDEXES = (
    "CREATE INDEX ix_commission_message_case ON madoguchi.commission_message (tenant, case_id, at)",
    "CREATE UNIQUE INDEX uq_commission_question_number ON madoguchi.commission_question (tenant, case_id, number)",
    "CREATE INDEX ix_commission_question_entry_question ON madoguchi.commission_question_entry (tenant, question, at)",
    (
        "CREATE UNIQUE INDEX uq_commission_submission_sent"
        " ON madoguchi.commission_submission (tenant, sender, sender_case, sender_seq)"
    ),
    "CREATE INDEX ix_commission_submission_case ON madoguchi.commission_submission (tenant, case_id, received_at DESC)",
    "CREATE INDEX ix_commission_submission_received ON madoguchi.commission_submission (tenant, received_at DESC, id)",
    (
        "CREATE INDEX ix_commission_submission_statement"
        " ON madoguchi.commission_submission (tenant, sender, statement, received_at DESC)"
    ),
    "CREATE INDEX ix_commission_decision_case ON madoguchi.commission_decision (tenant, case_id, drafted_at DESC)",
    "CREATE INDEX ix_commission_paper_subject ON madoguchi.commission_paper (tenant, subject, asked_at DESC)",
    (
        "CREATE INDEX ix_case_file_commission_closed ON madoguchi.case_file (tenant, closed_at)"
        " WHERE kind = 'commission_review' AND closed_at IS NOT NULL"
    ),
    "CREATE INDEX ix_commission_meeting_day ON madoguchi.commission_meeting (tenant, held_on DESC)",
)


def upgrade() -> None:
    """Make the tables, and enter the commission among those who keep a journal here: its deadlines run and its log is sealed."""
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
    op.execute(
        "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES ('000000', '個人情報保護委員会',"
        " 'Personal Information Protection Commission', 'こじんじょうほうほごいいんかい') ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """Take the tables away; only for a system that has not been used."""
    op.execute("DELETE FROM madoguchi.tenant WHERE code = '000000'")
    for name, *_ in reversed(TABLES):
        op.execute(f"DROP TABLE madoguchi.{name}")
    op.execute("DROP INDEX madoguchi.ix_case_file_commission_closed")
