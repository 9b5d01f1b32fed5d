"""The floor: schemas, tenants, keys, the trigger that refuses change, and the job tables."""

from alembic import op
from procrastinate.schema import SchemaManager

from storage.migrations.isolation import grant, isolate

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the zones and what every other migration stands on."""
    for schema, roles in {
        "madoguchi": "madoguchi_web, madoguchi_worker, madoguchi_vault",
        "identity": "madoguchi_web, madoguchi_worker",
        "vault": "madoguchi_vault",
        "jobs": "madoguchi_web, madoguchi_worker, madoguchi_vault",
    }.items():
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {roles}")
    op.execute(
        """
        CREATE FUNCTION madoguchi.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are a record: they are added, never changed', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TABLE madoguchi.tenant (
            code varchar(6) NOT NULL CONSTRAINT pk_tenant PRIMARY KEY,
            name text NOT NULL,
            name_en text NOT NULL,
            name_kana text NOT NULL,
            opened_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    grant("tenant", {"web": "SELECT", "worker": "SELECT", "vault": "SELECT"})
    op.execute(
        """
        CREATE TABLE madoguchi.tenant_key (
            tenant varchar(6) NOT NULL,
            key_id smallint NOT NULL,
            purpose text NOT NULL,
            wrapped bytea NOT NULL,
            created_at timestamptz NOT NULL,
            retired_at timestamptz,
            CONSTRAINT pk_tenant_key PRIMARY KEY (tenant, purpose, key_id)
        )
        """
    )
    isolate(
        "tenant_key",
        grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE", "vault": "SELECT, INSERT, UPDATE"},
    )
    _jobs()


def _jobs() -> None:
    """The tables of the job library, in a schema of their own."""
    op.execute("SET LOCAL search_path TO jobs")
    bind = op.get_bind()
    driver = bind.connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    op.execute("RESET search_path")
    for role in ("web", "worker", "vault"):
        op.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA jobs TO madoguchi_{role}")
        op.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA jobs TO madoguchi_{role}")
        op.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO madoguchi_{role}")


def downgrade() -> None:
    """There is nothing before the first release."""
    raise RuntimeError("The first migration cannot be undone: drop the database instead.")
