"""identity: accounts, card keys, passkeys, challenges, sessions, and the history of signing in.

These tables stand outside the rows of a tenant, because who is at the counter is not known until they are read: a session
is found by the hash of its secret, an account by the key of a card. Only ``staff`` belongs to an office and is closed to
the others. The web role can add and end, but not delete; what was done is only ever added.

Challenges and counters are unlogged: they live for minutes, and a crash may forget them. A challenge that is forgotten is unknown, so
nothing that was used up can be used again.
"""

from alembic import op

from storage.migrations.isolation import append_only, grant, isolate

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE identity.account (
        id uuid NOT NULL CONSTRAINT pk_account PRIMARY KEY,
        kind text NOT NULL CONSTRAINT ck_account_kind CHECK (kind IN ('resident', 'staff', 'reviewer')),
        created_at timestamptz NOT NULL,
        bound_at timestamptz,
        merged_into uuid CONSTRAINT fk_account_merged_into_account REFERENCES identity.account (id),
        closed_at timestamptz
    )
    """,
    """
    CREATE TABLE identity.card_key (
        issuer_hash bytea NOT NULL CONSTRAINT ck_card_key_issuer_hash CHECK (length(issuer_hash) = 32),
        serial text NOT NULL,
        account uuid NOT NULL CONSTRAINT fk_card_key_account_account REFERENCES identity.account (id),
        not_after timestamptz NOT NULL,
        first_used_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        superseded_at timestamptz,
        CONSTRAINT pk_card_key PRIMARY KEY (issuer_hash, serial)
    )
    """,
    "CREATE INDEX ix_card_key_account ON identity.card_key (account)",
    """
    CREATE TABLE identity.revoked_certificate (
        issuer_hash bytea NOT NULL,
        serial text NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT pk_revoked_certificate PRIMARY KEY (issuer_hash, serial)
    )
    """,
    """
    CREATE TABLE identity.staff (
        tenant varchar(6) NOT NULL,
        account uuid NOT NULL CONSTRAINT fk_staff_account_account REFERENCES identity.account (id),
        office text NOT NULL,
        roles text[] NOT NULL,
        display_name text NOT NULL,
        created_at timestamptz NOT NULL,
        left_at timestamptz,
        CONSTRAINT pk_staff PRIMARY KEY (tenant, account)
    )
    """,
    """
    CREATE TABLE identity.passkey (
        credential bytea NOT NULL CONSTRAINT pk_passkey PRIMARY KEY,
        account uuid NOT NULL CONSTRAINT fk_passkey_account_account REFERENCES identity.account (id),
        tenant varchar(6) NOT NULL,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        aaguid text NOT NULL,
        attestation_format text NOT NULL,
        attestation bytea NOT NULL,
        label text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz,
        ended_at timestamptz,
        end_reason text
    )
    """,
    "CREATE INDEX ix_passkey_account ON identity.passkey (account)",
    """
    CREATE TABLE identity.enrolment (
        code_hash bytea NOT NULL CONSTRAINT pk_enrolment PRIMARY KEY,
        account uuid NOT NULL CONSTRAINT fk_enrolment_account_account REFERENCES identity.account (id),
        tenant varchar(6) NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    """
    CREATE UNLOGGED TABLE identity.challenge (
        id uuid NOT NULL CONSTRAINT pk_challenge PRIMARY KEY,
        method text NOT NULL CONSTRAINT ck_challenge_method CHECK (method IN ('card', 'tls', 'passkey', 'enrol')),
        purpose text NOT NULL CONSTRAINT ck_challenge_purpose CHECK (purpose IN ('login', 'step-up', 'enrol')),
        code_hash bytea CONSTRAINT uq_challenge_code_hash UNIQUE,
        entry_hash bytea NOT NULL CONSTRAINT uq_challenge_entry_hash UNIQUE,
        token_hash bytea,
        nonce bytea NOT NULL,
        origin text NOT NULL,
        network_hash bytea NOT NULL,
        device text NOT NULL,
        next_path text NOT NULL,
        account uuid,
        session uuid,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        fetched_at timestamptz,
        consumed_at timestamptz,
        outcome text,
        finished_at timestamptz
    ) WITH (fillfactor = 60)
    """,
    "CREATE INDEX ix_challenge_expires_at ON identity.challenge (expires_at)",
    """
    CREATE TABLE identity.session (
        id uuid NOT NULL CONSTRAINT pk_session PRIMARY KEY,
        token_hash bytea NOT NULL CONSTRAINT uq_session_token_hash UNIQUE,
        account uuid NOT NULL CONSTRAINT fk_session_account_account REFERENCES identity.account (id),
        kind text NOT NULL,
        tenant varchar(6),
        office text,
        roles text[] NOT NULL,
        addressees text[] NOT NULL,
        display_name text,
        profile bytea,
        profile_tenant varchar(6),
        bound boolean NOT NULL,
        method text NOT NULL,
        device text NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        idle_seconds integer NOT NULL,
        expires_at timestamptz NOT NULL,
        step_up_at timestamptz,
        ended_at timestamptz,
        end_reason text
    )
    """,
    "CREATE INDEX ix_session_account ON identity.session (account, created_at DESC)",
    "CREATE INDEX ix_session_expires_at ON identity.session (expires_at) WHERE ended_at IS NULL",
    """
    CREATE TABLE identity.operation (
        account uuid NOT NULL,
        at timestamptz NOT NULL,
        id uuid NOT NULL,
        event text NOT NULL,
        method text NOT NULL,
        device text NOT NULL,
        session uuid,
        CONSTRAINT pk_operation PRIMARY KEY (account, at, id)
    )
    """,
    """
    CREATE UNLOGGED TABLE identity.throttle (
        bucket bytea NOT NULL CONSTRAINT pk_throttle PRIMARY KEY,
        window_start timestamptz NOT NULL,
        count integer NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Make the tables of signing in."""
    for statement in TABLES:
        op.execute(statement)
    write = "SELECT, INSERT, UPDATE"
    for table in ("account", "card_key", "passkey", "enrolment", "challenge", "session", "throttle"):
        grant(f"identity.{table}", {"web": write, "worker": f"{write}, DELETE"})
    for table in ("revoked_certificate", "operation"):
        grant(f"identity.{table}", {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"})
        append_only(f"identity.{table}")
    isolate("identity.staff", grants={"web": "SELECT", "worker": write})


def downgrade() -> None:
    """Take the tables away; only for a system nobody has signed in to."""
    for table in (
        "throttle", "operation", "session", "challenge", "enrolment", "passkey", "staff", "revoked_certificate", "card_key", "account",
    ):  # fmt: skip
        op.execute(f"DROP TABLE identity.{table}")
