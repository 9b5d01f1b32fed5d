"""Cases, their journal of steps, and their deadlines."""

from alembic import op

from storage.migrations.isolation import RESIDENT, append_only, isolate

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE madoguchi.case_file (
        tenant varchar(6) NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        definition_version integer NOT NULL,
        state text NOT NULL,
        subject varchar(15),
        parent uuid,
        office text NOT NULL DEFAULT '',
        assignee text,
        opened_at timestamptz NOT NULL,
        opened_by text NOT NULL,
        updated_at timestamptz NOT NULL,
        last_by text NOT NULL,
        closed_at timestamptz,
        due_at timestamptz NOT NULL DEFAULT '9999-01-01T00:00:00Z',
        steps integer NOT NULL CONSTRAINT ck_case_file_steps CHECK (steps > 0),
        head_hash bytea NOT NULL CONSTRAINT ck_case_file_head CHECK (length(head_hash) = 32),
        subject_may_read boolean NOT NULL DEFAULT false,
        CONSTRAINT pk_case_file PRIMARY KEY (tenant, id)
    ) WITH (fillfactor = 80)
    """,
    # One inbox is the merge of a few of these ranges, each read from its beginning.
    """
    CREATE INDEX ix_case_file_worklist ON madoguchi.case_file (tenant, kind, state, office, due_at, id)
        WHERE closed_at IS NULL
    """,
    "CREATE INDEX ix_case_file_subject ON madoguchi.case_file (tenant, subject, id) WHERE subject IS NOT NULL",
    "CREATE INDEX ix_case_file_parent ON madoguchi.case_file (tenant, parent) WHERE parent IS NOT NULL",
    """
    CREATE TABLE madoguchi.step (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        seq integer NOT NULL CONSTRAINT ck_step_seq CHECK (seq > 0),
        kind text NOT NULL,
        definition_version integer NOT NULL,
        trigger text NOT NULL,
        before text NOT NULL,
        after text NOT NULL,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id text NOT NULL,
        actor_office text,
        on_behalf_of text,
        purpose text NOT NULL,
        article text,
        input jsonb NOT NULL,
        request_key text NOT NULL,
        request_digest bytea NOT NULL,
        prev_hash bytea NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_step PRIMARY KEY (tenant, case_id, seq),
        CONSTRAINT uq_step_request_key UNIQUE (tenant, request_key)
    )
    """,
    """
    CREATE TABLE madoguchi.deadline (
        tenant varchar(6) NOT NULL,
        case_id uuid NOT NULL,
        name text NOT NULL,
        armed_by integer NOT NULL,
        trigger text NOT NULL,
        due_at timestamptz NOT NULL,
        rule text NOT NULL,
        status text NOT NULL DEFAULT 'pending'
            CONSTRAINT ck_deadline_status CHECK (status IN ('pending', 'fired', 'disarmed', 'refused')),
        settled_at timestamptz,
        settled_by integer,
        reasons text[] NOT NULL DEFAULT '{}',
        CONSTRAINT pk_deadline PRIMARY KEY (tenant, case_id, name, armed_by),
        CONSTRAINT ck_deadline_settled CHECK ((status = 'pending') = (settled_at IS NULL))
    )
    """,
    "CREATE INDEX ix_deadline_due ON madoguchi.deadline (tenant, due_at) WHERE status = 'pending'",
)


def upgrade() -> None:
    """Make the three tables, close them to other tenants, and let the journal only grow."""
    for statement in TABLES:
        op.execute(statement)
    changes = dict.fromkeys(("web", "worker", "vault"), "SELECT, INSERT, UPDATE")
    isolate("case_file", "subject", changes, resident_extra="AND subject_may_read")
    isolate("step", grants=dict.fromkeys(changes, "SELECT, INSERT"))
    isolate("deadline", grants=changes)
    append_only("step")
    _residents_follow_the_case()
    _state_only_with_a_step()


def _residents_follow_the_case() -> None:
    """A resident reads the steps and deadlines of exactly the cases she may read."""
    for table in ("step", "deadline"):
        op.execute(
            f"CREATE POLICY resident_rows ON madoguchi.{table} FOR SELECT TO madoguchi_web USING (EXISTS ("
            f"SELECT 1 FROM madoguchi.case_file AS c WHERE c.tenant = {table}.tenant AND c.id = {table}.case_id"
            f" AND c.subject_may_read AND {RESIDENT.format(column='c.subject').replace('(tenant', '(c.tenant')}))"
        )


def _state_only_with_a_step() -> None:
    """Refuse a change of state, head or version that no new step stands behind, whoever tries."""
    op.execute(
        """
        CREATE FUNCTION madoguchi.refuse_stateless_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'case % changes only by a step of the engine', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER state_only_with_a_step BEFORE UPDATE ON madoguchi.case_file FOR EACH ROW
        WHEN ((OLD.state, OLD.definition_version, OLD.kind, OLD.subject)
                IS DISTINCT FROM (NEW.state, NEW.definition_version, NEW.kind, NEW.subject)
              AND (NEW.steps <= OLD.steps OR NEW.head_hash = OLD.head_hash)
              OR NEW.steps < OLD.steps)
        EXECUTE FUNCTION madoguchi.refuse_stateless_change()
        """
    )


def downgrade() -> None:
    """Take the engine's tables away; only for a system that has not been used."""
    for table in ("deadline", "step", "case_file"):
        op.execute(f"DROP TABLE madoguchi.{table}")
    op.execute("DROP FUNCTION madoguchi.refuse_stateless_change()")
