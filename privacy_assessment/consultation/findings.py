"""What outside reviewers found, what the office answered, and whether each finds the statement fit. Nothing is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from privacy_assessment.consultation.third_party import VIEWPOINTS, Finding
from privacy_assessment.statements.models import StatementRefused
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

MAX_TEXT = 5_000
MAX_FINDINGS = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """Something said under a finding: ``answer`` (the office), ``reply`` (a reviewer), ``withdrawn`` (by who found it)."""

    seq: int
    kind: str
    text: str
    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """One finding with what was said under it. ``place`` is an item of the form, or empty for the whole."""

    id: UUID
    viewpoint: str
    place: str
    text: str
    by: UUID
    at: datetime
    entries: tuple[Entry, ...]

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back."""
        return any(one.kind == "withdrawn" for one in self.entries)

    @property
    def answer(self) -> str:
        """The office's newest answer, or an empty text."""
        return next((one.text for one in reversed(self.entries) if one.kind == "answer"), "")

    @property
    def waits(self) -> bool:
        """Whether the office has to say something: no answer yet, or a reviewer spoke after it."""
        said = [one.kind for one in self.entries if one.kind != "withdrawn"]
        return not self.withdrawn and (not said or said[-1] == "reply")


@dataclass(frozen=True, slots=True)
class Vote:
    """What one reviewer concludes, newest first when she changed her mind."""

    account: UUID
    favourable: bool
    words: str
    at: datetime


def find(
    tx: Transaction, clock: Clock, room: UUID, viewpoint: str, place: str, text: str, account: UUID
) -> UUID:
    """Add a finding.

    :raises StatementRefused: an unknown viewpoint, no text, or too long a one.
    """
    if viewpoint not in VIEWPOINTS:
        raise StatementRefused("BAD_VIEWPOINT", "観点（適合性・妥当性）を選んでください。保存していません。")
    _check(text)
    row = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.review_finding WHERE tenant = %s AND room_id = %s", (tx.tenant, room)
    ).fetchone()
    if row and row[0] >= MAX_FINDINGS:
        raise StatementRefused(
            "TOO_MANY", f"指摘は{MAX_FINDINGS}件までです。保存していません。まとめて書いてください。"
        )
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.review_finding (tenant, room_id, id, viewpoint, place, text, by_account, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, room, key, viewpoint, place, text.strip(), account, clock.now()),
    )
    return key


def say(
    tx: Transaction, clock: Clock, room: UUID, finding: UUID, kind: str, text: str, account: UUID
) -> None:
    """Answer, reply or take back.

    :raises StatementRefused: no such finding, somebody else's, taken back already, or no text.
    """
    found = next((one for one in findings_of(tx, room) if one.id == finding), None)
    if found is None or found.withdrawn:
        raise StatementRefused("NOT_FOUND", "この指摘はないか、取り下げられています。保存していません。")
    if kind == "withdrawn":
        if found.by != account:
            raise StatementRefused(
                "NOT_YOURS", "取り下げられるのは、指摘した人だけです。取り下げていません。"
            )
        text = ""
    else:
        _check(text)
    tx.raw.execute(
        "INSERT INTO madoguchi.review_entry (tenant, room_id, finding_id, seq, kind, text, by_account, at)"
        " SELECT %s, %s, %s, coalesce(max(seq), 0) + 1, %s, %s, %s, %s FROM madoguchi.review_entry"
        " WHERE tenant = %s AND room_id = %s AND finding_id = %s",
        (tx.tenant, room, finding, kind, text.strip(), account, clock.now(), tx.tenant, room, finding),
    )


def vote(tx: Transaction, clock: Clock, room: UUID, account: UUID, favourable: bool, words: str) -> None:
    """Say whether one finds the statement fit; saying it again replaces what was said, both stay in the record.

    :raises StatementRefused: changes are asked for without saying which, or the words are too long.
    """
    if len(words) > MAX_TEXT or (not favourable and not words.strip()):
        raise StatementRefused(
            "NO_WORDS",
            f"見直しを求めるときは、どこをどう直すかを書いてください（{MAX_TEXT:,}字まで）。保存していません。",
        )
    tx.raw.execute(
        "INSERT INTO madoguchi.review_vote (tenant, room_id, account, seq, favourable, words, at)"
        " SELECT %s, %s, %s, coalesce(max(seq), 0) + 1, %s, %s, %s FROM madoguchi.review_vote"
        " WHERE tenant = %s AND room_id = %s AND account = %s",
        (tx.tenant, room, account, favourable, words.strip(), clock.now(), tx.tenant, room, account),
    )


def findings_of(tx: Transaction, room: UUID) -> list[Kept]:
    """Every finding with its conversation, in the order they were made."""
    said: dict[UUID, list[Entry]] = {}
    for finding, *rest in tx.raw.execute(
        "SELECT finding_id, seq, kind, text, by_account, at FROM madoguchi.review_entry WHERE tenant = %s AND room_id = %s"
        " ORDER BY finding_id, seq",
        (tx.tenant, room),
    ):
        said.setdefault(finding, []).append(Entry(*rest))
    rows = tx.raw.execute(
        "SELECT id, viewpoint, place, text, by_account, at FROM madoguchi.review_finding WHERE tenant = %s AND room_id = %s"
        " ORDER BY at, id",
        (tx.tenant, room),
    ).fetchall()
    return [
        Kept(key, viewpoint, place, text, by, at, tuple(said.get(key, ())))
        for key, viewpoint, place, text, by, at in rows
    ]


def votes_of(tx: Transaction, room: UUID) -> dict[UUID, Vote]:
    """What each reviewer concludes now."""
    rows = tx.raw.execute(
        "SELECT DISTINCT ON (account) account, favourable, words, at FROM madoguchi.review_vote"
        " WHERE tenant = %s AND room_id = %s ORDER BY account, seq DESC",
        (tx.tenant, room),
    ).fetchall()
    return {row[0]: Vote(*row) for row in rows}


def for_record(found: list[Kept]) -> list[Finding]:
    """The findings as the record of the review keeps them: those that stand, with the office's newest answer."""
    return [Finding(one.viewpoint, one.place, one.text, one.answer) for one in found if not one.withdrawn]


def _check(text: str) -> None:
    if not text.strip() or len(text) > MAX_TEXT:
        raise StatementRefused("NO_TEXT", f"内容を書いてください（{MAX_TEXT:,}字まで）。保存していません。")
