"""The room of a third-party review (規則7条4項): the whole text as frozen for it, for people named by the office, until a day.

Who may be in it is rows, not a role: the role "outside reviewer" alone opens nothing. Every reading is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from privacy_assessment.forms import Document
from privacy_assessment.statements.models import Statement, StatementRefused
from privacy_assessment.statements.store import last_version
from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing
from storage.ids import new_id
from storage.jobs import defer

INVITE = "review.invite"
LONGEST = timedelta(days=366)
MAX_NAME = 100
FORM = "form4"
_ROOM = (
    "SELECT id, assessment_id, case_id, version, until, opened_at, opened_by, ended_at, ended_by, end_reason"
    " FROM madoguchi.review_room WHERE tenant = %s"
)
_MEMBER = (
    "SELECT id, room_id, name, organisation, account, state, code_until, invited_at, invited_by, ended_at, ended_by"
    " FROM madoguchi.review_member WHERE tenant = %s"
)


@dataclass(frozen=True, slots=True)
class Room:
    """One room. ``version`` is the number of the frozen text in it; ``until`` its last day."""

    id: UUID
    statement: UUID
    case_id: UUID
    version: int
    until: date
    opened_at: datetime
    opened_by: str
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None

    def open_on(self, day: date) -> bool:
        """Whether anybody may be in it."""
        return self.ended_at is None and day <= self.until


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody named for a room. ``state``: ``asked`` (being entered), ``code`` (a code waits for her), ``ready``, ``ended``."""

    id: UUID
    room: UUID
    name: str
    organisation: str
    account: UUID | None
    state: str
    code_until: datetime | None
    invited_at: datetime
    invited_by: str
    ended_at: datetime | None
    ended_by: str | None


def open_room(tx: Transaction, clock: Clock, statement: Statement, until: date, by: str) -> UUID:
    """Open a room on the text that was frozen for the review.

    :raises StatementRefused: nothing was frozen, a room is open already, or the day lies in the past or too far away.
    """
    frozen = last_version(tx, statement.id, FORM, "third_party")
    if frozen is None or statement.case_id is None:
        raise StatementRefused(
            "NO_TEXT",
            "点検に出した評価書がありません。開いていません。先に「第三者点検を求める」を行ってください。",
        )
    _check_day(clock, until)
    tx.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"review_room:{statement.id}",))
    now = current_room(tx, statement.id)
    if now is not None and now.open_on(clock.today()):
        raise StatementRefused("ROOM_OPEN", "点検の部屋はもう開いています。開いていません。")
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.review_room (tenant, id, assessment_id, case_id, version, until, opened_at, opened_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, key, statement.id, statement.case_id, frozen.number, until, clock.now(), by),
    )
    return key


def move_end(tx: Transaction, clock: Clock, room: Room, until: date) -> None:
    """Change the last day of a room that has not been ended.

    :raises StatementRefused: it has been ended, or the day lies in the past or too far away.
    """
    if room.ended_at is not None:
        raise StatementRefused("ENDED", "終えた部屋の期限は変えられません。変えていません。")
    _check_day(clock, until)
    tx.raw.execute(
        "UPDATE madoguchi.review_room SET until = %s WHERE tenant = %s AND id = %s AND ended_at IS NULL",
        (until, tx.tenant, room.id),
    )


def end_room(tx: Transaction, clock: Clock, room: UUID, by: str, reason: str) -> bool:
    """End a room at once for everybody. Returns False when it was ended already."""
    done = tx.raw.execute(
        "UPDATE madoguchi.review_room SET ended_at = %s, ended_by = %s, end_reason = %s"
        " WHERE tenant = %s AND id = %s AND ended_at IS NULL",
        (clock.now(), by, reason.strip()[:200], tx.tenant, room),
    )
    return done.rowcount > 0


