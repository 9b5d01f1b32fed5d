"""The rows of the log: reading and writing tiles, positions, map entries and map nodes in sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.database import Transaction

from .keyed_map import Entry, Node, bucket_of
from .sources import NewLeaf
from .tiles import Place


def load_tiles(
    tx: Transaction, log: str, places: set[Place], tenant: str | None = None
) -> dict[Place, bytes]:
    """The stored tiles among those named."""
    wanted = sorted(places)
    rows = tx.raw.execute(
        "SELECT t.level, t.tile, t.hashes FROM unnest(%s::smallint[], %s::bigint[]) AS w(level, tile)"
        " JOIN madoguchi.audit_tile t ON t.tenant = %s AND t.log = %s AND t.level = w.level AND t.tile = w.tile",
        ([p[0] for p in wanted], [p[1] for p in wanted], tenant or tx.tenant, log),
    ).fetchall()
    return {(level, tile): bytes(raw) for level, tile, raw in rows}


def write_tiles(tx: Transaction, log: str, changed: Mapping[Place, bytes]) -> None:
    """Add tiles, or let the last ones grow."""
    tx.raw.execute(
        "INSERT INTO madoguchi.audit_tile (tenant, log, level, tile, hashes)"
        " SELECT %s, %s, level, tile, hashes FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])"
        " AS f(level, tile, hashes) ON CONFLICT (tenant, log, level, tile) DO UPDATE SET hashes = excluded.hashes",
        (tx.tenant, log, [p[0] for p in changed], [p[1] for p in changed], list(changed.values())),
    )


def write_positions(tx: Transaction, log: str, start: int, fresh: Sequence[NewLeaf]) -> None:
    """Give each leaf its place, without a gap, from `start`."""
    tx.raw.execute(
        "INSERT INTO madoguchi.audit_position (tenant, log, seq, ref, sub, txid)"
        " SELECT %s, %s, seq, ref, sub, txid::text::xid8 FROM"
        " unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[]) AS f(seq, ref, sub, txid)",
        (
            tx.tenant,
            log,
            list(range(start, start + len(fresh))),
            [leaf.ref for leaf in fresh],
            [leaf.sub for leaf in fresh],
            [leaf.txid for leaf in fresh],
        ),
    )


def read_entries(tx: Transaction, log: str, keys: Iterable[bytes]) -> dict[bytes, tuple[int, bytes]]:
    """(count, edge) of every key asked for; a key without entry has (0, b"")."""
    wanted = sorted(keys)
    found = dict.fromkeys(wanted, (0, b""))
    if wanted:
        rows = tx.raw.execute(
            "SELECT e.key, e.count, e.edge FROM unnest(%s::integer[], %s::bytea[]) AS w(bucket, key)"
            " JOIN madoguchi.audit_map_entry e ON e.tenant = %s AND e.log = %s AND e.bucket = w.bucket"
            " AND e.key = w.key",
            ([bucket_of(key) for key in wanted], wanted, tx.tenant, log),
        ).fetchall()
        found |= {bytes(key): (count, bytes(edge)) for key, count, edge in rows}
    return found


def write_entries(
    tx: Transaction, log: str, changes: Mapping[bytes, tuple[int, bytes, bytes] | None]
) -> dict[int, list[Entry]]:
    """Set (count, root, edge) of keys, or remove them (None); returns every touched bucket as it now stands."""
    gone = [key for key, value in changes.items() if value is None]
    if gone:
        tx.raw.execute(
            "DELETE FROM madoguchi.audit_map_entry e USING unnest(%s::integer[], %s::bytea[]) AS w(bucket, key)"
            " WHERE e.tenant = %s AND e.log = %s AND e.bucket = w.bucket AND e.key = w.key",
            ([bucket_of(key) for key in gone], gone, tx.tenant, log),
        )
    kept = {key: value for key, value in changes.items() if value is not None}
    if kept:
        tx.raw.execute(
            "INSERT INTO madoguchi.audit_map_entry (tenant, log, bucket, key, count, root, edge)"
            " SELECT %s, %s, bucket, key, count, root, edge FROM"
            " unnest(%s::integer[], %s::bytea[], %s::bigint[], %s::bytea[], %s::bytea[])"
            " AS f(bucket, key, count, root, edge)"
            " ON CONFLICT (tenant, log, bucket, key)"
            " DO UPDATE SET count = excluded.count, root = excluded.root, edge = excluded.edge",
            (
                tx.tenant,
                log,
                [bucket_of(key) for key in kept],
                list(kept),
                [value[0] for value in kept.values()],
                [value[1] for value in kept.values()],
                [value[2] for value in kept.values()],
            ),
        )
    touched = sorted({bucket_of(key) for key in changes})
    return read_buckets(tx, log, touched)


def read_buckets(
    tx: Transaction, log: str, buckets: Sequence[int], tenant: str | None = None
) -> dict[int, list[Entry]]:
    """Whole buckets, their entries in order."""
    found: dict[int, list[Entry]] = {bucket: [] for bucket in buckets}
    rows = tx.raw.execute(
        "SELECT bucket, key, count, root FROM madoguchi.audit_map_entry WHERE tenant = %s AND log = %s"
        " AND bucket = ANY(%s::integer[]) ORDER BY bucket, key",
        (tenant or tx.tenant, log, list(buckets)),
    ).fetchall()
    for bucket, key, count, root in rows:
        found[bucket].append(Entry(bytes(key), count, bytes(root)))
    return found


def read_nodes(tx: Transaction, log: str, nodes: set[Node], tenant: str | None = None) -> dict[Node, bytes]:
    """The stored map nodes among those named; a missing one is empty."""
    wanted = sorted(nodes)
    rows = tx.raw.execute(
        "SELECT n.level, n.node, n.hash FROM unnest(%s::smallint[], %s::integer[]) AS w(level, node)"
        " JOIN madoguchi.audit_map_node n ON n.tenant = %s AND n.log = %s AND n.level = w.level AND n.node = w.node",
        ([n[0] for n in wanted], [n[1] for n in wanted], tenant or tx.tenant, log),
    ).fetchall()
    return {(level, node): bytes(value) for level, node, value in rows}


def write_nodes(tx: Transaction, log: str, nodes: Mapping[Node, bytes]) -> None:
    """Set map nodes."""
    tx.raw.execute(
        "INSERT INTO madoguchi.audit_map_node (tenant, log, level, node, hash)"
        " SELECT %s, %s, level, node, hash FROM unnest(%s::smallint[], %s::integer[], %s::bytea[])"
        " AS f(level, node, hash) ON CONFLICT (tenant, log, level, node) DO UPDATE SET hash = excluded.hash",
        (tx.tenant, log, [n[0] for n in nodes], [n[1] for n in nodes], list(nodes.values())),
    )
