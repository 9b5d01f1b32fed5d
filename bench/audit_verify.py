"""`audit-verify`: writing, sealing and proving provision records in bulk; the limit is hashing the same entries and no more.

Options: --rows=N (default 100000), --quick for 20000.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench.record_page import _machine
from bench.record_rows import TENANT, addressee
from bench.settled import settled
from storage.audit.commands import snapshot
from storage.audit.keys import LogKeys
from storage.audit.service import AuditService
from storage.audit.verify import verify_log
from storage.clock import SystemClock
from storage.database import Database, Scope
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey, KeyRing
from storage.migrations.run import migrate
from workflows.law.loader import shipped
from workflows.provision_records.log import RecordSource
from workflows.provision_records.models import Party, ProvisionRecord, RecordItem
from workflows.provision_records.writer import RecordWriter

BATCH = 5000
PER_PERSON = 50
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main(arguments: list[str]) -> int:
    """Measure; returns 1 when the log does not hold."""
    asked = [word for word in arguments if word.startswith("--rows=")]
    rows = int(asked[0].partition("=")[2]) if asked else 20_000 if "--quick" in arguments else 100_000
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "database")
        create_roles(server.admin_url())
        create_database(server.admin_url(), "bench")
        migrate(server.url("bench", "migrator"))
        db = Database(server.url("bench", "worker"), "worker", statement_timeout=600)
        clock = SystemClock()
        service = AuditService(
            LogKeys(KeyRing(FileMasterKey.create(Path(folder) / "master.key")), clock), clock
        )
        start = time.perf_counter()
        _write(db, RecordWriter(clock, shipped(), secrets.token_bytes), rows)
        wrote = time.perf_counter()
        settled(server.admin_url("bench"))
        begun = time.perf_counter()
        service.advance_all(db, TENANT, RecordSource())
        sealed = time.perf_counter()
        with snapshot(db, TENANT) as tx:
            report = verify_log(tx, RecordSource())
        proved = time.perf_counter()
        db.close()
        server.stop()
    limit = _bare_hashing(rows)
    for name, seconds in (("write", wrote - start), ("seal", sealed - begun), ("verify", proved - sealed)):
        line = {
            "bench": f"audit-{name}",
            "ours": round(rows / seconds),
            "limit": round(rows / limit),
            "ratio": round(limit / seconds, 3),
            "unit": "records/s",
            "rows": rows,
            "seconds": round(seconds, 1),
            "machine": _machine(),
        }
        print(json.dumps(line), flush=True)
    return 0 if report.holds and report.leaves == rows else 1


def _write(db: Database, writer: RecordWriter, rows: int) -> None:
    people = max(1, rows // PER_PERSON)
    for begin in range(0, rows, BATCH):
        batch = [_record(n, people) for n in range(begin, min(rows, begin + BATCH))]
        with db.transaction(Scope(tenant=TENANT)) as tx:
            writer.write_many(tx, batch)
        print(f"\r# {begin + len(batch):,} / {rows:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _record(number: int, people: int) -> ProvisionRecord:
    at = BEGIN + timedelta(seconds=number)
    return ProvisionRecord(
        record_id=UUID(int=(0x01900000 << 96) + number),
        exchange_id=f"EX{number:012d}",
        tenant=TENANT,
        addressee=addressee(number % people),
        side="asker",
        asker=Party("992011-01", "甲野市", "子育て支援課"),
        holder=Party("992020-01", "乙川市", "税務課"),
        requested_at=at,
        provided_at=at + timedelta(seconds=40),
        affair_code="child-allowance",
        affair_name="児童手当の支給に関する事務",
        items=(RecordItem("local-tax", "地方税関係情報"),),
        law_row="081-01",
        law_clause="番号法19条8号・別表81の項",
        law_table_version="2026-11-01.1",
        outcome="OK",
        purpose="児童手当の審査のため",
    )


def _bare_hashing(rows: int) -> float:
    """Seconds to hash that many entries of a record's size, leaves and nodes, with nothing else."""
    entry = bytes(700)
    start = time.perf_counter()
    for _ in range(rows):
        hashlib.sha256(entry).digest()
        hashlib.sha256(entry[:65]).digest()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
