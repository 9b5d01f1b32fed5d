"""Where leaves come from. A source reads its own table; the log only knows references and hashes.

Leaves are found without any lock on the path that writes them: every row carries the id of its transaction, and what a
batch has to look at is what was written since the oldest transaction that was still open at the batch before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from storage.database import Transaction

from .merkle import leaf_hash


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

    def collect(self, tx: Transaction, mark: int, limit: int) -> list[NewLeaf]:
        """Leaves written by transactions from `mark` on that have no place yet, oldest transaction first."""
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


Chains = Callable[[Transaction], Iterable[ChainBreak]]
"""The engine's own check of every case's chain. Injected: storage knows no engine."""

PROBLEMS = {
    "gap": "手順が抜けています",
    "order": "前の手順の状態とつながりません",
    "previous": "前の手順を正しく指していません",
    "content": "内容が書き換えられています",
    "head": "事案の今の状態が最後の手順と合いません",
    "orphan": "手順だけがあり、事案がありません",
}


def head_leaf(case_id: UUID, seq: int, head: bytes) -> bytes:
    """The leaf of a case's newest step: its chain hash vouches for every step before it."""
    return leaf_hash(b"madoguchi/step/1\x00" + case_id.bytes + seq.to_bytes(8, "big") + head)


class StepSource:
    """New heads of case journals. Args: chains: the engine's check, needed only for `recompute`."""

    log = "steps"

    def __init__(self, chains: Chains | None = None) -> None:
        self._chains = chains

    def collect(self, tx: Transaction, mark: int, limit: int) -> list[NewLeaf]:
        """The newest step of every case that moved."""
        rows = tx.raw.execute(
            """
            SELECT case_id, seq, hash, txid::text::bigint FROM (
                SELECT DISTINCT ON (case_id) case_id, seq, hash, txid FROM madoguchi.step
                WHERE tenant = %s AND txid >= %s::text::xid8 ORDER BY case_id, seq DESC
            ) AS head
            WHERE NOT EXISTS (SELECT 1 FROM madoguchi.audit_position p
                              WHERE p.tenant = %s AND p.log = 'steps' AND p.ref = case_id AND p.sub = seq)
            ORDER BY txid, case_id LIMIT %s
            """,
            (tx.tenant, str(mark), tx.tenant, limit),
        ).fetchall()
        return [
            NewLeaf(case_id, seq, head_leaf(case_id, seq, bytes(head)), txid)
            for case_id, seq, head, txid in rows
        ]

    def rebuild(self, tx: Transaction, persons: Sequence[str]) -> Mapping[bytes, list[bytes]]:
        """Steps are nobody's own tree."""
        return {}

    def people(self, tx: Transaction, after: str, limit: int) -> list[str]:
        """Steps are nobody's own tree."""
        return []

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed head, after every chain was walked from its first step."""
        broken = {b.case_id: b for b in self._chains(tx)} if self._chains else {}
        with tx.raw.cursor(name="audit_heads") as cursor:
            cursor.itersize = 5000
            cursor.execute(
                "SELECT p.seq, p.ref, p.sub, s.hash FROM madoguchi.audit_position p LEFT JOIN madoguchi.step s"
                " ON s.tenant = p.tenant AND s.case_id = p.ref AND s.seq = p.sub"
                " WHERE p.tenant = %s AND p.log = 'steps' ORDER BY p.seq",
                (tx.tenant,),
            )
            for seq, ref, sub, head in cursor:
                found = broken.pop(ref, None)
                if head is None:
                    yield Recomputed(seq, ref, sub, None, f"事案 {ref} の手順 {sub} がなくなっています")
                else:
                    problem = _words(found) if found else None
                    yield Recomputed(seq, ref, sub, head_leaf(ref, sub, bytes(head)), problem)
        for rest in broken.values():
            yield Recomputed(-1, rest.case_id, rest.seq, None, _words(rest))


def _words(broken: ChainBreak) -> str:
    return f"事案 {broken.case_id} の手順 {broken.seq}: {PROBLEMS.get(broken.problem, broken.problem)}"
