"""Placing leaves, committing checkpoints, stamping them: every minute by a job, or on demand before a proof.

All of one advance is one transaction under one lock of that log, and none of it is on the path of a request: writers only
insert their own rows. The work is set-based; a batch of 20,000 leaves is some ten statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storage.clock import Clock
from storage.database import Database, Scope, Transaction

from . import keyed_map, tiles
from .checkpoint import GENESIS, Checkpoint, link, parse, stamped_message
from .keys import LogKeys
from .merkle import Edge, root
from .rows import (
    load_tiles,
    read_entries,
    read_nodes,
    write_entries,
    write_nodes,
    write_positions,
    write_tiles,
)
from .sources import LeafSource, Mark, NewLeaf
from .stamping import TimeStamper

BATCH = 20_000
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Advance:
    """What one advance did: leaves placed, the checkpoint committed if anything changed, whether more are waiting."""

    placed: int
    checkpoint: Checkpoint | None
    more: bool


@dataclass(frozen=True)
class AuditService:
    """The audit log of every tenant. Args: keys: signs; clock: dates checkpoints."""

    keys: LogKeys
    clock: Clock

    def advance(self, tx: Transaction, source: LeafSource, limit: int = BATCH) -> Advance:
        """Place what was written since, bring the map up to date, and commit it all in one signed checkpoint."""
        size, mark, number = _lock(tx, source.log)
        horizon = _horizon(tx)
        fresh = source.collect(tx, mark, limit)
        more = len(fresh) == limit
        # Behind an open transaction something may still appear; before it, what was looked at is done for good.
        done = (
            Mark(fresh[-1].txid, fresh[-1].ref)
            if more and fresh[-1].txid < horizon
            else Mark(horizon, NOBODY)
        )
        if fresh:
            edge = load_tiles(tx, source.log, set(tiles.right_edge(size)))
            write_positions(tx, source.log, size, fresh)
            write_tiles(tx, source.log, tiles.append(size, edge, [leaf.leaf for leaf in fresh]))
        map_root = self._update_map(tx, source, fresh)
        size += len(fresh)
        last = latest(tx, tx.tenant, source.log)
        made = None
        if last is None or last.size != size or last.map_root != map_root:
            made = self._commit(tx, source.log, number + 1, size, map_root)
        tx.raw.execute(
            "UPDATE madoguchi.audit_log SET size = %s, mark = %s::text::xid8, mark_ref = %s, checkpoints = %s"
            " WHERE tenant = %s AND log = %s",
            (size, str(done.txid), done.ref, number + (made is not None), tx.tenant, source.log),
        )
        return Advance(len(fresh), made, more)

    def advance_all(self, db: Database, tenant: str, source: LeafSource, limit: int = BATCH) -> int:
        """Advance until nothing is waiting, a transaction for each batch; returns how many leaves were placed."""
        placed = 0
        while True:
            with db.transaction(Scope(tenant=tenant)) as tx:
                done = self.advance(tx, source, limit)
            placed += done.placed
            if not done.more:
                return placed

    def stamp_newest(self, db: Database, tenant: str, log: str, stamper: TimeStamper) -> bool:
        """Have the newest checkpoint stamped, if it is not yet; no transaction is open while the authority is asked.

        Errors: StampUnavailable; the checkpoint stays unstamped and is covered by the next stamp.
        """
        with db.transaction(Scope(tenant=tenant)) as tx:
            row = tx.raw.execute(
                "SELECT c.number, c.body, c.signature FROM madoguchi.audit_checkpoint c WHERE c.tenant = %s"
                " AND c.log = %s AND NOT EXISTS (SELECT 1 FROM madoguchi.audit_stamp s WHERE s.tenant = c.tenant"
                " AND s.log = c.log AND s.number = c.number) ORDER BY c.number DESC LIMIT 1",
                (tenant, log),
            ).fetchone()
            newest = latest(tx, tenant, log)
        if row is None or newest is None or row[0] != newest.number:
            return False
        token = stamper.stamp(stamped_message(bytes(row[1]), bytes(row[2])))
        with db.transaction(Scope(tenant=tenant)) as tx:
            tx.raw.execute(
                "INSERT INTO madoguchi.audit_stamp (tenant, log, number, token, stamped_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (tenant, log, row[0], token, self.clock.now()),
            )
        return True

    def unstamped_since(self, tx: Transaction, log: str) -> datetime | None:
        """When the oldest checkpoint that no stamp covers yet was made, or None when all are covered."""
        row = tx.raw.execute(
            "SELECT min(made_at) FROM madoguchi.audit_checkpoint WHERE tenant = %s AND log = %s AND number >"
            " coalesce((SELECT max(number) FROM madoguchi.audit_stamp WHERE tenant = %s AND log = %s), 0)",
            (tx.tenant, log, tx.tenant, log),
        ).fetchone()
        return row[0] if row else None

    def alarm(self, tx: Transaction, log: str, after: timedelta) -> timedelta | None:
        """How long this log has gone unstamped, when that is longer than `after` (a dated rule); else None."""
        since = self.unstamped_since(tx, log)
        waited = self.clock.now() - since if since else timedelta()
        return waited if waited > after else None

    def _update_map(self, tx: Transaction, source: LeafSource, fresh: Sequence[NewLeaf]) -> bytes:
        """Count the new leaves for their persons, rebuild persons whose records were marked or destroyed."""
        dirty = _take_dirty(tx, source.log)
        changes: dict[bytes, tuple[int, bytes, bytes] | None] = {}
        for key, leaves in (source.rebuild(tx, sorted(dirty)) if dirty else {}).items():
            edge = Edge()
            for held in leaves:
                edge.append(held)
            assert edge.root() == root(leaves)
            changes[key] = (edge.size, edge.root(), edge.to_bytes()) if leaves else None
        grown: dict[bytes, list[bytes]] = {}
        for leaf in fresh:
            if leaf.key is not None and leaf.person not in dirty:
                grown.setdefault(leaf.key, []).append(leaf.leaf)
        for key, (count, raw) in read_entries(tx, source.log, grown).items():
            edge = Edge.from_bytes(count, raw)
            for one in grown[key]:
                edge.append(one)
            changes[key] = (edge.size, edge.root(), edge.to_bytes())
        top = keyed_map.EMPTY[keyed_map.DEPTH]
        if not changes:
            kept = read_nodes(tx, source.log, {(keyed_map.DEPTH, 0)})
            return kept.get((keyed_map.DEPTH, 0), top)
        buckets = write_entries(tx, source.log, changes)
        hashes = {bucket: keyed_map.bucket_hash(entries) for bucket, entries in buckets.items()}
        nodes = keyed_map.update(hashes, read_nodes(tx, source.log, keyed_map.needed(hashes)))
        write_nodes(tx, source.log, nodes)
        return nodes[(keyed_map.DEPTH, 0)]

    def _commit(self, tx: Transaction, log: str, number: int, size: int, map_root: bytes) -> Checkpoint:
        before = tx.raw.execute(
            "SELECT body FROM madoguchi.audit_checkpoint WHERE tenant = %s AND log = %s AND number = %s",
            (tx.tenant, log, number - 1),
        ).fetchone()
        tree = tiles.TileTree(size, lambda places: load_tiles(tx, log, places))
        tree.prefetch([])
        made = Checkpoint(
            tenant=tx.tenant,
            log=log,
            number=number,
            size=size,
            root=tree.root(),
            map_root=map_root,
            previous=link(bytes(before[0])) if before else GENESIS,
            made_at=self.clock.now().replace(microsecond=0),
        )
        body = made.body()
        name, signature = self.keys.sign(tx, body)
        tx.raw.execute(
            "INSERT INTO madoguchi.audit_checkpoint (tenant, log, number, size, root, map_root, made_at, body, key_id,"
            " signature) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, log, number, size, made.root, map_root, made.made_at, body, name, signature),
        )
        return made


def latest(tx: Transaction, tenant: str, log: str) -> Checkpoint | None:
    """The newest checkpoint of a log, or None; readable by everybody."""
    row = tx.raw.execute(
        "SELECT body FROM madoguchi.audit_checkpoint WHERE tenant = %s AND log = %s ORDER BY number DESC LIMIT 1",
        (tenant, log),
    ).fetchone()
    return parse(bytes(row[0])) if row else None


def _lock(tx: Transaction, log: str) -> tuple[int, Mark, int]:
    """This log's state, locked for the rest of the transaction: (size, mark, checkpoints)."""
    tx.raw.execute(
        "INSERT INTO madoguchi.audit_log (tenant, log) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (tx.tenant, log),
    )
    row: Any = tx.raw.execute(
        "SELECT size, mark::text::bigint, mark_ref, checkpoints FROM madoguchi.audit_log"
        " WHERE tenant = %s AND log = %s FOR UPDATE",
        (tx.tenant, log),
    ).fetchone()
    return row[0], Mark(row[1], row[2]), row[3]


def _horizon(tx: Transaction) -> int:
    """The oldest transaction still open: everything before it is visible or never will be."""
    row: Any = tx.raw.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()
    return row[0]


def _take_dirty(tx: Transaction, log: str) -> set[str]:
    rows = tx.raw.execute(
        "DELETE FROM madoguchi.audit_map_dirty WHERE tenant = %s AND log = %s RETURNING person",
        (tx.tenant, log),
    ).fetchall()
    return {row[0] for row in rows}
