"""Threads across statements, and proposals: words somebody offers for an item, taken over with one press and into its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from privacy_assessment.editing.saving import Outcome, save
from privacy_assessment.forms import Place
from privacy_assessment.statements.drafts import DraftService
from privacy_assessment.statements.models import NoSuchStatement, StatementRefused
from privacy_assessment.statements.notes import MAX_TEXT, Notes
from privacy_assessment.statements.store import read_draft
from storage.database import Transaction
from workflows.engine import Actor

TEXTS = ("text", "longtext")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words offered for an item."""

    thread: UUID
    text: str
    accepted_by: str | None
    accepted_at: datetime | None
    accepted_version: int | None


@dataclass(frozen=True, slots=True)
class Mine:
    """A thread that waits for somebody."""

    id: UUID
    statement: UUID
    number: str
    title: str
    form: str
    place: str
    type: str
    due_on: date | None
    opened_by: str
    opened_at: datetime
    last: str


def propose(tx: Transaction, thread: UUID, text: str) -> None:
    """Keep the words a proposal offers.

    :raises StatementRefused: nothing, or too much.
    """
    if not text.strip() or len(text) > MAX_TEXT:
        raise StatementRefused("BAD_PROPOSAL", f"提案の文は1字以上{MAX_TEXT:,}字までです。保存していません。")
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_proposal (tenant, thread_id, text) VALUES (%s, %s, %s)",
        (tx.tenant, thread, text.replace("\r\n", "\n").replace("\r", "\n")),
    )


def proposals(tx: Transaction, threads: Sequence[UUID]) -> dict[UUID, Proposal]:
    """Proposals by thread."""
    rows = tx.raw.execute(
        "SELECT thread_id, text, accepted_by, accepted_at, accepted_version FROM madoguchi.assessment_proposal"
        " WHERE tenant = %s AND thread_id = ANY(%s)",
        (tx.tenant, list(threads)),
    ).fetchall()
    return {row[0]: Proposal(*row) for row in rows}


def accept(
    tx: Transaction, drafts: DraftService, notes: Notes, statement: UUID, thread: UUID, actor: Actor
) -> Outcome:
    """Put a proposal's words into its item and resolve the thread.

    :raises StatementRefused: it was taken over already, its item is no text, or nobody may write now.
    :raises NoSuchStatement: there is no such proposal on this statement.
    """
    form, place = thread_place(tx, statement, thread)
    found = proposals(tx, [thread]).get(thread)
    if found is None:
        raise NoSuchStatement("この提案は見つかりません。")
    if found.accepted_at is not None:
        raise StatementRefused("ACCEPTED", "この提案はもう取り入れてあります。何も変更していません。")
    draft = read_draft(tx, statement, form, lock=True)
    item = draft.form.by_key.get(Place.parse(place).key)
    if item is None or item.type not in TEXTS:
        raise StatementRefused(
            "NO_TEXT_ITEM",
            "文章の項目ではないため、取り入れられません。何も変更していません。提案を読んで、項目を直してください。",
        )
    outcome = save(tx, drafts, statement, form, draft.version, {place: found.text}, actor, "proposal")
    if outcome.refused:
        raise StatementRefused("CANNOT_KEEP", outcome.refused[0].text)
    if outcome.aside:
        raise StatementRefused(
            "ROW_GONE",
            "提案のあった行はもうありません。何も変更していません。提案の文はそのまま残っています。",
        )
    tx.raw.execute(
        "UPDATE madoguchi.assessment_proposal SET accepted_by = %s, accepted_at = %s, accepted_version = %s"
        " WHERE tenant = %s AND thread_id = %s",
        (actor.id, drafts.clock.now(), outcome.draft.version, tx.tenant, thread),
    )
    notes.resolve(tx, thread, actor.id)
    return outcome


def thread_place(tx: Transaction, statement: UUID, thread: UUID) -> tuple[str, str]:
    """Form and place of a thread.

    :raises NoSuchStatement: there is no such thread on this statement.
    """
    row = tx.raw.execute(
        "SELECT form, place FROM madoguchi.assessment_thread WHERE tenant = %s AND assessment_id = %s AND id = %s",
        (tx.tenant, statement, thread),
    ).fetchone()
    if row is None:
        raise NoSuchStatement("このコメントは見つかりません。")
    return row[0], row[1]


def waiting_for(tx: Transaction, account: str, limit: int = 200) -> list[Mine]:
    """Open threads that are somebody's to answer, the ones due first in front, over all statements of the office."""
    rows = tx.raw.execute(
        "SELECT t.id, a.id, a.number, a.title, t.form, t.place, t.type, t.due_on, t.opened_by, t.opened_at,"
        " (SELECT text FROM madoguchi.assessment_thread_entry AS e WHERE e.tenant = t.tenant AND e.thread_id = t.id"
        " ORDER BY seq DESC LIMIT 1) FROM madoguchi.assessment_thread AS t JOIN madoguchi.assessment AS a"
        " ON a.tenant = t.tenant AND a.id = t.assessment_id WHERE t.tenant = %s AND t.assignee = %s"
        " AND t.resolved_at IS NULL ORDER BY t.due_on NULLS LAST, t.id LIMIT %s",
        (tx.tenant, account, limit),
    ).fetchall()
    return [Mine(*row) for row in rows]


def open_counts(tx: Transaction, statement: UUID, form: str) -> dict[str, int]:
    """How many open threads each place of a form has."""
    return dict(
        tx.raw.execute(
            "SELECT place, count(*) FROM madoguchi.assessment_thread WHERE tenant = %s AND assessment_id = %s"
            " AND form = %s AND resolved_at IS NULL GROUP BY place",
            (tx.tenant, statement, form),
            prepare=True,
        ).fetchall()
    )
