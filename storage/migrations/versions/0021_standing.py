"""The discrepancies between the keepers of a record that stand now, as rows of their own.

What was ever said of them stays in the incidents, which only grow. The desk and every night ask for what stands, which is little
however long a system has run.
"""

from alembic import op

from storage.migrations.isolation import isolate

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ENDED = ("RECORD_AGREES", "RECORD_EXPLAINED")


def upgrade() -> None:
    """Make the table, and fill it with what stands by the newest word on each."""
    op.execute(
        """
        CREATE TABLE madoguchi.linkage_discrepancy (
            tenant varchar(6) NOT NULL,
            about text NOT NULL,
            kind text NOT NULL,
            said text NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_linkage_discrepancy PRIMARY KEY (tenant, about)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_linkage_discrepancy_newest ON madoguchi.linkage_discrepancy (tenant, at DESC, about DESC)"
    )
    # Even its owner sees no tenant's rows; for this one statement he does.
    op.execute("ALTER TABLE madoguchi.linkage_incident NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO madoguchi.linkage_discrepancy (tenant, about, kind, said, at)"
        " SELECT tenant, about, kind, said, at FROM ("
        "   SELECT DISTINCT ON (tenant, detail->>'about') tenant, detail->>'about' AS about, kind, detail->>'said' AS said, at"
        "     FROM madoguchi.linkage_incident WHERE detail ? 'about'"
        "    ORDER BY tenant, detail->>'about', at DESC, id DESC) AS newest"
        f" WHERE kind NOT IN {ENDED}"
    )
    op.execute("ALTER TABLE madoguchi.linkage_incident FORCE ROW LEVEL SECURITY")
    isolate(
        "linkage_discrepancy", grants={"web": "SELECT, DELETE", "worker": "SELECT, INSERT, UPDATE, DELETE"}
    )


def downgrade() -> None:
    """Take the table away; the incidents still say all of it."""
    op.execute("DROP TABLE madoguchi.linkage_discrepancy")
