"""The journal of steps: reading it, and proving that nothing in it was changed, left out or put in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Transaction
from workflows.engine.canonical import GENESIS, moment, plain_json, step_hash
from workflows.engine.store import STEP_COLUMNS

_OF_ONE = f"SELECT {STEP_COLUMNS} FROM madoguchi.step WHERE tenant = %s AND case_id = %s ORDER BY seq"  # noqa: S608
_OF_ALL = f"""
    SELECT {STEP_COLUMNS} FROM madoguchi.step WHERE tenant = %s AND case_id > %s AND case_id <= %s ORDER BY case_id, seq
"""  # noqa: S608
_HEADS = """
    SELECT id, state, steps, head_hash FROM madoguchi.case_file WHERE tenant = %s AND id > %s ORDER BY id LIMIT %s
"""
_ORPHANS = """
    SELECT s.case_id FROM madoguchi.step AS s
    WHERE s.tenant = %s AND s.seq = 1
        AND NOT EXISTS (SELECT 1 FROM madoguchi.case_file AS c WHERE c.tenant = s.tenant AND c.id = s.case_id)
    ORDER BY s.case_id LIMIT 1
"""
_NOWHERE = UUID(int=0)
_END = UUID(int=2**128 - 1)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the journal keeps it."""

    tenant: str
    case_id: UUID
    seq: int
    kind: str
    definition_version: int
    trigger: str
    before: str
    after: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_office: str | None
    on_behalf_of: str | None
    purpose: str
    article: str | None
    input: Mapping[str, Any]
    request_key: str
    request_digest: bytes
    prev_hash: bytes
    hash: bytes

    def computed_hash(self) -> bytes:
        """The hash its own columns give."""
        return step_hash(
            self.tenant,
            self.case_id,
            self.seq,
            self.kind,
            self.definition_version,
            self.trigger,
            self.before,
            self.after,
            moment(self.at),
            (self.actor_kind, self.actor_id, self.actor_office),
            self.on_behalf_of,
            self.purpose,
            self.article,
            plain_json(self.input),
            self.request_key,
            self.prev_hash,
        )


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place where a chain does not hold.

    :param seq: the step, or 0 when the case as a whole is wrong.
    :param problem: ``gap``, ``order`` (before is not the after of the step before), ``previous`` (points at another step),
        ``content`` (does not give its own hash), ``head`` (the case does not stand at its last step), ``orphan`` (no case).
    """

    case_id: UUID
    seq: int
    problem: str


def history(tx: Transaction, case_id: UUID) -> list[Step]:
    """The steps of a case, oldest first."""
    return [Step(*row) for row in tx.raw.execute(_OF_ONE, (tx.tenant, case_id), prepare=True).fetchall()]


def check_chain(steps: Iterable[Step]) -> BrokenLink | None:
    """The first broken link of one case's steps, or None.

    :param steps: all of them, by ``seq``.
    """
    previous, state, expected = GENESIS, "", 1
    for step in steps:
        problem = None
        if step.seq != expected:
            problem = "gap"
        elif step.before != state:
            problem = "order"
        elif bytes(step.prev_hash) != previous:
            problem = "previous"
        elif bytes(step.hash) != step.computed_hash():
            problem = "content"
        if problem:
            return BrokenLink(step.case_id, expected, problem)
        previous, state, expected = bytes(step.hash), step.after, expected + 1
    return None


def check_case(steps: list[Step], case_id: UUID, state: str, count: int, head: bytes) -> BrokenLink | None:
    """The first broken link of a case, its own row included."""
    broken = check_chain(steps)
    if broken:
        return broken
    last = steps[-1] if steps else None
    if last is None or (last.after, last.seq, bytes(last.hash)) != (state, count, bytes(head)):
        return BrokenLink(case_id, 0 if last is None else last.seq, "head")
    return None


def verify(tx: Transaction, case_id: UUID | None = None) -> BrokenLink | None:
    """Prove the journal of the tenant, or of one case.

    :returns: the first broken link by case id, or None when every chain holds.
    """
    for found in broken_links(tx, case_id):
        return found
    return None


def broken_links(tx: Transaction, case_id: UUID | None = None) -> Iterator[BrokenLink]:
    """The first broken link of each case that has one; reads in batches, so it may run over any number of cases."""
    if case_id is not None:
        rows = tx.raw.execute(
            "SELECT id, state, steps, head_hash FROM madoguchi.case_file WHERE tenant = %s AND id = %s",
            (tx.tenant, case_id),
        ).fetchall()
        steps = {case_id: history(tx, case_id)}
        if not rows and steps[case_id]:
            yield BrokenLink(case_id, 1, "orphan")
        yield from _check(rows, steps)
        return
    after = _NOWHERE
    while True:
        rows = tx.raw.execute(_HEADS, (tx.tenant, after, _BATCH), prepare=True).fetchall()
        until = rows[-1][0] if len(rows) == _BATCH else _END
        yield from _check(rows, _steps_between(tx, after, until))
        if until == _END:
            break
        after = until
    orphan = tx.raw.execute(_ORPHANS, (tx.tenant,)).fetchone()
    if orphan:
        yield BrokenLink(orphan[0], 1, "orphan")


def _steps_between(tx: Transaction, after: UUID, until: UUID) -> dict[UUID, list[Step]]:
    found: dict[UUID, list[Step]] = {}
    for row in tx.raw.execute(_OF_ALL, (tx.tenant, after, until), prepare=True):
        found.setdefault(row[1], []).append(Step(*row))
    return found


def _check(rows: list[tuple[Any, ...]], steps: Mapping[UUID, list[Step]]) -> Iterator[BrokenLink]:
    for case_id, state, count, head in rows:
        broken = check_case(steps.get(case_id, []), case_id, state, count, head)
        if broken:
            yield broken
