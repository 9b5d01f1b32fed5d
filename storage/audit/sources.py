"""Where leaves come from. A source reads its own table; the log only knows references and hashes.

Leaves are found without any lock on the path that writes them: every row carries the id of its transaction, and what a
batch has to look at is what was written since the oldest transaction that was still open at the batch before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from storage.database import Transaction

from .merkle import leaf_hash


class Mark(NamedTuple):
    """Everything up to here, by (transaction, reference), is placed for good: no transaction before it is still open."""

    txid: int
    ref: UUID


class NewLeaf(NamedTuple):
    """A leaf to be placed: what it stands for, its hash, the transaction that wrote it; person and key when it counts
    for somebody's own tree."""

    ref: UUID
    sub: int
    leaf: bytes
    txid: int
    person: str | None = None
    key: bytes | None = None


class Recomputed(NamedTuple):
    """A leaf computed again from what is stored now; `leaf` None: its content was lawfully destroyed."""

    seq: int
    ref: UUID
    sub: int
    leaf: bytes | None
    problem: str | None = None


class LeafSource(Protocol):
    """One log's source."""

    log: str

    def collect(self, tx: Transaction, mark: Mark, limit: int) -> list[NewLeaf]:
        """Leaves after `mark` that have no place yet, by rising (txid, ref), at most `limit`."""
        ...

    def rebuild(self, tx: Transaction, persons: Sequence[str]) -> Mapping[bytes, list[bytes]]:
        """For persons whose trees must be made anew: leaf hashes by key, in the order of the log (empty: no entry)."""
        ...

    def people(self, tx: Transaction, after: str, limit: int) -> list[str]:
        """The persons that have trees, in order, after this one."""
        ...

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed leaf computed again from its content, by rising seq."""
        ...


class ChainBreak(Protocol):
    """The first step of a case whose chain does not hold."""

    @property
    def case_id(self) -> UUID: ...

    @property
    def seq(self) -> int: ...

    @property
    def problem(self) -> str: ...


Place = tuple[int, UUID, int]
PAGE = 5000
Page = TypeVar("Page")

Chains = Callable[[Transaction], Iterable[ChainBreak]]
"""The engine's own check of every case's chain. Injected: storage knows no engine."""

PROBLEMS = {
    "gap": "手順が抜けています",
    "order": "前の手順の状態とつながりません",
    "previous": "前の手順を正しく指していません",
    "content": "内容が書き換えられています",
    "head": "案件の今の状態が最後の手順と合いません",
    "orphan": "手順だけがあり、案件がありません",
}


def placed(tx: Transaction, log: str, refs: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Which of these references have a place already, as (ref, sub)."""
    rows = tx.raw.execute(
        "SELECT ref, sub FROM madoguchi.audit_position WHERE tenant = %s AND log = %s AND ref = ANY(%s)",
        (tx.tenant, log, list(refs)),
    ).fetchall()
    return set(rows)


def head_leaf(case_id: UUID, seq: int, head: bytes) -> bytes:
    """The leaf of a case's newest step: its chain hash vouches for every step before it."""
    return leaf_hash(b"madoguchi/step/1\x00" + case_id.bytes + seq.to_bytes(8, "big") + head)


class StepSource:
    """New heads of case journals. Args: chains: the engine's check, needed only for `recompute`."""

    log = "steps"

    def __init__(self, chains: Chains | None = None) -> None:
        self._chains = chains

    def collect(self, tx: Transaction, mark: Mark, limit: int) -> list[NewLeaf]:
        """The newest step of every case that moved."""
        found: list[NewLeaf] = []
        while len(found) < limit:
            rows = tx.raw.execute(
                """
                SELECT case_id, seq, hash, txid::text::bigint FROM (
                    SELECT DISTINCT ON (case_id) case_id, seq, hash, txid FROM madoguchi.step
                    WHERE tenant = %s AND txid >= %s::text::xid8 ORDER BY case_id, seq DESC
                ) AS head
                WHERE (txid, case_id) > (%s::text::xid8, %s) ORDER BY txid, case_id LIMIT %s
                """,
                (tx.tenant, str(mark.txid), str(mark.txid), mark.ref, limit),
            ).fetchall()
            known = placed(tx, self.log, [row[0] for row in rows])
            for case_id, seq, head, txid in rows:
                if (case_id, seq) not in known and len(found) < limit:
                    found.append(NewLeaf(case_id, seq, head_leaf(case_id, seq, bytes(head)), txid))
            if len(rows) < limit:
                break
            mark = Mark(rows[-1][3], rows[-1][0])
        return found

    def rebuild(self, tx: Transaction, persons: Sequence[str]) -> Mapping[bytes, list[bytes]]:
        """Steps are nobody's own tree."""
        return {}

    def people(self, tx: Transaction, after: str, limit: int) -> list[str]:
        """Steps are nobody's own tree."""
        return []

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed head, after every chain was walked from its first step."""
        broken = {b.case_id: b for b in self._chains(tx)} if self._chains else {}
        for page, heads in ahead((page, dict(_heads(tx, page))) for page in positions(tx, self.log)):
            for seq, ref, sub in page:
                found = broken.pop(ref, None)
                head = heads.get((ref, sub))
                if head is None:
                    yield Recomputed(seq, ref, sub, None, f"案件 {ref} の手順 {sub} がなくなっています")
                else:
                    yield Recomputed(
                        seq, ref, sub, head_leaf(ref, sub, head), _words(found) if found else None
                    )
        for rest in broken.values():
            yield Recomputed(-1, rest.case_id, rest.seq, None, _words(rest))


def _heads(tx: Transaction, page: Sequence[Place]) -> Iterator[tuple[tuple[UUID, int], bytes]]:
    rows = tx.raw.execute(
        "SELECT s.case_id, s.seq, s.hash FROM unnest(%s::uuid[], %s::integer[]) AS w(case_id, seq)"
        " JOIN madoguchi.step s ON s.tenant = %s AND s.case_id = w.case_id AND s.seq = w.seq",
        ([one[1] for one in page], [one[2] for one in page], tx.tenant),
    ).fetchall()
    return (((case_id, seq), bytes(head)) for case_id, seq, head in rows)


def positions(tx: Transaction, log: str) -> Iterator[list[Place]]:
    """All places of a log as (seq, ref, sub), by rising seq, page by page."""
    after = -1
    while True:
        rows = tx.raw.execute(
            "SELECT seq, ref, sub FROM madoguchi.audit_position WHERE tenant = %s AND log = %s AND seq > %s"
            " ORDER BY seq LIMIT %s",
            (tx.tenant, log, after, PAGE),
        ).fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, each read while the one before it is looked at: the database works while we compute.

    Pages are read by another thread, one at a time; on a transaction's connection the driver lets one statement after another through.
    """
    with ThreadPoolExecutor(1, "audit-ahead") as reader:
        coming = reader.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = reader.submit(next, pages, None)
            yield page


def _words(broken: ChainBreak) -> str:
    return f"案件 {broken.case_id} の手順 {broken.seq}: {PROBLEMS.get(broken.problem, broken.problem)}"
