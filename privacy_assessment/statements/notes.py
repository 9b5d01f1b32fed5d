"""What people say about a statement while it is made: threads at an item, reasons for warnings, attachments. Never shown to the public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.statements.models import NoSuchStatement, StatementRefused
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

THREAD_TYPES = {"question": "質問", "to_fix": "要修正", "proposal": "提案", "internal": "内部メモ"}
MAX_TEXT = 20_000
MAX_ATTACHMENT = 50 * 1024 * 1024
MEDIA_TYPES = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/svg+xml", "text/plain", "text/csv"}
)

# No question, or one that somebody else than its asker has answered. (t: the thread)
_SETTLED = """(t.type <> 'question' OR EXISTS (SELECT 1 FROM madoguchi.assessment_thread_entry AS a
    WHERE a.tenant = t.tenant AND a.thread_id = t.id AND a.by_whom <> t.opened_by))"""

_COUNT_OPEN = f"""
    SELECT count(*) FILTER (WHERE {_SETTLED}), count(*) FILTER (WHERE NOT {_SETTLED})
    FROM madoguchi.assessment_thread AS t WHERE tenant = %s AND assessment_id = %s AND resolved_at IS NULL
"""  # noqa: S608
_CLOSE = f"""
    WITH closed AS (UPDATE madoguchi.assessment_thread AS t SET resolved_by = %(by)s, resolved_at = %(now)s
        WHERE tenant = %(tenant)s AND assessment_id = %(statement)s AND resolved_at IS NULL AND {_SETTLED} RETURNING id)
    INSERT INTO madoguchi.assessment_thread_entry (tenant, thread_id, seq, by_whom, at, text)
    SELECT %(tenant)s, closed.id, (SELECT coalesce(max(seq), 0) + 1 FROM madoguchi.assessment_thread_entry AS e
        WHERE e.tenant = %(tenant)s AND e.thread_id = closed.id), %(by)s, %(now)s, %(why)s FROM closed
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Entry:
    """One contribution to a thread."""

    seq: int
    by: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Thread:
    """A thread at an item."""

    id: UUID
    statement: UUID
    form: str
    place: str
    type: str
    assignee: str | None
    due_on: date | None
    opened_by: str
    opened_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    entries: tuple[Entry, ...] = ()


