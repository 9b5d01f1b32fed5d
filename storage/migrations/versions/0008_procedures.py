"""Applications (申請): what a counter opens for an addressee."""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of applications and the counter of receipt numbers."""
    op.execute(
        """
        CREATE TABLE madoguchi.application (
            tenant varchar(6) NOT NULL,
            case_id uuid NOT NULL,
            receipt_no text NOT NULL,
            addressee varchar(15) NOT NULL,
            procedure text NOT NULL,
            affair text NOT NULL,
            office text NOT NULL,
            opened_by text NOT NULL,
            opened_at timestamptz NOT NULL,
            CONSTRAINT pk_application PRIMARY KEY (tenant, case_id),
            CONSTRAINT uq_application_receipt_no UNIQUE (tenant, receipt_no)
        )
        """
    )
    op.execute("CREATE INDEX ix_application_addressee ON madoguchi.application (tenant, addressee, case_id)")
    op.execute(
        """
        CREATE TABLE madoguchi.application_counter (
            tenant varchar(6) NOT NULL,
            fiscal_year smallint NOT NULL,
            last bigint NOT NULL,
            CONSTRAINT pk_application_counter PRIMARY KEY (tenant, fiscal_year)
        )
        """
    )
    isolate("application", "addressee", grants={"web": "SELECT, INSERT", "worker": "SELECT, INSERT"})
    isolate(
        "application_counter", grants={"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"}
    )


def downgrade() -> None:
    """Take the tables away; only for a system that has not been used."""
    op.execute("DROP TABLE madoguchi.application")
    op.execute("DROP TABLE madoguchi.application_counter")
