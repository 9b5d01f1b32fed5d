"""What a resident takes away: the list as CSV, rows for the printed copy, and the proof file.

Everything here reads in the resident's own scope, so it contains exactly what her list shows; a hidden record changes no
byte of it. Cells are written so that no spreadsheet takes them for a formula.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from storage.audit import keyed_map
from storage.audit.keyed_map import Entry
from storage.audit.tiles import MissingTile, Place, TileTree
from storage.clock import JAPAN, Clock
from storage.database import Database, Scope, Statement
from workflows.csv_lines import BOM, csv_line

from .models import LOG, SALT_BYTES, content, instant, person_key
from .proof import Result, verify
from .proof_format import Part, Proof, SealedRecord, write
from .proof_sql import ENTRIES, NODES, PART, RECORDS, TILES, record_of
from .queries import NO_FILTERS, RecordFilters, RecordRow
from .reader import ResidentRecords

CSV_TYPE = "text/csv; charset=utf-8"
PAGE = 500
TRIES = 5
# Excel and others also take these wide forms for the beginning of a formula.

COLUMNS = (
    ("求めた日時", lambda r: japan_time(r.requested_at)),
    ("渡した日時", lambda r: japan_time(r.provided_at) if r.provided_at else ""),
    ("情報を求めた役所（情報照会者）", lambda r: f"{r.asker_name} {r.asker_office}".strip()),
    ("情報を渡した役所（情報提供者）", lambda r: f"{r.holder_name} {r.holder_office}".strip()),
    ("何の手続きのためか（事務）", lambda r: r.affair_name),
    ("目的", lambda r: r.purpose),
    ("渡した情報の種類（特定個人情報の項目）", lambda r: "、".join(item["name"] for item in r.items)),
    ("根拠", lambda r: r.law_clause),
    ("結果", lambda r: r.outcome),
    ("申請の受付番号", lambda r: r.application_receipt or ""),
    ("やりとりの番号", lambda r: r.exchange_id or ""),
    ("記録番号", lambda r: str(r.record_id)),
    ("訂正した記録の番号", lambda r: str(r.corrects or "")),
)


class ProofNotReady(Exception):
    """The log is being brought up to date. Nothing is wrong; ask again in a minute."""

    def __str__(self) -> str:
        return "証明は毎分作り直しています。記録はそのままです。1分ほどしてから、もう一度お試しください。"


def all_rows(db: Database, scope: Scope, filters: RecordFilters = NO_FILTERS) -> Iterator[RecordRow]:
    """Every row of the resident's list, newest first, read page by page."""
    records, after = ResidentRecords(db), None
    while True:
        page = records.page(scope, filters, after, PAGE)
        yield from page.rows
        after = page.after
        if after is None:
            return


def csv_file(
    rows: Iterator[RecordRow], outcome_words: Callable[[str], str] = str, note: str = ""
) -> Iterator[bytes]:
    """The list as CSV, piece by piece: UTF-8 with BOM, CRLF, a header line.

    Args: outcome_words: result code -> plain words; note: a line under the header when the list is partial.
    """
    yield BOM + csv_line([name for name, _ in COLUMNS])
    if note:
        yield csv_line([note])
    for row in rows:
        yield csv_line(
            [outcome_words(row.outcome) if name == "結果" else str(read(row)) for name, read in COLUMNS]
        )


def japan_time(at: datetime) -> str:
    """A time as Japanese offices write it, to the second."""
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")


def proof_file(
    db: Database,
    scope: Scope,
    clock: Clock,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """The proof of the resident's whole list (docs/proof.md), checked before it is handed out.

    Errors: ProofNotReady when the log is moving under us; try again in a minute.
    """
    for _ in range(TRIES):
        try:
            parts = [_part(db, scope, person, random_bytes) for person in scope.addressees]
        except MissingTile:
            continue
        raw = write(Proof(instant(clock.now()), parts))
        if all(line.holds is not False for line in _self_check(raw).lines):
            return raw
    raise ProofNotReady


def _self_check(raw: bytes) -> Result:
    return verify(raw)


def _part(db: Database, scope: Scope, person: tuple[str, str], random_bytes: Callable[[int], bytes]) -> Part:
    tenant, addressee = person
    records, heads = db.read(
        scope, (RECORDS, (LOG, tenant, addressee)), (PART, (tenant, addressee, tenant, LOG))
    )
    if not heads:
        raise MissingTile("no checkpoint yet")
    salt, body, size, key, public, signature, stamp = heads[0]
    placed = [row for row in records if row[0] is not None and row[0] < size]
    # Of an empty list a fresh salt: whether hidden records gave the person a row must not show.
    person_salt = bytes(salt) if placed and salt else random_bytes(SALT_BYTES)
    bucket = keyed_map.bucket_of(person_key(tenant, addressee, person_salt))
    tree = TileTree(size, lambda places: _tiles(db, scope, tenant, places))
    nodes = keyed_map.siblings(bucket)
    levels: Statement = (NODES, ([n[0] for n in nodes], [n[1] for n in nodes], tenant, LOG))
    entries, hashes = db.read(scope, (ENTRIES, (tenant, LOG, bucket)), levels)
    kept = {(level, node): bytes(value) for level, node, value in hashes}
    tree.prefetch([row[0] for row in placed])
    return Part(
        tenant=tenant,
        addressee=addressee,
        person_salt=person_salt,
        checkpoint=bytes(body),
        key_id=key,
        public_key=bytes(public),
        signature=bytes(signature),
        stamp=bytes(stamp) if stamp else None,
        records=[
            SealedRecord(content(record_of(row)), bytes(row[1]), row[0], tree.inclusion(row[0]))
            for row in placed
        ],
        pending=[content(record_of(row)) for row in records if row[0] is None or row[0] >= size],
        bucket=[Entry(bytes(entry), count, bytes(root)) for entry, count, root in entries],
        siblings=[kept.get(node, keyed_map.EMPTY[node[0]]) for node in nodes],
    )


def _tiles(db: Database, scope: Scope, tenant: str, places: set[Place]) -> dict[Place, bytes]:
    wanted = sorted(places)
    parameters: tuple[Any, ...] = ([p[0] for p in wanted], [p[1] for p in wanted], tenant, LOG)
    (rows,) = db.read(scope, (TILES, parameters))
    return {(level, tile): bytes(raw) for level, tile, raw in rows}
