"""Proving the whole log of a tenant: every chain, every leaf, the tree, the map, every checkpoint, signature and stamp.

Everything is computed again from what is stored and compared, in one pass by place, in memory that does not grow with the
log. The first place that does not hold is named; the rest is still looked at, so that the extent is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography import x509

from storage.database import Transaction

from . import keyed_map, sources
from .checkpoint import GENESIS, CheckpointError, link, parse, signature_holds, stamped_message
from .keys import public_keys
from .merkle import EMPTY_ROOT, Edge, root
from .rows import read_buckets
from .sources import LeafSource
from .stamping import StampBroken, verify_stamp
from .tiles import TILE_BYTES, hashes

Progress = Callable[[str, int], None]
"""Called with a log's name and how many leaves of it were looked at since the last call."""
STEP = 1000
PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold: in which log, at which place (-1: not at one), in words."""

    log: str
    seq: int
    words: str


@dataclass
class Report:
    """What was looked at and what did not hold, first broken place first."""

    leaves: int = 0
    destroyed: int = 0
    checkpoints: int = 0
    stamps: int = 0
    unstamped: int = 0
    waiting: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings

    def first(self) -> Finding | None:
        """The first broken link."""
        return min(self.findings, key=lambda f: (f.seq < 0, f.seq), default=None)


def verify_log(
    tx: Transaction,
    source: LeafSource,
    roots: Sequence[x509.Certificate] = (),
    progress: Progress = lambda log, done: None,
) -> Report:
    """Prove one log of the transaction's tenant.

    Args: source: with all it needs to recompute its leaves; roots: trusted time-stamp authorities (none: stamps are
    counted, not checked); progress: see `Progress`.
    """
    report = Report()

    def find(seq: int, words: str) -> None:
        if len(report.findings) < STEP:
            report.findings.append(Finding(source.log, seq, words))

    marks = _checkpoints(tx, source.log, roots, report, find)
    _tree_and_content(tx, source, marks, report, find, progress)
    _map(tx, source, marks, find)
    report.waiting = len(source.collect(tx, _mark(tx, source.log), STEP))
    return report


Find = Callable[[int, str], None]
Mark = tuple[int, bytes, bytes]
"""(size, root, map root) of a checkpoint."""


def _checkpoints(
    tx: Transaction, log: str, roots: Sequence[x509.Certificate], report: Report, find: Find
) -> list[Mark]:
    """The chain of checkpoints, their signatures and stamps."""
    keys = public_keys(tx, tx.tenant)
    before, number, size = GENESIS, 0, 0
    marks: list[Mark] = []
    rows = tx.raw.execute(
        "SELECT c.number, c.size, c.root, c.map_root, c.body, c.key_id, c.signature, s.token"
        " FROM madoguchi.audit_checkpoint c LEFT JOIN madoguchi.audit_stamp s USING (tenant, log, number)"
        " WHERE c.tenant = %s AND c.log = %s ORDER BY c.number",
        (tx.tenant, log),
    ).fetchall()
    for row in rows:
        number += 1
        name = f"チェックポイント {row[0]}"
        body, signature, token = bytes(row[4]), bytes(row[6]), row[7]
        try:
            said = parse(body)
        except CheckpointError:
            find(row[1], f"{name} の形が壊れています")
            continue
        stored = (row[0], row[1], bytes(row[2]), bytes(row[3]), tx.tenant, log)
        if (said.number, said.size, said.root, said.map_root, said.tenant, said.log) != stored:
            find(row[1], f"{name} の欄が、署名された本文と違います")
        if said.number != number or said.previous != before:
            find(row[1], f"{name} が前のチェックポイントにつながりません")
            number = said.number
        if said.size < size:
            find(row[1], f"{name} で台帳が短くなっています")
        if row[5] not in keys or not signature_holds(keys[row[5]], body, signature):
            find(row[1], f"{name} の署名が合いません")
        if token is not None:
            report.stamps += 1
            if roots:
                try:
                    verify_stamp(bytes(token), stamped_message(body, signature), roots)
                except StampBroken:
                    find(row[1], f"{name} のタイムスタンプが合いません")
        before, size = link(body), said.size
        marks.append((said.size, said.root, said.map_root))
        report.checkpoints += 1
        report.unstamped = 0 if token is not None else report.unstamped + 1
    return marks


def _tree_and_content(
    tx: Transaction,
    source: LeafSource,
    marks: Sequence[Mark],
    report: Report,
    find: Find,
    progress: Progress,
) -> None:
    """Walk tiles and content side by side; compare the root at every checkpoint."""
    stored = _leaves(tx, source.log, find)
    edge, waiting = Edge(), sorted(marks, key=lambda mark: mark[0])
    at = 0
    while waiting and waiting[0][0] == 0:
        if waiting.pop(0)[1] != EMPTY_ROOT:
            find(0, "空の台帳の根が合いません")
    for one in source.recompute(tx):
        if one.seq < 0:
            find(-1, one.problem or "")
            continue
        while at < one.seq:
            find(at, f"{at} 番目の位置が抜けています")
            at = _take(stored, edge, waiting, at, find)[0]
        at, held = _take(stored, edge, waiting, at, find)
        report.leaves += 1
        if one.problem:
            find(one.seq, one.problem)
        elif one.leaf is None:
            report.destroyed += 1
        elif held != one.leaf:
            find(one.seq, f"{one.seq} 番目（{one.ref}）が、台帳に置かれた内容と違います")
        if report.leaves % STEP == 0:
            progress(source.log, STEP)
    progress(source.log, report.leaves % STEP)
    for _ in stored:
        find(at, f"{at} 番目から後の位置が抜けています")
        break
    for size, _, _ in waiting:
        find(size, f"大きさ {size} のチェックポイントに、台帳が届きません")


def _take(
    stored: Iterator[bytes], edge: Edge, waiting: list[Mark], at: int, find: Find
) -> tuple[int, bytes | None]:
    """The stored leaf at `at`; roots of checkpoints of the size reached are compared."""
    held = next(stored, None)
    if held is None:
        find(at, f"{at} 番目の封がタイルにありません")
        return at + 1, None
    edge.append(held)
    while waiting and waiting[0][0] == edge.size:
        if waiting.pop(0)[1] != edge.root():
            find(at, f"大きさ {edge.size} のチェックポイントの根が、台帳と合いません")
    return at + 1, held


def _leaves(tx: Transaction, log: str, find: Find) -> Iterator[bytes]:
    """Every stored leaf hash in order; the tiles above are computed on the way and compared at the end."""
    above: list[bytes] = []
    expected = 0
    with tx.raw.cursor(name=f"audit_tiles_{log}") as cursor:
        cursor.itersize = 64
        cursor.execute(
            "SELECT tile, hashes FROM madoguchi.audit_tile WHERE tenant = %s AND log = %s AND level = 0 ORDER BY tile",
            (tx.tenant, log),
        )
        for tile, raw in cursor:
            if tile != expected:
                find(expected * 256, f"タイル 0/{expected} がありません")
            expected = tile + 1
            held = bytes(raw)
            yield from hashes(held)
            if len(held) == TILE_BYTES:
                above.append(root(hashes(held)))
    level = 1
    while above:
        rows = tx.raw.execute(
            "SELECT hashes FROM madoguchi.audit_tile WHERE tenant = %s AND log = %s AND level = %s ORDER BY tile",
            (tx.tenant, log, level),
        ).fetchall()
        if b"".join(bytes(row[0]) for row in rows) != b"".join(above):
            find(-1, f"段 {level} のタイルが、下の段と合いません")
        whole = len(above) - len(above) % 256
        above = [root(above[i : i + 256]) for i in range(0, whole, 256)]
        level += 1


def _map(tx: Transaction, source: LeafSource, marks: Sequence[Mark], find: Find) -> None:
    """Every person's own tree against her records, every bucket against the signed root."""
    changed: dict[int, bytes] = {}
    for start in range(0, 1 << keyed_map.DEPTH, 4096):
        buckets = range(start, start + 4096)
        for bucket, entries in read_buckets(tx, source.log, buckets).items():
            if entries:
                try:
                    changed[bucket] = keyed_map.bucket_hash(entries)
                except ValueError:
                    find(-1, f"人ごとの表の {bucket} 番の組の形が壊れています")
    top = keyed_map.update(changed, {}).get((keyed_map.DEPTH, 0), keyed_map.EMPTY[keyed_map.DEPTH])
    if marks and marks[-1][2] != top:
        find(-1, "人ごとの件数の表が、最後のチェックポイントと合いません")
    dirty: set[Any] = {
        row[0]
        for row in tx.raw.execute(
            "SELECT person FROM madoguchi.audit_map_dirty WHERE tenant = %s AND log = %s",
            (tx.tenant, source.log),
        ).fetchall()
    }
    counted = 0
    for trees, kept in sources.ahead(_trees(tx, source, dirty)):
        wanted = {key: leaves for key, leaves in trees.items() if leaves}
        for key, leaves in wanted.items():
            if kept.get(key) != (len(leaves), root(leaves)):
                find(-1, "ある人の件数か根が、その人の記録と合いません（表の鍵 " + key.hex()[:16] + "）")
        for key in kept.keys() - wanted.keys():
            find(-1, "記録のない人が表に載っています（表の鍵 " + key.hex()[:16] + "）")
        counted += len(kept)
    if not dirty and counted != _count(tx, source.log):
        find(-1, "誰のものでもない鍵が表に載っています")


