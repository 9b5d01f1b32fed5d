"""Addressees (団体内統合宛名) and the vault of numbers.

What an office works with stays in ``madoguchi``; 個人番号 and the four items (氏名, 住所, 生年月日, 性別) stay sealed in ``vault``, which
only the vault role can read (番号法12条).
"""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE madoguchi.addressee_counter (
        tenant varchar(6) NOT NULL CONSTRAINT pk_addressee_counter PRIMARY KEY,
        last bigint NOT NULL CONSTRAINT ck_addressee_counter_last CHECK (last >= 0)
    )
    """,
    """
    CREATE TABLE madoguchi.addressee (
        tenant varchar(6) NOT NULL,
        number varchar(15) NOT NULL,
        kind text NOT NULL CONSTRAINT ck_addressee_kind CHECK (kind IN ('resident', 'non_resident', 'corporation')),
        state text NOT NULL DEFAULT 'active' CONSTRAINT ck_addressee_state CHECK (state IN ('active', 'closed', 'merged')),
        merged_into varchar(15),
        records_withheld boolean NOT NULL DEFAULT false,
        self_info_barred boolean NOT NULL DEFAULT false,
        opened_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_addressee PRIMARY KEY (tenant, number),
        CONSTRAINT fk_addressee_merged_into FOREIGN KEY (tenant, merged_into) REFERENCES madoguchi.addressee (tenant, number),
        CONSTRAINT ck_addressee_merged CHECK ((state = 'merged') = (merged_into IS NOT NULL))
    )
    """,
    """
    CREATE TABLE madoguchi.business_number (
        tenant varchar(6) NOT NULL,
        system text NOT NULL,
        number text NOT NULL,
        addressee varchar(15) NOT NULL,
        since timestamptz NOT NULL,
        CONSTRAINT pk_business_number PRIMARY KEY (tenant, system, number),
        CONSTRAINT fk_business_number_addressee FOREIGN KEY (tenant, addressee) REFERENCES madoguchi.addressee (tenant, number)
    )
    """,
    "CREATE INDEX ix_business_number_addressee ON madoguchi.business_number (tenant, addressee)",
    """
    CREATE TABLE madoguchi.addressee_event (
        tenant varchar(6) NOT NULL,
        id uuid NOT NULL,
        addressee varchar(15) NOT NULL,
        kind text NOT NULL,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT pk_addressee_event PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_addressee_event_addressee ON madoguchi.addressee_event (tenant, addressee, id)",
    """
    CREATE TABLE madoguchi.account_addressee (
        tenant varchar(6) NOT NULL,
        account uuid NOT NULL,
        addressee varchar(15) NOT NULL,
        display_name bytea NOT NULL,
        bound_at timestamptz NOT NULL,
        CONSTRAINT pk_account_addressee PRIMARY KEY (tenant, account),
        CONSTRAINT fk_account_addressee_addressee FOREIGN KEY (tenant, addressee) REFERENCES madoguchi.addressee (tenant, number)
    )
    """,
    "CREATE INDEX ix_account_addressee_account ON madoguchi.account_addressee (account)",
    """
    CREATE TABLE vault.number (
        tenant varchar(6) NOT NULL,
        addressee varchar(15) NOT NULL,
        kind text NOT NULL CONSTRAINT ck_number_kind CHECK (kind IN ('individual', 'corporate')),
        sealed bytea NOT NULL,
        blind bytea NOT NULL,
        since timestamptz NOT NULL,
        CONSTRAINT pk_number PRIMARY KEY (tenant, addressee),
        CONSTRAINT uq_number_blind UNIQUE (tenant, blind)
    )
    """,
    """
    CREATE TABLE vault.former_number (
        tenant varchar(6) NOT NULL,
        addressee varchar(15) NOT NULL,
        ended_at timestamptz NOT NULL,
        sealed bytea NOT NULL,
        blind bytea NOT NULL,
        CONSTRAINT pk_former_number PRIMARY KEY (tenant, addressee, ended_at)
    )
    """,
    "CREATE INDEX ix_former_number_blind ON vault.former_number (tenant, blind)",
    """
    CREATE TABLE vault.person (
        tenant varchar(6) NOT NULL,
        addressee varchar(15) NOT NULL,
        sealed bytea NOT NULL,
        digest bytea NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_person PRIMARY KEY (tenant, addressee)
    )
    """,
)


def upgrade() -> None:
    """Make the register, its events, the tie to accounts, and the vault."""
    for statement in TABLES:
        op.execute(statement)
    write = "SELECT, INSERT, UPDATE"
    isolate("addressee_counter", grants={"worker": write, "vault": write})
    isolate("addressee", "number", grants={"web": "SELECT", "worker": write, "vault": write})
    isolate("business_number", grants={"web": "SELECT", "worker": write, "vault": write})
    isolate(
        "addressee_event", grants={"web": "SELECT", "worker": "SELECT, INSERT", "vault": "SELECT, INSERT"}
    )
    append_only("addressee_event")
    isolate(
        "account_addressee",
        grants={"web": "SELECT", "worker": "SELECT", "vault": "SELECT, INSERT, UPDATE, DELETE"},
    )
    op.execute(
        "CREATE POLICY account_rows ON madoguchi.account_addressee FOR SELECT TO madoguchi_web"
        " USING (account = nullif(current_setting('madoguchi.account', true), '')::uuid)"
    )
    isolate("vault.number", grants={"vault": "SELECT, INSERT, UPDATE, DELETE"})
    isolate("vault.former_number", grants={"vault": "SELECT, INSERT, UPDATE"})
    isolate("vault.person", grants={"vault": "SELECT, INSERT, UPDATE, DELETE"})


def downgrade() -> None:
    """Take the register away; only for a system that has not been used."""
    for table in ("vault.person", "vault.former_number", "vault.number"):
        op.execute(f"DROP TABLE {table}")
    for table in (
        "account_addressee",
        "addressee_event",
        "business_number",
        "addressee",
        "addressee_counter",
    ):
        op.execute(f"DROP TABLE madoguchi.{table}")