def name_member(
    tx: Transaction,
    clock: Clock,
    room: Room,
    name: str,
    organisation: str,
    by: str,
    account: UUID | None = None,
) -> UUID:
    """Name somebody for a room. Somebody without an account is entered by the worker, who makes the code for her key.

    :param account: of somebody who was an outside reviewer of this office before.
    :raises StatementRefused: the room is over, no name, or she is in it already.
    """
    if not room.open_on(clock.today()):
        raise StatementRefused("ENDED", "部屋は終わっています。加えていません。新しい部屋を開いてください。")
    name, organisation = name.strip(), organisation.strip()
    if not name or not organisation or max(len(name), len(organisation)) > MAX_NAME:
        raise StatementRefused(
            "NO_NAME",
            f"氏名と所属が要ります（それぞれ{MAX_NAME}字まで）。加えていません。書き直してください。",
        )
    if account is not None and member_of(tx, room.id, account) is not None:
        raise StatementRefused("TWICE", "この人はもう部屋に入れます。加えていません。")
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.review_member (tenant, room_id, id, name, organisation, account, state, invited_at, invited_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tx.tenant,
            room.id,
            key,
            name,
            organisation,
            account,
            "ready" if account else "asked",
            clock.now(),
            by,
        ),
    )
    if account is None:
        defer(tx, INVITE, tenant=tx.tenant, room=str(room.id), member=str(key))
    return key


def end_member(tx: Transaction, clock: Clock, room: UUID, member: UUID, by: str) -> bool:
    """Take somebody out of a room at once. Returns False when she was out already."""
    done = tx.raw.execute(
        "UPDATE madoguchi.review_member SET state = 'ended', sealed_code = NULL, ended_at = %s, ended_by = %s"
        " WHERE tenant = %s AND room_id = %s AND id = %s AND ended_at IS NULL",
        (clock.now(), by, tx.tenant, room, member),
    )
    return done.rowcount > 0


def keep_code(
    tx: Transaction, keys: KeyRing, member: Member, account: UUID, code: str, until: datetime
) -> None:
    """Keep the code of a new reviewer, sealed, until the office has taken it (worker)."""
    tx.raw.execute(
        "UPDATE madoguchi.review_member SET account = %s, sealed_code = %s, code_until = %s, state = 'code'"
        " WHERE tenant = %s AND room_id = %s AND id = %s AND state = 'asked'",
        (
            account,
            keys.seal(tx, tx.tenant, code.encode(), code_context(member.id)),
            until,
            tx.tenant,
            member.room,
            member.id,
        ),
    )


def take_code(tx: Transaction, clock: Clock, keys: KeyRing, room: UUID, member: UUID) -> str | None:
    """The code of a new reviewer, once; None when it was taken before or is too old."""
    row = tx.raw.execute(
        "SELECT sealed_code FROM madoguchi.review_member WHERE tenant = %s AND room_id = %s AND id = %s AND state = 'code'"
        " AND code_until > %s FOR UPDATE",
        (tx.tenant, room, member, clock.now()),
    ).fetchone()
    if row is None:
        return None
    tx.raw.execute(
        "UPDATE madoguchi.review_member SET state = 'ready', sealed_code = NULL WHERE tenant = %s AND room_id = %s AND id = %s",
        (tx.tenant, room, member),
    )
    return keys.open(tx, tx.tenant, bytes(row[0]), code_context(member)).decode()


def current_room(tx: Transaction, statement: UUID) -> Room | None:
    """The newest room of a statement, open or not."""
    return next(iter(rooms_of(tx, statement)), None)


def rooms_of(tx: Transaction, statement: UUID) -> list[Room]:
    """Every room of a statement, newest first."""
    rows = tx.raw.execute(
        f"{_ROOM} AND assessment_id = %s ORDER BY opened_at DESC, id DESC", (tx.tenant, statement)
    ).fetchall()
    return [Room(*row) for row in rows]


def read_room(tx: Transaction, room: UUID) -> Room | None:
    """A room by its id."""
    row = tx.raw.execute(f"{_ROOM} AND id = %s", (tx.tenant, room)).fetchone()
    return None if row is None else Room(*row)


def members_of(tx: Transaction, room: UUID) -> list[Member]:
    """Everybody who was ever named for a room."""
    rows = tx.raw.execute(f"{_MEMBER} AND room_id = %s ORDER BY invited_at, id", (tx.tenant, room)).fetchall()
    return [Member(*row) for row in rows]


def read_member(tx: Transaction, room: UUID, member: UUID) -> Member | None:
    """Somebody named, by id."""
    row = tx.raw.execute(f"{_MEMBER} AND room_id = %s AND id = %s", (tx.tenant, room, member)).fetchone()
    return None if row is None else Member(*row)