class Notes:
    """Threads, reasons and attachments of statements."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def open_thread(
        self,
        tx: Transaction,
        statement: UUID,
        form: str,
        place: str,
        type: str,
        text: str,
        by: str,
        assignee: str | None = None,
        due_on: date | None = None,
    ) -> UUID:
        """Begin a thread at a place.

        :raises StatementRefused: an unknown type, an empty text, or a day to answer by that has passed.
        """
        if type not in THREAD_TYPES:
            raise StatementRefused("BAD_TYPE", "コメントの種類を選んでください。保存していません。")
        if due_on is not None and due_on < self.clock.today():
            raise StatementRefused(
                "PAST_DUE", "期限が過去の日付です。保存していません。期限を直してください。"
            )
        thread = new_id()
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_thread (tenant, id, assessment_id, form, place, type, assignee, due_on,"
            " opened_by, opened_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, thread, statement, form, place, type, assignee, due_on, by, self.clock.now()),
        )
        self._say(tx, thread, 1, text, by)
        return thread

    def reply(self, tx: Transaction, thread: UUID, text: str, by: str) -> int:
        """Add to a thread; one that was resolved is open again. Returns the number of the contribution."""
        self._lock(tx, thread)
        row = tx.raw.execute(
            "SELECT max(seq) FROM madoguchi.assessment_thread_entry WHERE tenant = %s AND thread_id = %s",
            (tx.tenant, thread),
        ).fetchone()
        seq = (row[0] if row else 0) + 1
        self._say(tx, thread, seq, text, by)
        tx.raw.execute(
            "UPDATE madoguchi.assessment_thread SET resolved_by = NULL, resolved_at = NULL WHERE tenant = %s AND id = %s",
            (tx.tenant, thread),
        )
        return seq

    def assign(self, tx: Transaction, thread: UUID, assignee: str | None, due_on: date | None) -> None:
        """Give a thread to somebody, with a day to answer by."""
        self._lock(tx, thread)
        tx.raw.execute(
            "UPDATE madoguchi.assessment_thread SET assignee = %s, due_on = %s WHERE tenant = %s AND id = %s",
            (assignee, due_on, tx.tenant, thread),
        )

    def resolve(self, tx: Transaction, thread: UUID, by: str) -> bool:
        """Close a thread. Returns False when it was closed already."""
        self._lock(tx, thread)
        done = tx.raw.execute(
            "UPDATE madoguchi.assessment_thread SET resolved_by = %s, resolved_at = %s"
            " WHERE tenant = %s AND id = %s AND resolved_at IS NULL",
            (by, self.clock.now(), tx.tenant, thread),
        )
        return done.rowcount > 0

    def count_open(self, tx: Transaction, statement: UUID) -> tuple[int, int]:
        """How many open threads ``close_answered`` would close, and how many questions would stay open."""
        row = tx.raw.execute(
            _COUNT_OPEN,
            (tx.tenant, statement),
        ).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def close_answered(self, tx: Transaction, statement: UUID, why: str, by: str) -> int:
        """Close what is open, with why as its last word; a question nobody answered stays, for somebody waits for the answer.

        :returns: how many threads were closed.
        """
        done = tx.raw.execute(
            _CLOSE,
            {"tenant": tx.tenant, "statement": statement, "by": by, "now": self.clock.now(), "why": why},
        )
        return done.rowcount

    def threads(
        self, tx: Transaction, statement: UUID, open_only: bool = False, assignee: str | None = None
    ) -> list[Thread]:
        """Threads of a statement with their contributions, the ones due first in front."""
        rows = tx.raw.execute(
            "SELECT id, assessment_id, form, place, type, assignee, due_on, opened_by, opened_at, resolved_by, resolved_at"
            " FROM madoguchi.assessment_thread WHERE tenant = %s AND assessment_id = %s"
            " AND (NOT %s OR resolved_at IS NULL) AND (%s::text IS NULL OR assignee = %s)"
            " ORDER BY due_on NULLS LAST, id",
            (tx.tenant, statement, open_only, assignee, assignee),
        ).fetchall()
        entries: dict[UUID, list[Entry]] = {}
        for thread, *rest in tx.raw.execute(
            "SELECT thread_id, seq, by_whom, at, text FROM madoguchi.assessment_thread_entry"
            " WHERE tenant = %s AND thread_id = ANY(%s) ORDER BY thread_id, seq",
            (tx.tenant, [row[0] for row in rows]),
        ):
            entries.setdefault(thread, []).append(Entry(*rest))
        whole: list[tuple[Any, ...]] = [(*row, tuple(entries.get(row[0], ()))) for row in rows]
        return [Thread(*one) for one in whole]

    def give_reason(
        self, tx: Transaction, statement: UUID, form: str, code: str, place: str, reason: str, by: str
    ) -> None:
        """Say why a warning may stand."""
        if not reason.strip():
            raise StatementRefused(
                "NO_REASON", "理由が書かれていません。保存していません。理由を書いてください。"
            )
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_reason (tenant, assessment_id, form, code, place, reason, by_whom, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant, assessment_id, form, code, place)"
            " DO UPDATE SET reason = EXCLUDED.reason, by_whom = EXCLUDED.by_whom, at = EXCLUDED.at",
            (tx.tenant, statement, form, code, place, reason[:MAX_TEXT], by, self.clock.now()),
        )

    def attach(
        self,
        tx: Transaction,
        statement: UUID,
        form: str,
        place: str,
        name: str,
        media_type: str,
        size: int,
        sha256: bytes,
        by: str,
    ) -> UUID:
        """Record an attachment (its bytes are kept by the file store under their digest).

        :raises StatementRefused: a kind of file that is not taken, or one that is too large.
        """
        if media_type not in MEDIA_TYPES:
            raise StatementRefused(
                "BAD_MEDIA", "この種類のファイルは添付できません。PDF、画像、文字のファイルにしてください。"
            )
        if not 0 < size <= MAX_ATTACHMENT or len(sha256) != 32:
            raise StatementRefused(
                "BAD_SIZE", "添付できるのは1バイト以上50MBまでです。何も保存していません。"
            )
        attachment = new_id()
        plain = name.replace("\\", "/").rpartition("/")[2].replace("\x00", "")[:200] or "添付"
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_attachment (tenant, id, assessment_id, form, place, name, media_type, size,"
            " sha256, added_by, added_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                tx.tenant,
                attachment,
                statement,
                form,
                place,
                plain,
                media_type,
                size,
                sha256,
                by,
                self.clock.now(),
            ),
        )
        return attachment

    def detach(self, tx: Transaction, attachment: UUID, by: str) -> bool:
        """Take an attachment off; the record that it was there stays."""
        done = tx.raw.execute(
            "UPDATE madoguchi.assessment_attachment SET removed_by = %s, removed_at = %s"
            " WHERE tenant = %s AND id = %s AND removed_at IS NULL",
            (by, self.clock.now(), tx.tenant, attachment),
        )
        return done.rowcount > 0

    def attachments(
        self, tx: Transaction, statement: UUID
    ) -> list[tuple[UUID, str, str, str, str, int, bytes]]:
        """Attachments in place: id, form, place, name, media type, size, digest."""
        return tx.raw.execute(
            "SELECT id, form, place, name, media_type, size, sha256 FROM madoguchi.assessment_attachment"
            " WHERE tenant = %s AND assessment_id = %s AND removed_at IS NULL ORDER BY id",
            (tx.tenant, statement),
        ).fetchall()

    def _say(self, tx: Transaction, thread: UUID, seq: int, text: str, by: str) -> None:
        if not text.strip() or len(text) > MAX_TEXT or "\x00" in text:
            raise StatementRefused("BAD_TEXT", f"本文は1字以上{MAX_TEXT:,}字までです。保存していません。")
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_thread_entry (tenant, thread_id, seq, by_whom, at, text)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (tx.tenant, thread, seq, by, self.clock.now(), text),
        )

    def _lock(self, tx: Transaction, thread: UUID) -> None:
        row = tx.raw.execute(
            "SELECT 1 FROM madoguchi.assessment_thread WHERE tenant = %s AND id = %s FOR UPDATE",
            (tx.tenant, thread),
        ).fetchone()
        if row is None:
            raise NoSuchStatement("このコメントは見つかりません。")
