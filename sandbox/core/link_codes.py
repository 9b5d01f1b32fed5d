"""Link codes (符号): one for each person and organisation, made from a secret so that two of them cannot be matched."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from sandbox.database import Connection
from workflows.linkage.wire.problems import Problem


class LinkCodes:
    """The link-code desk of the core (符号管理機能).

    :param secret: 32 bytes known to the core only.
    :param seconds: how long an acquisition number may live.
    """

    def __init__(self, secret: bytes, seconds: float) -> None:
        self._secret = secret
        self._life = timedelta(seconds=seconds)

    def code_for(self, person: str, org: str) -> str:
        """The link code of a person for an organisation: keyed, 32 bytes, base64url."""
        mac = hmac.new(self._secret, f"{org}\n{person}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")

    def open(self, tx: Connection, acquisition_id: str, org: str, via: str, now: datetime) -> str:
        """Give out an acquisition number (取得番号); the same acquisition gets the same one again."""
        tx.execute("DELETE FROM core.acquisition WHERE expires_at < %s", (now,))
        row = tx.execute(
            "INSERT INTO core.acquisition VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (acquisition_id) DO UPDATE SET via ="
            " EXCLUDED.via RETURNING token",
            (secrets.token_urlsafe(32), acquisition_id, org, via, now, now + self._life),
        ).fetchone()
        assert row is not None
        return str(row[0])

    def link(self, tx: Connection, token: str, person: str, now: datetime) -> None:
        """Take the 住基ネット's word: this acquisition number means this person. The number is destroyed here.

        :raises Problem: NOT_FOUND when the number is unknown, used or over.
        """
        row = tx.execute(
            "DELETE FROM core.acquisition WHERE token = %s AND expires_at >= %s RETURNING acquisition_id, org,"
            " via",
            (token, now),
        ).fetchone()
        if row is None:
            raise Problem("NOT_FOUND", "no such acquisition number")
        acquisition_id, org, via = row
        fugo = self.code_for(person, org)
        tx.execute(
            "INSERT INTO core.fugo VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", (fugo, org, person, now)
        )
        in_order(tx, "result")
        tx.execute(
            "INSERT INTO core.result (via, acquisition_id, fugo) VALUES (%s, %s, %s)",
            (via, acquisition_id, fugo),
        )


def in_order(tx: Connection, log: str) -> None:
    """Write to a log that is read from a number on: one writer at a time, until its transaction ends.

    The numbers come from a sequence, which gives them out before the rows can be seen. Without this, a reader could see
    the later of two rows first, go on after it, and never come back for the earlier one: a link code that stays asked for.
    """
    tx.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"core.{log}",))


def results(tx: Connection, via: str, after: int, limit: int) -> list[dict[str, object]]:
    """Matched acquisitions for one channel, in order."""
    return [
        {"seq": seq, "acquisition_id": acquisition_id, "fugo": fugo}
        for seq, acquisition_id, fugo in tx.execute(
            "SELECT seq, acquisition_id, fugo FROM core.result WHERE via = %s AND seq > %s ORDER BY seq LIMIT %s",
            (via, after, limit),
        ).fetchall()
    ]
