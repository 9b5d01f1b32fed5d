"""Making the proof file: every office's part for one person, and the portal's signature under the list of them (docs/proof.md).

The worker makes it, because only the worker can sign. It reads one office after the other, of each only the visible records
(番号法23条2項): an office with none to show gives no part, whether it does not know her, has no record, or has hidden ones only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Any

from storage.audit import keyed_map
from storage.audit.keyed_map import Entry
from storage.audit.tiles import MissingTile, Place, TileTree
from storage.clock import Clock
from storage.database import NOWHERE, Database, Scope, Statement

from . import manifest
from .models import LOG, SALT_BYTES, content, person_key
from .proof import verify
from .proof_format import Part, SealedRecord, Signed, write
from .proof_sql import ENTRIES, NODES, OFFICES, PART, RECORDS, TILES, record_of

TRIES = 5
Person = tuple[str, str]
"""(tenant, addressee number)."""


class ProofNotReady(Exception):
    """The log is being brought up to date. Nothing is wrong; ask again in a minute."""

    def __str__(self) -> str:
        return "証明は毎分作り直しています。記録はそのままです。1分ほどしてから、もう一度お試しください。"


def proof_file(
    db: Database,
    people: Sequence[Person],
    unasked: Collection[str],
    clock: Clock,
    sign: Callable[[bytes], Signed],
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """The proof of a resident's whole list, checked before it is handed out.

    Args: db: the worker role's database; people: who she is in each office that knows her; unasked: offices of which it is
    not known whether they know her; sign: with the portal's key.

    Errors: ProofNotReady when the log is moving under us; try again in a minute.
    """
    for _ in range(TRIES):
        try:
            raw = _made(db, people, unasked, clock, sign, random_bytes)
        except MissingTile:
            continue
        if all(line.holds is not False for line in verify(raw).lines):
            return raw
    raise ProofNotReady


def _made(
    db: Database,
    people: Sequence[Person],
    unasked: Collection[str],
    clock: Clock,
    sign: Callable[[bytes], Signed],
    random_bytes: Callable[[int], bytes],
) -> bytes:
    (offices,) = db.read(NOWHERE, (OFFICES, (LOG, [tenant for tenant, _ in people])))
    sealing = {tenant for tenant, seals in offices if seals}
    found = [_part(db, person, random_bytes) for person in people if person[0] in sealing]
    parts = [part for part in found if part is not None]
    # Whether an office without a part answered must not depend on whether it knows her.
    rest = [tenant for tenant, _ in offices if tenant not in {part.tenant for part in parts}]
    silent = {tenant for tenant in rest if tenant not in sealing or tenant in unasked}
    said = manifest.Manifest(
        made_at=clock.now().replace(microsecond=0),
        parts=tuple(manifest.listed(part) for part in parts),
        nothing=tuple(tenant for tenant in rest if tenant not in silent),
        unanswered=tuple(tenant for tenant in rest if tenant in silent),
    )
    return write(parts, sign(said.body()))


def _part(db: Database, person: Person, random_bytes: Callable[[int], bytes]) -> Part | None:
    """One office's part, or None when it has no record to show her."""
    tenant, addressee = person
    scope = Scope(tenant=tenant)
    records, heads = db.read(
        scope, (RECORDS, (LOG, tenant, addressee)), (PART, (tenant, addressee, tenant, LOG))
    )
    if not records:
        return None
    salt, body, size, key, public, signature, stamp = heads[0]
    placed = [row for row in records if row[0] is not None and row[0] < size]
    # As long as none of her records is sealed a fresh salt: whether hidden ones gave her a row must not show.
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
