"""Opinions (意見): given by anybody without an account, with a receipt, changed or withdrawn until the close, never overwritten.

What came in stays as it came; for showing, staff make a redacted copy and say why. Name and contact are sealed and kept apart.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.consultation.duplicates import Group, group
from privacy_assessment.consultation.store import LIVE, Consultation, read_consultation
from privacy_assessment.redaction import find_personal
from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing

MAX_BODY = 10_000
MAX_PLACES = 50
MAX_PERSONAL = 500


class OpinionRefused(ValueError):
    """An opinion cannot be taken as sent; what was sent before is kept. Holds a code and a text for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the giver keeps: the number, and the key with which alone the opinion can be changed. The key is shown once."""

    number: str
    edit_key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Opinion:
    """One opinion as it stands, or one of its revisions."""

    receipt: str
    revision: int
    kind: str
    body: str
    places: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """A redacted copy: who made it, when and why."""

    receipt: str
    revision: int
    seq: int
    body: str
    reason: str
    by: str
    at: datetime


class OpinionService:
    """Takes opinions and hands them to staff.

    :param keys: seals name and contact. :param make_key: makes edit keys, at least 128 bits of randomness each.
    """

    def __init__(self, clock: Clock, keys: KeyRing, make_key: Callable[[], str]) -> None:
        self.clock = clock
        self.keys = keys
        self._make_key = make_key

    def give(
        self,
        tx: Transaction,
        consultation: UUID,
        body: str,
        places: Sequence[str] = (),
        personal: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Take an opinion.

        :param places: the items it is about, as places of the form; none for the whole. :param personal: name, contact.
        :raises OpinionRefused: closed, empty, too long, or with a 個人番号 in it.
        """
        found = self._open(tx, consultation)
        self._check(body, places, personal)
        row = tx.raw.execute(
            "UPDATE madoguchi.consultation SET receipts = receipts + 1 WHERE tenant = %s AND id = %s RETURNING receipts",
            (tx.tenant, found.id),
        ).fetchone()
        assert row is not None
        number, key, at = f"{found.opens:%Y%m%d}-{row[0]:05d}", self._make_key(), self.clock.now()
        self._write(tx, found, Opinion(number, 1, "given", body, tuple(places), at), _digest(key), personal)
        return Receipt(number, key, at)

    def edit(
        self,
        tx: Transaction,
        consultation: UUID,
        receipt: str,
        edit_key: str,
        body: str,
        places: Sequence[str] = (),
        personal: Mapping[str, str] | None = None,
    ) -> Opinion:
        """Change an opinion until the close; the earlier text stays in the record."""
        found = self._open(tx, consultation)
        last, digest = self._own(tx, found, receipt, edit_key)
        self._check(body, places, personal)
        now = Opinion(receipt, last.revision + 1, "edited", body, tuple(places), self.clock.now())
        self._write(tx, found, now, digest, personal)
        return now

    def withdraw(self, tx: Transaction, consultation: UUID, receipt: str, edit_key: str) -> None:
        """Take an opinion back until the close: it is no longer counted, answered or shown."""
        found = self._open(tx, consultation)
        last, digest = self._own(tx, found, receipt, edit_key)
        if last.kind != "withdrawn":
            gone = Opinion(receipt, last.revision + 1, "withdrawn", "", (), self.clock.now())
            self._write(tx, found, gone, digest, None)

    def inbox(self, tx: Transaction, consultation: UUID) -> list[Opinion]:
        """Every opinion as it stands, withdrawn ones left out, in the order of their receipts."""
        rows = tx.raw.execute(LIVE, (tx.tenant, consultation)).fetchall()
        found = [_opinion(row) for row in rows]
        return [one for one in found if one.kind != "withdrawn"]

    def revisions(self, tx: Transaction, consultation: UUID, receipt: str) -> list[Opinion]:
        """Everything that came in under a receipt, oldest first."""
        rows = tx.raw.execute(
            "SELECT receipt, revision, kind, body, places, at FROM madoguchi.opinion"
            " WHERE tenant = %s AND consultation_id = %s AND receipt = %s ORDER BY revision",
            (tx.tenant, consultation, receipt),
        ).fetchall()
        return [_opinion(row) for row in rows]

    def personal(self, tx: Transaction, consultation: UUID, receipt: str) -> dict[str, str]:
        """Name and contact given with the newest revision that has them (for staff who answer)."""
        row = tx.raw.execute(
            "SELECT personal, revision FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s AND receipt = %s"
            " AND personal IS NOT NULL ORDER BY revision DESC LIMIT 1",
            (tx.tenant, consultation, receipt),
        ).fetchone()
        if row is None:
            return {}
        plain = self.keys.open(tx, tx.tenant, bytes(row[0]), _context(consultation, receipt, row[1]))
        return orjson.loads(plain)

    def groups(self, tx: Transaction, consultation: UUID) -> list[Group]:
        """The opinions grouped by what they say."""
        return group({one.receipt: one.body for one in self.inbox(tx, consultation)})

    def redact(
        self, tx: Transaction, consultation: UUID, receipt: str, body: str, reason: str, by: str
    ) -> Copy:
        """Make the copy that may be shown; the original stays as it came.

        :raises OpinionRefused: no reason, or the copy says something the original does not.
        """
        newest = next((one for one in self.inbox(tx, consultation) if one.receipt == receipt), None)
        if newest is None:
            raise OpinionRefused("NOT_FOUND", "この受付番号の意見はありません。何も保存していません。")
        if not reason.strip():
            raise OpinionRefused(
                "NO_REASON", "伏せる理由が要ります。何も保存していません。理由を書いてください。"
            )
        if not _only_left_out(newest.body, body):
            raise OpinionRefused(
                "NOT_A_COPY",
                "原文にない文が入っています。伏せるところは■か［…］に置き換えてください。何も保存していません。",
            )
        row = tx.raw.execute(
            "INSERT INTO madoguchi.opinion_redaction (tenant, consultation_id, receipt, revision, seq, body, reason, by_whom, at)"
            " SELECT %s, %s, %s, %s, coalesce(max(seq), 0) + 1, %s, %s, %s, %s FROM madoguchi.opinion_redaction"
            " WHERE tenant = %s AND consultation_id = %s AND receipt = %s AND revision = %s RETURNING seq, at",
            (tx.tenant, consultation, receipt, newest.revision, body, reason, by, self.clock.now(),
             tx.tenant, consultation, receipt, newest.revision),
        ).fetchone()  # fmt: skip
        assert row is not None
        return Copy(receipt, newest.revision, row[0], body, reason, by, row[1])

    def copies(self, tx: Transaction, consultation: UUID) -> dict[str, Copy]:
        """The newest redacted copy of each opinion's newest revision: what may be shown. No copy, not shown."""
        rows = tx.raw.execute(
            "SELECT DISTINCT ON (receipt) receipt, revision, seq, body, reason, by_whom, at FROM madoguchi.opinion_redaction"
            " WHERE tenant = %s AND consultation_id = %s ORDER BY receipt, revision DESC, seq DESC",
            (tx.tenant, consultation),
        ).fetchall()
        standing = {one.receipt: one.revision for one in self.inbox(tx, consultation)}
        return {row[0]: Copy(*row) for row in rows if standing.get(row[0]) == row[1]}

    def _open(self, tx: Transaction, consultation: UUID) -> Consultation:
        found = read_consultation(tx, consultation, lock=True)
        if found is None:
            raise OpinionRefused("NOT_FOUND", "この意見募集はありません。何も受け付けていません。")
        today = self.clock.today()
        if today < found.opens:
            raise OpinionRefused(
                "NOT_OPEN_YET", f"意見の受付は{found.opens.isoformat()}からです。何も受け付けていません。"
            )
        if today > found.closes:
            raise OpinionRefused(
                "CLOSED",
                f"意見の受付は{found.closes.isoformat()}に終わりました。これまでの意見はそのままです。",
            )
        return found

    def _own(
        self, tx: Transaction, found: Consultation, receipt: str, edit_key: str
    ) -> tuple[Opinion, bytes]:
        row = tx.raw.execute(
            "SELECT receipt, revision, kind, body, places, at, edit_key FROM madoguchi.opinion"
            " WHERE tenant = %s AND consultation_id = %s AND receipt = %s ORDER BY revision DESC LIMIT 1",
            (tx.tenant, found.id, receipt),
        ).fetchone()
        # The same answer for an unknown receipt and a wrong key, so that neither can be found out by trying.
        if row is None or not hmac.compare_digest(bytes(row[6]), _digest(edit_key)):
            raise OpinionRefused(
                "WRONG_KEY", "受付番号か変更用の鍵が違います。意見はそのままです。控えを確かめてください。"
            )
        return _opinion(row), bytes(row[6])

    def _check(self, body: str, places: Sequence[str], personal: Mapping[str, str] | None) -> None:
        if not body.strip():
            raise OpinionRefused(
                "EMPTY", "意見が書かれていません。受け付けていません。意見を書いてください。"
            )
        given = [body, *places, *(personal or {}).values()]
        if len(body) > MAX_BODY:
            raise OpinionRefused(
                "TOO_LONG",
                f"意見は{MAX_BODY:,}字までです（今は{len(body):,}字）。受け付けていません。分けて送ってください。",
            )
        if len(places) > MAX_PLACES or any(len(one) > MAX_PERSONAL for one in given[1:]):
            raise OpinionRefused(
                "TOO_MUCH", "項目か氏名・連絡先が長すぎます。受け付けていません。短くしてください。"
            )
        if any(not _storable(one) for one in given):
            raise OpinionRefused(
                "BAD_TEXT", "保存できない文字があります。受け付けていません。書き直してください。"
            )
        if any(one.stops for one in find_personal({"body": body, **(personal or {})})):
            raise OpinionRefused(
                "NUMBER",
                "個人番号と見られる12けたの数字があります。受け付けていません。数字を消してから送ってください。",
            )

    def _write(
        self,
        tx: Transaction,
        found: Consultation,
        opinion: Opinion,
        digest: bytes,
        personal: Mapping[str, str] | None,
    ) -> None:
        sealed = None
        if personal:
            context = _context(found.id, opinion.receipt, opinion.revision)
            sealed = self.keys.seal(tx, tx.tenant, orjson.dumps(dict(personal)), context)
        tx.raw.execute(
            "INSERT INTO madoguchi.opinion (tenant, consultation_id, receipt, revision, kind, body, places, personal, edit_key, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, found.id, opinion.receipt, opinion.revision, opinion.kind, opinion.body, list(opinion.places),
             sealed, digest, opinion.at),
        )  # fmt: skip


def _opinion(row: tuple[Any, ...]) -> Opinion:
    return Opinion(row[0], row[1], row[2], row[3], tuple(row[4]), row[5])


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()


def _context(consultation: UUID, receipt: str, revision: int) -> str:
    return f"opinion.personal:{consultation}:{receipt}:{revision}"


def _only_left_out(original: str, copy: str) -> bool:
    """Whether a copy is the original with pieces replaced by marks: nothing else may be put into somebody's mouth."""
    pieces = [one for one in copy.replace("［…］", "■").split("■") if one]
    at = 0
    for piece in pieces:
        found = original.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return bool(pieces) or "■" in copy or "［…］" in copy


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
