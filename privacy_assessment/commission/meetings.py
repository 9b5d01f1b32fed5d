"""Meetings of the commission: a day, and what is decided on it, in order. The bundle of papers is made from this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.commission.models import CommissionRefused, NoSuchReview
from privacy_assessment.commission.papers import order_paper
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

MAX_WORDS = 500


@dataclass(frozen=True)
class Meeting:
    """A meeting.

    :param items: submissions in the order of the agenda.
    """

    id: UUID
    held_on: date
    place: str
    note: str
    created_by: str
    created_at: datetime
    items: tuple[UUID, ...]


def call_meeting(tx: Transaction, clock: Clock, held_on: date, place: str, note: str, by: str) -> UUID:
    """Enter a meeting.

    :raises CommissionRefused: the day has passed, or a text is too long.
    """
    if held_on < clock.today():
        raise CommissionRefused("PAST", "会議の日が過去です。登録していません。今日以後の日にしてください。")
    if max(len(place), len(note)) > MAX_WORDS or "\x00" in place + note:
        raise CommissionRefused("TOO_LONG", f"場所と備考は{MAX_WORDS}字までです。登録していません。")
    meeting = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_meeting (tenant, id, held_on, place, note, created_by, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, meeting, held_on, place.strip(), note.strip(), by, clock.now()),
    )
    return meeting


def put_on_agenda(tx: Transaction, meeting: UUID, submission: UUID) -> None:
    """Put a submission at the end of a meeting's agenda; one that is there stays where it is."""
    read_meeting(tx, meeting)
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_meeting_item (tenant, meeting, submission, position)"
        " SELECT %s, %s, %s, coalesce(max(position), 0) + 1 FROM madoguchi.commission_meeting_item"
        " WHERE tenant = %s AND meeting = %s ON CONFLICT DO NOTHING",
        (tx.tenant, meeting, submission, tx.tenant, meeting),
    )


def take_off_agenda(tx: Transaction, meeting: UUID, submission: UUID) -> None:
    """Take a submission off the agenda."""
    tx.raw.execute(
        "DELETE FROM madoguchi.commission_meeting_item WHERE tenant = %s AND meeting = %s AND submission = %s",
        (tx.tenant, meeting, submission),
    )


def order_bundle(tx: Transaction, clock: Clock, meeting: UUID, by: str) -> UUID:
    """Order the bundle of a meeting's papers.

    :raises CommissionRefused: nothing is on the agenda.
    """
    found = read_meeting(tx, meeting)
    if not found.items:
        raise CommissionRefused("EMPTY", "議題がありません。資料は作っていません。先に議題を加えてください。")
    name = f"会議資料_{found.held_on.isoformat()}.pdf"
    return order_paper(tx, "bundle", meeting, name, by, clock.now())


def read_meeting(tx: Transaction, meeting: UUID) -> Meeting:
    """A meeting.

    :raises NoSuchReview: there is none.
    """
    found = _read(tx, meeting, 1)
    if not found:
        raise NoSuchReview("この会議は見つかりません。")
    return found[0]


def list_meetings(tx: Transaction, limit: int = 50) -> list[Meeting]:
    """The newest meetings, latest day first."""
    return _read(tx, None, limit)


def _read(tx: Transaction, meeting: UUID | None, limit: int) -> list[Meeting]:
    rows = tx.raw.execute(
        "SELECT m.id, m.held_on, m.place, m.note, m.created_by, m.created_at, ARRAY(SELECT i.submission"
        " FROM madoguchi.commission_meeting_item AS i WHERE i.tenant = m.tenant AND i.meeting = m.id ORDER BY i.position)"
        " FROM madoguchi.commission_meeting AS m WHERE m.tenant = %s AND (%s::uuid IS NULL OR m.id = %s)"
        " ORDER BY m.held_on DESC, m.id DESC LIMIT %s",
        (tx.tenant, meeting, meeting, limit),
    ).fetchall()
    whole: list[tuple[Any, ...]] = [(*row[:6], tuple(row[6])) for row in rows]
    return [Meeting(*one) for one in whole]
