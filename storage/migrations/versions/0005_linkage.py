"""The link: what waits to go out, what came in, and what each machine of the link remembers about its cases.

No 個人番号 and no name is in any of these tables. Answers and copies are sealed; 取得番号 (acquisition tokens) are sealed and wiped (21条の2).
"""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MESSAGES = (
    """
    CREATE TABLE madoguchi.linkage_outbox (
        tenant varchar(6) NOT NULL,
        id varchar(26) NOT NULL,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        lane text NOT NULL,
        partition text,
        type text NOT NULL,
        body bytea NOT NULL,
        case_id uuid,
        person varchar(15),
        office text NOT NULL DEFAULT '',
        items text[] NOT NULL DEFAULT '{}',
        state text NOT NULL DEFAULT 'ready'
            CONSTRAINT ck_linkage_outbox_state CHECK (state IN ('ready', 'sent', 'dead', 'closed')),
        batch varchar(26),
        attempts integer NOT NULL DEFAULT 0,
        not_before timestamptz NOT NULL,
        first_try timestamptz,
        last_try timestamptz,
        cause text,
        created_at timestamptz NOT NULL,
        done_at timestamptz,
        CONSTRAINT pk_linkage_outbox PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_linkage_outbox_ready ON madoguchi.linkage_outbox (tenant, lane, seq) WHERE state = 'ready'",
    (
        "CREATE INDEX ix_linkage_outbox_open ON madoguchi.linkage_outbox (tenant, lane, partition, seq)"
        " WHERE state IN ('ready', 'dead') AND partition IS NOT NULL"
    ),
    (
        "CREATE INDEX ix_linkage_outbox_batch ON madoguchi.linkage_outbox (tenant, lane, batch)"
        " WHERE state = 'ready' AND batch IS NOT NULL"
    ),
    "CREATE INDEX ix_linkage_outbox_dead ON madoguchi.linkage_outbox (tenant, seq) WHERE state = 'dead'",
    "CREATE INDEX ix_linkage_outbox_case ON madoguchi.linkage_outbox (tenant, case_id)",
    """
    CREATE TABLE madoguchi.linkage_inbox (
        tenant varchar(6) NOT NULL,
        id varchar(26) NOT NULL,
        type text NOT NULL,
        digest bytea NOT NULL,
        body bytea,
        state text NOT NULL CONSTRAINT ck_linkage_inbox_state CHECK (state IN ('waiting', 'done', 'dead', 'closed')),
        attempts integer NOT NULL DEFAULT 0,
        not_before timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        done_at timestamptz,
        cause text,
        CONSTRAINT pk_linkage_inbox PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_linkage_inbox_waiting ON madoguchi.linkage_inbox (tenant, not_before) WHERE state = 'waiting'",
    "CREATE INDEX ix_linkage_inbox_dead ON madoguchi.linkage_inbox (tenant, received_at) WHERE state = 'dead'",
    """
    CREATE TABLE madoguchi.linkage_dead_decision (
        tenant varchar(6) NOT NULL,
        id uuid NOT NULL,
        direction text NOT NULL CONSTRAINT ck_linkage_dead_decision_direction CHECK (direction IN ('out', 'in')),
        message_id varchar(26) NOT NULL,
        action text NOT NULL CONSTRAINT ck_linkage_dead_decision_action CHECK (action IN ('replay', 'propose_close', 'close')),
        reason text NOT NULL,
        actor text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_linkage_dead_decision PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_linkage_dead_decision_message ON madoguchi.linkage_dead_decision (tenant, message_id)",
    """
    CREATE TABLE madoguchi.linkage_incident (
        tenant varchar(6) NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        detail jsonb NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_linkage_incident PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE madoguchi.linkage_freeze (
        tenant varchar(6) NOT NULL,
        id uuid NOT NULL,
        scope text NOT NULL CONSTRAINT ck_linkage_freeze_scope CHECK (scope IN ('person', 'office', 'tenant', 'item')),
        value text NOT NULL,
        reason text NOT NULL,
        set_by text NOT NULL,
        set_at timestamptz NOT NULL,
        released_by text,
        released_at timestamptz,
        CONSTRAINT pk_linkage_freeze PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_linkage_freeze_active ON madoguchi.linkage_freeze (tenant, scope, value) WHERE released_at IS NULL",
)

CASES = (
    """
    CREATE TABLE madoguchi.linkage_inquiry (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        message_id varchar(26) NOT NULL,
        application uuid,
        addressee varchar(15) NOT NULL,
        asker_org text NOT NULL,
        asker_office text NOT NULL,
        holder_org text NOT NULL,
        affair text NOT NULL,
        procedure text NOT NULL,
        items text[] NOT NULL,
        law_row text NOT NULL,
        law_clause text NOT NULL,
        table_version text NOT NULL,
        purpose text NOT NULL,
        staff text NOT NULL,
        wanted_as_of date,
        requested_at timestamptz NOT NULL,
        request_digest text NOT NULL,
        exchange_id varchar(26),
        permit_expires timestamptz,
        outcome text,
        blocked_by text[] NOT NULL DEFAULT '{}',
        provided_at timestamptz,
        CONSTRAINT pk_linkage_inquiry PRIMARY KEY (tenant, case_id),
        CONSTRAINT uq_linkage_inquiry_message UNIQUE (tenant, message_id)
    )
    """,
    "CREATE INDEX ix_linkage_inquiry_application ON madoguchi.linkage_inquiry (tenant, application)",
    """
    CREATE TABLE madoguchi.linkage_answer (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        code text NOT NULL,
        items jsonb NOT NULL,
        as_of date NOT NULL,
        sealed bytea,
        received_at timestamptz NOT NULL,
        keep_until date NOT NULL,
        purged_at timestamptz,
        CONSTRAINT pk_linkage_answer PRIMARY KEY (tenant, case_id),
        CONSTRAINT ck_linkage_answer_purged CHECK ((sealed IS NULL) = (purged_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_linkage_answer_keep ON madoguchi.linkage_answer (tenant, keep_until) WHERE purged_at IS NULL",
    """
    CREATE TABLE madoguchi.linkage_provision (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        provision_id varchar(26) NOT NULL,
        exchange_id varchar(26) NOT NULL,
        inquiry_id varchar(26) NOT NULL,
        addressee text NOT NULL,
        asker_org text NOT NULL,
        asker_label text NOT NULL,
        affair text NOT NULL,
        procedure text NOT NULL,
        items text[] NOT NULL,
        law_row text NOT NULL,
        law_clause text NOT NULL,
        table_version text NOT NULL,
        purpose text NOT NULL,
        permit text NOT NULL,
        permit_expires timestamptz NOT NULL,
        request bytea,
        received_at timestamptz NOT NULL,
        proposal text,
        proposed_by text,
        ground text,
        outcome text,
        provided_at timestamptz,
        CONSTRAINT pk_linkage_provision PRIMARY KEY (tenant, case_id),
        CONSTRAINT uq_linkage_provision_provision UNIQUE (tenant, provision_id)
    )
    """,
    """
    CREATE TABLE madoguchi.linkage_link_code (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        addressee varchar(15) NOT NULL,
        acquisition_id varchar(26),
        token bytea,
        live boolean NOT NULL DEFAULT true,
        CONSTRAINT pk_linkage_link_code PRIMARY KEY (tenant, case_id)
    )
    """,
    "CREATE UNIQUE INDEX uq_linkage_link_code_live ON madoguchi.linkage_link_code (tenant, addressee) WHERE live",
    "CREATE INDEX ix_linkage_link_code_acquisition ON madoguchi.linkage_link_code (tenant, acquisition_id)",
    """
    CREATE TABLE madoguchi.linkage_copy (
        tenant varchar(6) NOT NULL,
        item text NOT NULL,
        addressee varchar(15) NOT NULL,
        version bigint NOT NULL,
        acknowledged bigint NOT NULL DEFAULT 0,
        as_of date NOT NULL,
        layout text NOT NULL,
        state text NOT NULL CONSTRAINT ck_linkage_copy_state CHECK (state IN
            ('valid', 'sent', 'current', 'conflict', 'mismatch', 'withdrawn')),
        digest bytea NOT NULL,
        sealed text NOT NULL,
        batch_id varchar(26),
        cause text,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_linkage_copy PRIMARY KEY (tenant, item, addressee)
    )
    """,
    "CREATE INDEX ix_linkage_copy_valid ON madoguchi.linkage_copy (tenant, item, addressee) WHERE state IN ('valid', 'conflict', 'mismatch')",
    "CREATE INDEX ix_linkage_copy_batch ON madoguchi.linkage_copy (tenant, batch_id, addressee) WHERE state = 'sent'",
    """
    CREATE TABLE madoguchi.linkage_copy_batch (
        tenant varchar(6) NOT NULL,
        id varchar(26) NOT NULL,
        item text NOT NULL,
        layout text NOT NULL,
        state text NOT NULL CONSTRAINT ck_linkage_copy_batch_state CHECK (state IN
            ('open', 'sealed', 'uploading', 'committed', 'partial', 'complete', 'aborted')),
        rows integer NOT NULL DEFAULT 0,
        parts integer NOT NULL DEFAULT 0,
        parts_sent integer NOT NULL DEFAULT 0,
        accepted integer NOT NULL DEFAULT 0,
        rejected integer NOT NULL DEFAULT 0,
        merkle_root text,
        cause text,
        opened_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_linkage_copy_batch PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE madoguchi.linkage_record_sync (
        tenant varchar(6) NOT NULL CONSTRAINT pk_linkage_record_sync PRIMARY KEY,
        case_id uuid NOT NULL,
        last_seq bigint NOT NULL DEFAULT 0,
        available bigint NOT NULL DEFAULT 0,
        edge bytea[] NOT NULL DEFAULT '{}',
        checked_at timestamptz
    )
    """,
    """
    CREATE TABLE madoguchi.linkage_record (
        tenant varchar(6) NOT NULL,
        seq bigint NOT NULL,
        exchange_id varchar(26) NOT NULL,
        side text NOT NULL,
        outcome text NOT NULL,
        digest text NOT NULL,
        body jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        matched text CONSTRAINT ck_linkage_record_matched CHECK (matched IN ('same', 'differs', 'missing')),
        CONSTRAINT pk_linkage_record PRIMARY KEY (tenant, seq)
    )
    """,
    "CREATE INDEX ix_linkage_record_exchange ON madoguchi.linkage_record (tenant, exchange_id)",
    "CREATE INDEX ix_linkage_record_unmatched ON madoguchi.linkage_record (tenant, seq) WHERE matched IS NULL",
)

ALL = "SELECT, INSERT, UPDATE"
GRANTS = {
    "linkage_outbox": {"web": ALL, "worker": f"{ALL}, DELETE", "vault": ALL},
    "linkage_inbox": {"web": "SELECT, UPDATE", "worker": f"{ALL}, DELETE", "vault": "SELECT"},
    "linkage_dead_decision": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"},
    "linkage_incident": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT", "vault": "SELECT, INSERT"},
    "linkage_freeze": {"web": ALL, "worker": ALL, "vault": "SELECT"},
    "linkage_inquiry": {"web": ALL, "worker": ALL},
    "linkage_answer": {"web": "SELECT", "worker": ALL},
    "linkage_provision": {"web": ALL, "worker": ALL},
    "linkage_link_code": {"web": "SELECT, INSERT", "worker": ALL, "vault": ALL},
    "linkage_copy": {"web": "SELECT", "worker": f"{ALL}, DELETE"},
    "linkage_copy_batch": {"web": "SELECT", "worker": ALL},
    "linkage_record_sync": {"web": "SELECT", "worker": ALL},
    "linkage_record": {"web": "SELECT", "worker": ALL},
}


def upgrade() -> None:
    """Make the tables of the link."""
    for statement in (*MESSAGES, *CASES):
        op.execute(statement)
    for table, grants in GRANTS.items():
        isolate(table, grants=grants)
    append_only("linkage_dead_decision")
    append_only("linkage_incident")


def downgrade() -> None:
    """Take the link away; only for a system that has not been used."""
    for table in reversed(GRANTS):
        op.execute(f"DROP TABLE madoguchi.{table}")
