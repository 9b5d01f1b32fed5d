"""What the mapped classes say of a table is what the migrations made."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql

import workflows.engine.models  # noqa: F401 (registers its tables)
from storage.tables import Base, metadata
from tests.conftest import Databases

# The same types under their two names.
WORDS = {"varchar": "character varying"}


def test_every_mapped_table_has_the_columns_and_the_key_that_its_class_says(databases: Databases) -> None:
    assert metadata.tables
    assert Base.registry.mappers
    with databases.migrator.transaction() as tx:
        for table in metadata.tables.values():
            rows = tx.raw.execute(
                "SELECT a.attname, NOT a.attnotnull, format_type(a.atttypid, NULL),"
                " coalesce(array_position(i.indkey::int2[], a.attnum), -1), a.atthasdef OR a.attidentity <> ''"
                " FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
                " WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped",
                (table.fullname,),
            ).fetchall()
            assert {row[0] for row in rows} >= set(table.columns.keys()), table.fullname
            for name, nullable, made, _, filled in rows:
                if (
                    name not in table.columns
                ):  # the database's own; a class that writes rows must not need to know it
                    assert nullable or filled, f"{table.fullname}.{name}"
                    continue
                column = table.columns[name]
                assert nullable == column.nullable, f"{table.fullname}.{name}"
                said = column.type.compile(dialect=postgresql.dialect()).split("(")[0].lower()
                assert WORDS.get(said, said) == made, f"{table.fullname}.{name}"
            key = [row[0] for row in sorted(rows, key=lambda row: row[3]) if row[3] >= 0]
            assert key == [column.name for column in table.primary_key], table.fullname
