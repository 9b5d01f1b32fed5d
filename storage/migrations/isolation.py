"""Row-level security in one line for each table, so that no migration can half forget it."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

TENANT = "tenant = current_setting('madoguchi.tenant', true)"
RESIDENT = (
    "(tenant || ':' || {column}) = ANY (string_to_array(current_setting('madoguchi.addressees', true), ','))"
)


def isolate(
    table: str,
    resident_column: str | None = None,
    grants: Mapping[str, str] | None = None,
    resident_extra: str = "",
) -> None:
    """Close a table to all but its tenant, then open it to the roles named.

    :param table: table name, with its schema when it is not ``madoguchi``.
    :param resident_column: the column with the addressee number, when residents may read their own rows.
    :param grants: role (``web``, ``worker``, ``vault``) to privileges, e.g. ``{"web": "SELECT"}``.
    :param resident_extra: a further condition on what a resident sees, e.g. ``"AND disclosure = 'visible'"``.
    """
    name = table if "." in table else f"madoguchi.{table}"
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_rows ON {name} USING ({TENANT}) WITH CHECK ({TENANT})")
    if resident_column:
        condition = RESIDENT.format(column=resident_column)
        op.execute(
            f"CREATE POLICY resident_rows ON {name} FOR SELECT TO madoguchi_web USING ({condition} {resident_extra})"
        )
    grant(name, grants or {})


def grant(table: str, grants: Mapping[str, str]) -> None:
    """Give privileges on a table (or sequence) to our roles."""
    name = table if "." in table else f"madoguchi.{table}"
    for role, privileges in grants.items():
        op.execute(f"GRANT {privileges} ON {name} TO madoguchi_{role}")


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on a table for everybody, its owner included."""
    name = table if "." in table else f"madoguchi.{table}"
    for event, level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        suffix = "rows" if level == "ROW" else "table"
        op.execute(
            f"CREATE TRIGGER append_only_{suffix} BEFORE {event} ON {name}"
            f" FOR EACH {level} EXECUTE FUNCTION madoguchi.refuse_change()"
        )
