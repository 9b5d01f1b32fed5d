"""`statement-save`: saving one field of a 全項目 of real size as the editor's script does, beside the bare statements.

The limit reads, changes and writes the same document and its history with raw psycopg: no session, no permission, no look at what
others wrote meanwhile.
"""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from bench.statement_desk import COOKIE, TENANT, WARM, Portal, portal, rounds_of, tell, timed
from privacy_assessment.statements.store import read_draft
from storage.database import Scope
from storage.embedded import EmbeddedServer

TARGET = 50.0
PLACE = "f4.2.2.3"


def main(arguments: list[str]) -> int:
    """Measure and print a JSON line."""
    with portal() as (found, server):
        saving(found, server, rounds_of(arguments))
    return 0


def saving(portal: Portal, server: EmbeddedServer, rounds: int) -> None:
    """Save one field of the part as the script does, beside the bare statements."""
    ours, limit = [], []
    with psycopg.connect(server.url("bench", "worker"), autocommit=True) as connection:
        set_json_loads(orjson.loads, connection)
        for turn in range(rounds + WARM):
            with portal.worker.transaction(Scope(tenant=TENANT)) as tx:
                version = read_draft(tx, portal.statement, "form4").version
            fields = {
                "csrf_token": COOKIE,
                "seen": str(version),
                f"v:{PLACE}@{portal.file}": f"第{turn}回の範囲",
            }
            took = timed(lambda fields=fields: portal.ask(fields))  # type: ignore[misc]
            bare = timed(lambda turn=turn: plain(connection, portal.statement, turn))  # type: ignore[misc]
            if turn >= WARM:
                ours.append(took)
                limit.append(bare)
    tell("statement-save", ours, limit, TARGET)


def plain(connection: psycopg.Connection[Any], statement: UUID, turn: int) -> None:
    """Read, change and write the same document and its history with raw psycopg."""
    with connection.transaction():
        connection.execute("SELECT set_config('madoguchi.tenant', %s, true)", (TENANT,))
        key = (TENANT, statement)
        row = connection.execute(
            "SELECT version, body FROM madoguchi.assessment_draft WHERE tenant = %s AND assessment_id = %s AND form = 'form4'"
            " FOR UPDATE",
            key,
        ).fetchone()
        assert row is not None
        before = row[1]["values"].get("f4.4.3")
        row[1]["values"]["f4.4.3"] = f"第{turn}回"
        connection.execute(
            "UPDATE madoguchi.assessment_draft SET version = version + 1, body = %s WHERE tenant = %s AND assessment_id = %s"
            " AND form = 'form4'",
            (orjson.dumps(row[1]).decode(), *key),
        )
        connection.execute(
            "INSERT INTO madoguchi.assessment_edit (tenant, assessment_id, form, version, place, before, after, kind, by_whom,"
            " at) VALUES (%s, %s, 'form4', %s, 'f4.4.3', %s, %s, 'edit', 'bench', now())",
            (*key, row[0] + 1, orjson.dumps(before).decode(), orjson.dumps(f"第{turn}回").decode()),
        )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
