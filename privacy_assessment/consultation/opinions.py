"""Opinions (意見): given by anybody without an account, with a receipt, changed or withdrawn until the close, never overwritten.

What came in stays as it came; for showing, staff make a redacted copy and say why. Name and contact are sealed and kept apart.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.consultation.duplicates import Group, group
from privacy_assessment.consultation.edit_keys import KEY_PURPOSE, spell
from privacy_assessment.consultation.rules import OpinionRefused, check_opinion, only_left_out
from privacy_assessment.consultation.store import LIVE, STANDING, Consultation, read_consultation
from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing

# How long the same form, sent again, is answered with the same receipt: a double press, a page loaded again.
SAME_FORM = timedelta(minutes=30)


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
        request_key: str = "",
    ) -> Receipt:
        """Take an opinion.

        :param places: the items it is about, as places of the form; none for the whole. :param personal: name, contact.
        :param request_key: what one filled-in form is known by: sent twice, it is one opinion with one receipt and one key,
            for ``SAME_FORM``. The key is made from it with a key of the tenant, so that it need not be kept.
        :raises OpinionRefused: closed, empty, too long, with a 個人番号 in it, or a form that was taken long ago.
        """
        found = self._open(tx, consultation)
        if request_key and (again := self._sent_before(tx, found, request_key, body, places)):
            return again
        check_opinion(body, places, personal)
        row = tx.raw.execute(
            "UPDATE madoguchi.consultation SET receipts = receipts + 1 WHERE tenant = %s AND id = %s RETURNING receipts",
            (tx.tenant, found.id),
        ).fetchone()
        assert row is not None
        number, at = f"{found.opens:%Y%m%d}-{row[0]:05d}", self.clock.now()
        key = self._key_of(tx, found, request_key) if request_key else self._make_key()
        given = Opinion(number, 1, "given", body, tuple(places), at)
        self._write(tx, found, given, _digest(key), personal, request_key or None)
        return Receipt(number, key, at)

    def own(self, tx: Transaction, consultation: UUID, receipt: str, edit_key: str) -> Opinion:
        """What its giver wrote, as it stands, before or after the close.

        :raises OpinionRefused: no such receipt, or not its key: the same answer.
        """
        found = read_consultation(tx, consultation)
        if found is None:
            raise OpinionRefused("NOT_FOUND", "この意見募集はありません。何も受け付けていません。")
        return self._own(tx, found, receipt, edit_key)[0]

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
        check_opinion(body, places, personal)
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

    def one(self, tx: Transaction, consultation: UUID, receipt: str) -> Opinion | None:
        """An opinion as it stands (a withdrawn one too), or None."""
        row = tx.raw.execute(
            "SELECT receipt, revision, kind, body, places, at FROM madoguchi.opinion"
            " WHERE tenant = %s AND consultation_id = %s AND receipt = %s ORDER BY revision DESC LIMIT 1",
            (tx.tenant, consultation, receipt),
        ).fetchone()
        return None if row is None else _opinion(row)

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
        plain = self.keys.open(tx, tx.tenant, bytes(row[0]), personal_context(consultation, receipt, row[1]))
        return orjson.loads(plain)

    def names(self, tx: Transaction, consultation: UUID) -> set[str]:
        """Names and contacts that were given, without spaces: to look for them in what is laid open, never to show them."""
        rows = tx.raw.execute(
            "SELECT receipt, revision, personal FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s"
            " AND personal IS NOT NULL",
            (tx.tenant, consultation),
        ).fetchall()
        opened = (
            orjson.loads(
                self.keys.open(
                    tx, tx.tenant, bytes(sealed), personal_context(consultation, receipt, revision)
                )
            )
            for receipt, revision, sealed in rows
        )
        return {"".join(str(value).split()) for one in opened for value in one.values() if value}

    def groups(self, tx: Transaction, consultation: UUID) -> list[Group]:
        """The opinions grouped by what they say."""
        return group({one.receipt: one.body for one in self.inbox(tx, consultation)})

    def redact(
        self, tx: Transaction, consultation: UUID, receipt: str, body: str, reason: str, by: str
    ) -> Copy:
        """Make the copy that may be shown; the original stays as it came.

        :raises OpinionRefused: no reason, or the copy says something the original does not.
        """
        newest = self.one(tx, consultation, receipt)
        if newest is None or newest.kind == "withdrawn":
            raise OpinionRefused("NOT_FOUND", "この受付番号の意見はありません。何も保存していません。")
        if not reason.strip():
            raise OpinionRefused(
                "NO_REASON", "伏せる理由が要ります。何も保存していません。理由を書いてください。"
            )
        if not only_left_out(newest.body, body):
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
        standing = {
            receipt: revision
            for receipt, revision, kind in tx.raw.execute(STANDING, (tx.tenant, consultation))
            if kind != "withdrawn"
        }
        return {row[0]: Copy(*row) for row in rows if standing.get(row[0]) == row[1]}

    def copies_of(self, tx: Transaction, consultation: UUID, receipt: str) -> list[Copy]:
        """Every redacted copy of an opinion, newest first; copies of an earlier text too."""
        rows = tx.raw.execute(
            "SELECT receipt, revision, seq, body, reason, by_whom, at FROM madoguchi.opinion_redaction"
            " WHERE tenant = %s AND consultation_id = %s AND receipt = %s ORDER BY revision DESC, seq DESC",
            (tx.tenant, consultation, receipt),
        ).fetchall()
        return [Copy(*row) for row in rows]

    def _key_of(self, tx: Transaction, found: Consultation, request_key: str) -> str:
        return spell(self.keys.blind_index(tx, tx.tenant, KEY_PURPOSE, f"{found.id}:{request_key}"))

    def _sent_before(
        self, tx: Transaction, found: Consultation, request_key: str, body: str, places: Sequence[str]
    ) -> Receipt | None:
        row = tx.raw.execute(
            "SELECT receipt, at, body, places FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s AND request_key = %s",
            (tx.tenant, found.id, request_key),
        ).fetchone()
        if row is None:
            return None
        # Another text under the same form is not answered as if it had been taken.
        if self.clock.now() - row[1] > SAME_FORM or (row[2], tuple(row[3])) != (body, tuple(places)):
            raise OpinionRefused(
                "SENT_BEFORE",
                f"この画面の意見は受け付けてあります（受付番号{row[0]}）。新しくは受け付けていません。"
                "別の意見は、書く画面を開き直して送ってください。",
            )
        return Receipt(row[0], self._key_of(tx, found, request_key), row[1])

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

    def _write(
        self,
        tx: Transaction,
        found: Consultation,
        opinion: Opinion,
        digest: bytes,
        personal: Mapping[str, str] | None,
        request_key: str | None = None,
    ) -> None:
        sealed = None
        if personal:
            context = personal_context(found.id, opinion.receipt, opinion.revision)
            sealed = self.keys.seal(tx, tx.tenant, orjson.dumps(dict(personal)), context)
        tx.raw.execute(
            "INSERT INTO madoguchi.opinion (tenant, consultation_id, receipt, revision, kind, body, places, personal, edit_key, at,"
            " request_key) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, found.id, opinion.receipt, opinion.revision, opinion.kind, opinion.body, list(opinion.places),
             sealed, digest, opinion.at, request_key),
        )  # fmt: skip


def _opinion(row: tuple[Any, ...]) -> Opinion:
    return Opinion(row[0], row[1], row[2], row[3], tuple(row[4]), row[5])


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()


def personal_context(consultation: object, receipt: object, revision: object) -> str:
    """The context under which name and contact of a revision are sealed."""
    return f"opinion.personal:{consultation}:{receipt}:{revision}"
