"""Where leaves come from. A source reads its own table; the log only knows references and hashes.

Leaves are found without any lock on the path that writes them: every row carries the id of its transaction, and what a
batch has to look at is what was written since the oldest transaction that was still open at the batch before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
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

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed leaf computed again from its content, by rising seq."""
        ...


StepHash = Callable[[Mapping[str, Any]], bytes]
"""The engine's formula: a row of madoguchi.step as a mapping -> its hash. Injected: storage knows no engine."""


def head_leaf(case_id: UUID, seq: int, head: bytes) -> bytes:
    """The leaf of a case's newest step: its chain hash vouches for every step before it."""
    return leaf_hash(b"madoguchi/step/1\x00" + case_id.bytes + seq.to_bytes(8, "big") + head)


class StepSource:
    """New heads of case journals. Args: step_hash: the engine's formula, needed only for `recompute`."""

    log = "steps"

    def __init__(self, step_hash: StepHash | None = None) -> None:
        self._step_hash = step_hash

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

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed head, after walking all steps of every case from its first one."""
        problems = self._broken_chains(tx) if self._step_hash else {}
        with tx.raw.cursor(name="audit_heads") as cursor:
            cursor.itersize = 5000
            cursor.execute(
                "SELECT p.seq, p.ref, p.sub, s.hash FROM madoguchi.audit_position p LEFT JOIN madoguchi.step s"
                " ON s.tenant = p.tenant AND s.case_id = p.ref AND s.seq = p.sub"
                " WHERE p.tenant = %s AND p.log = 'steps' ORDER BY p.seq",
                (tx.tenant,),
            )
            for seq, ref, sub, head in cursor:
                if head is None:
                    yield Recomputed(seq, ref, sub, bytes(32), f"事案 {ref} の手順 {sub} がなくなっています")
                else:
                    problem = problems.get(ref)
                    broken = problem[1] if problem and problem[0] <= sub else None
                    yield Recomputed(seq, ref, sub, head_leaf(ref, sub, bytes(head)), broken)

    def _broken_chains(self, tx: Transaction) -> dict[UUID, tuple[int, str]]:
        """The first broken step of each case, by walking all of them in order."""
        assert self._step_hash is not None
        broken: dict[UUID, tuple[int, str]] = {}
        case: UUID | None = None
        expected, before = 1, b""
        with tx.raw.cursor(name="audit_steps") as cursor:
            cursor.itersize = 5000
            cursor.execute(
                "SELECT * FROM madoguchi.step WHERE tenant = %s ORDER BY case_id, seq", (tx.tenant,)
            )
            for row in cursor:
                names = [column.name for column in cursor.description or ()]
                step = dict(zip(names, row, strict=True))
                if step["case_id"] != case:
                    case, expected, before = step["case_id"], 1, bytes(step["prev_hash"])
                if case in broken:
                    continue
                where = f"事案 {case} の手順 {step['seq']}"
                if step["seq"] != expected:
                    broken[case] = (expected, f"事案 {case} の手順 {expected} がなくなっています")
                elif bytes(step["prev_hash"]) != before:
                    broken[case] = (step["seq"], f"{where} が前の手順につながりません")
                elif self._step_hash(step) != bytes(step["hash"]):
                    broken[case] = (step["seq"], f"{where} の内容が書き換えられています")
                expected, before = step["seq"] + 1, bytes(step["hash"])
        return broken
