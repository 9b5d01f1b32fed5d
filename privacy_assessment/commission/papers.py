"""Papers of the commission that a job makes: letters, their drafts, the bundle of a meeting. Rows with how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Transaction
from storage.ids import new_id
from storage.jobs import defer

TASK = "commission.print"
PAPER = (
    "SELECT id, kind, subject, name, state, done, steps, asked_by, asked_at, made_at FROM madoguchi.commission_paper"
    " WHERE tenant = %s"
)


@dataclass(frozen=True)
class Paper:
    """A paper: ``letter`` and ``draft`` belong to a decision, ``bundle`` to a meeting.

    :param state: ``waiting``, ``making``, ``ready`` or ``failed``. :param done: steps done of ``steps``.
    """

    id: UUID
    kind: str
    subject: UUID
    name: str
    state: str
    done: int
    steps: int
    asked_by: str
    asked_at: datetime
    made_at: datetime | None


def order_paper(tx: Transaction, kind: str, subject: UUID, name: str, by: str, at: datetime) -> UUID:
    """Order a paper, in this transaction; the worker makes it."""
    paper = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_paper (tenant, id, kind, subject, name, asked_by, asked_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, paper, kind, subject, name, by, at),
    )
    defer(tx, TASK, queue="print", lock=f"paper:{paper}", tenant=tx.tenant, paper=str(paper))
    return paper


def read_paper(tx: Transaction, paper: UUID) -> Paper | None:
    """A paper without its bytes, or None."""
    row = tx.raw.execute(f"{PAPER} AND id = %s", (tx.tenant, paper)).fetchone()
    return None if row is None else Paper(*row)


def papers_of(tx: Transaction, subjects: list[UUID]) -> list[Paper]:
    """The papers of decisions or meetings, newest first."""
    rows: list[tuple[Any, ...]] = tx.raw.execute(
        f"{PAPER} AND subject = ANY(%s) ORDER BY asked_at DESC, id DESC",
        (tx.tenant, subjects),
    ).fetchall()
    return [Paper(*row) for row in rows]


def content_of(tx: Transaction, paper: UUID) -> tuple[str, bytes] | None:
    """(file name, bytes) of a paper that is ready, or None."""
    row = tx.raw.execute(
        "SELECT name, content FROM madoguchi.commission_paper WHERE tenant = %s AND id = %s AND state = 'ready'",
        (tx.tenant, paper),
    ).fetchone()
    return None if row is None else (row[0], bytes(row[1]))


def step_on(tx: Transaction, paper: UUID, done: int, steps: int) -> None:
    """Note how far the making has come."""
    tx.raw.execute(
        "UPDATE madoguchi.commission_paper SET state = 'making', done = %s, steps = %s WHERE tenant = %s AND id = %s"
        " AND state IN ('waiting', 'making')",
        (done, steps, tx.tenant, paper),
    )


def keep_letter(
    tx: Transaction, paper: UUID, decision: UUID, name: str, content: bytes, by: str, at: datetime
) -> None:
    """Keep a letter that has come to this side, as it was sent; one that is there already stays."""
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_paper (tenant, id, kind, subject, name, state, done, content, asked_by, asked_at,"
        " made_at) VALUES (%s, %s, 'letter', %s, %s, 'ready', 1, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (tx.tenant, paper, decision, name, content, by, at, at),
    )


def finish(tx: Transaction, paper: UUID, content: bytes | None, at: datetime) -> bool:
    """Keep the bytes; without bytes the making has failed. Returns whether the paper is ready by this."""
    done = tx.raw.execute(
        "UPDATE madoguchi.commission_paper SET state = %s, content = %s, made_at = %s, done = steps WHERE tenant = %s"
        " AND id = %s AND state <> 'ready'",
        ("failed" if content is None else "ready", content, at, tx.tenant, paper),
    )
    return content is not None and done.rowcount == 1