def _trees(
    tx: Transaction, source: LeafSource, dirty: set[Any]
) -> Iterator[tuple[Mapping[bytes, list[bytes]], dict[bytes, tuple[int, bytes]]]]:
    """Everybody's own leaves, and what the map keeps of them."""
    after = ""
    while people := source.people(tx, after, PEOPLE):
        after = people[-1]
        trees = source.rebuild(tx, [person for person in people if person not in dirty])
        yield trees, _entries(tx, source.log, list(trees))


def _entries(tx: Transaction, log: str, keys: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
    rows = tx.raw.execute(
        "SELECT e.key, e.count, e.root FROM unnest(%s::integer[], %s::bytea[]) AS w(bucket, key)"
        " JOIN madoguchi.audit_map_entry e ON e.tenant = %s AND e.log = %s AND e.bucket = w.bucket AND e.key = w.key",
        ([keyed_map.bucket_of(key) for key in keys], list(keys), tx.tenant, log),
    ).fetchall()
    return {bytes(key): (count, bytes(value)) for key, count, value in rows}


def _count(tx: Transaction, log: str) -> int:
    row: Any = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.audit_map_entry WHERE tenant = %s AND log = %s", (tx.tenant, log)
    ).fetchone()
    return row[0]


def _mark(tx: Transaction, log: str) -> sources.Mark:
    row = tx.raw.execute(
        "SELECT mark::text::bigint, mark_ref FROM madoguchi.audit_log WHERE tenant = %s AND log = %s",
        (tx.tenant, log),
    ).fetchone()
    return sources.Mark(row[0], row[1]) if row else sources.Mark(0, UUID(int=0))