def member_of(tx: Transaction, room: UUID, account: UUID) -> Member | None:
    """The place of an account in a room, when it has one that was not ended."""
    row = tx.raw.execute(
        f"{_MEMBER} AND room_id = %s AND account = %s AND ended_at IS NULL ORDER BY invited_at DESC LIMIT 1",
        (tx.tenant, room, account),
    ).fetchone()
    return None if row is None else Member(*row)


def enter(tx: Transaction, clock: Clock, room: UUID, account: UUID) -> tuple[Room, Member] | None:
    """The room, for somebody named for it while it is open; None for everybody else and afterwards."""
    found = read_room(tx, room)
    if found is None or not found.open_on(clock.today()):
        return None
    member = member_of(tx, room, account)
    return None if member is None else (found, member)


def open_rooms(tx: Transaction, clock: Clock, account: UUID) -> list[tuple[Room, str, str]]:
    """The rooms an account may enter today, with number and title of each statement, the one that ends first at the top."""
    rows = tx.raw.execute(
        "SELECT r.id, r.assessment_id, r.case_id, r.version, r.until, r.opened_at, r.opened_by, r.ended_at, r.ended_by,"
        " r.end_reason, a.number, a.title FROM madoguchi.review_member AS m"
        " JOIN madoguchi.review_room AS r ON r.tenant = m.tenant AND r.id = m.room_id"
        " JOIN madoguchi.assessment AS a ON a.tenant = r.tenant AND a.id = r.assessment_id"
        " WHERE m.tenant = %s AND m.account = %s AND m.ended_at IS NULL AND r.ended_at IS NULL AND r.until >= %s"
        " ORDER BY r.until, r.id",
        (tx.tenant, account, clock.today()),
    ).fetchall()
    return [(Room(*row[:10]), row[10], row[11]) for row in rows]


def text_in(tx: Transaction, room: Room) -> Document:
    """The whole text as it was frozen for this room."""
    row: tuple[Any, ...] | None = tx.raw.execute(
        "SELECT body FROM madoguchi.assessment_version WHERE tenant = %s AND assessment_id = %s AND form = %s AND number = %s",
        (tx.tenant, room.statement, FORM, room.version),
    ).fetchone()
    assert row is not None, "versions are never deleted"
    return Document.from_json(row[0])


def note_reading(tx: Transaction, clock: Clock, room: UUID, account: UUID, page: str) -> None:
    """Keep that somebody read a page of the room, before it is shown."""
    tx.raw.execute(
        "INSERT INTO madoguchi.review_reading (tenant, room_id, id, account, page, at) VALUES (%s, %s, %s, %s, %s, %s)",
        (tx.tenant, room, new_id(), account, page, clock.now()),
    )


def readings(tx: Transaction, room: UUID, limit: int = 200) -> list[tuple[datetime, UUID, str]]:
    """Who read which page when, newest first."""
    return tx.raw.execute(
        "SELECT at, account, page FROM madoguchi.review_reading WHERE tenant = %s AND room_id = %s ORDER BY at DESC LIMIT %s",
        (tx.tenant, room, limit),
    ).fetchall()


def reviewers_known(tx: Transaction, room: UUID) -> list[tuple[UUID, str, str]]:
    """Outside reviewers this office has already and who are not in the room: account, name, organisation."""
    return tx.raw.execute(
        "SELECT s.account, s.display_name, s.office FROM identity.staff AS s WHERE s.tenant = %s"
        " AND s.roles = ARRAY['outside_reviewer'] AND s.left_at IS NULL AND NOT EXISTS (SELECT 1 FROM madoguchi.review_member AS m"
        "  WHERE m.tenant = s.tenant AND m.room_id = %s AND m.account = s.account AND m.ended_at IS NULL)"
        " ORDER BY s.display_name, s.account",
        (tx.tenant, room),
    ).fetchall()


def _check_day(clock: Clock, until: date) -> None:
    if not clock.today() <= until <= clock.today() + LONGEST:
        raise StatementRefused(
            "BAD_DAY",
            f"期限は今日から{LONGEST.days}日以内の日にしてください。変えていません。日付を直してください。",
        )


def code_context(member: object) -> str:
    """The context under which the code of a new reviewer is sealed."""
    return f"review_member.sealed_code:{member}"
