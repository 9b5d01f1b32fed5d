"""The card desk: a challenge goes out, a card answers, a session opens. Used by pages, by the card client, and by the card host.

The browser that asks and the program (or the host) that answers are two; they meet in one row, ``identity.challenge``. The
browser proves itself by its entry secret, the answering side by the code; neither can do the other's part.
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography import x509

from portal.identity import card_sql
from portal.identity.card.certificate import VerifiedCertificate, load
from portal.identity.card.login import CardVerifier
from portal.identity.card.message import ChallengeMessage
from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.limits import Limits, limits
from portal.identity.secrets import digest, new_code, new_token
from portal.identity.sessions import record, rotate
from portal.identity.throttle import TooMany, bucket
from storage.clock import Clock
from storage.database import NOWHERE, Database
from storage.ids import new_id
from storage.jobs import defer

BIND_TASK = "identity.bind_account"


@dataclass(frozen=True)
class Started:
    """A challenge for the page to show.

    :param code: goes to the card client, by link, by square code or by hand.
    :param entry: the browser's secret, for its cookie.
    """

    code: str
    entry: str
    message: ChallengeMessage


@dataclass(frozen=True)
class Fetched:
    """A challenge as the card client sees it.

    :param device: kind of device whose browser asked.
    :param same_network: whether that browser and this client come from one network.
    """

    message: ChallengeMessage
    device: str
    same_network: bool


@dataclass(frozen=True)
class Waiting:
    """How a challenge stands.

    :param outcome: None while the card has not answered, ``accepted``, or the reason of refusal.
    """

    method: str
    message: ChallengeMessage
    fetched: bool
    consumed: bool
    outcome: str | None
    next_path: str


@dataclass(frozen=True)
class Finished:
    """A session for the browser.

    :param token: value of the session cookie.
    """

    token: str
    purpose: str
    account: UUID
    next_path: str


@dataclass(frozen=True)
class _Used:
    """A challenge that is used up, and the certificate that came with the answer.

    :param revoked: whether it stands on our own list of revoked ones.
    :param card: the certificate checked, or why it was refused.
    """

    identifier: UUID
    message: ChallengeMessage
    revoked: bool
    card: VerifiedCertificate | Exception
    at: datetime


class CardDesk:
    """The desk.

    :param database: web role.
    :param verifier: checks cards.
    :param origin: origin of the portal; the card signs it.
    :param rules: the limits of a day; other ones at a terminal of the counter.
    """

    def __init__(
        self,
        database: Database,
        verifier: CardVerifier,
        clock: Clock,
        origin: str,
        rules: Callable[[date], Limits] = limits,
    ) -> None:
        self._database = database
        self._verifier = verifier
        self._clock = clock
        self._origin = origin
        self._rules = rules

    def _limits(self) -> Limits:
        return self._rules(self._clock.today())

    def start(
        self,
        *,
        method: str = "card",
        network: bytes,
        device: str,
        next_path: str,
        account: UUID | None = None,
        session: UUID | None = None,
    ) -> Started:
        """Make a challenge; with an account and a session it is a step-up, else a login.

        :param method: ``card`` for the client program, ``tls`` for the card host.
        :param network: where the browser is, hashed.
        :raises TooMany: when this network has started too many.
        """
        now, rules = self._clock.now(), self._limits()
        code, entry = new_code(), new_token()
        message = ChallengeMessage(
            self._origin,
            digest(entry),
            random.token_bytes(32),
            "step-up" if session else "login",
            (now + rules.challenge_life).replace(microsecond=0),
        )
        values = {
            "id": new_id(), "method": method, "purpose": message.purpose, "code": digest(code), "entry": digest(entry),
            "nonce": message.nonce, "origin": message.origin, "network": network, "device": device, "next": next_path,
            "account": account, "session": session, "expires": message.expires_at,
            "limit": rules.challenge_starts, **self._spending("start", network, now, rules),
        }  # fmt: skip
        if not self._trip(card_sql.START, values):
            raise TooMany
        return Started(code, entry, message)

    def fetch(self, code: str, network: bytes) -> Fetched:
        """The challenge behind a code, for the card client.

        :raises CardRefused: ``challenge_…`` or ``too_many``.
        """
        now, rules = self._clock.now(), self._limits()
        values = {
            "code": digest(code),
            "limit": rules.challenge_starts,
            **self._spending("fetch", network, now, rules),
        }
        ((count, purpose, entry, nonce, origin, home, device, expires_at),) = self._trip(
            card_sql.FETCH, values
        )
        if count > rules.challenge_starts:
            raise CardRefused(CardReason.TOO_MANY)
        if purpose is None:
            raise CardRefused(self._why_not(code, "card"))
        message = ChallengeMessage(origin, bytes(entry), bytes(nonce), purpose, expires_at)
        return Fetched(message, device, bytes(home) == network)

    def answer(self, code: str, certificate: bytes, signature: bytes, network: bytes) -> None:
        """The card's answer, from the client program.

        :param certificate: DER.
        :raises CardRefused: with the reason; the challenge is used up in any case but ``challenge_…`` and ``too_many``.
        """
        self._judge(self._consume(code, "card", certificate, network), network, signature)

    def answer_tls(self, code: str, certificate: bytes, network: bytes) -> str:
        """The card's answer, from the card host: TLS has proved that the card holds the key of ``certificate``.

        :returns: a token for the way back to the portal, good once and for that browser only.
        :raises CardRefused: with the reason.
        """
        return self._judge(self._consume(code, "tls", certificate, network), network, None)

    def waiting(self, entry: str) -> Waiting | None:
        """How the browser's challenge stands; None when it has none."""
        rows = self._trip(card_sql.WAITING, {"entry": digest(entry)})
        if not rows:
            return None
        method, purpose, nonce, origin, expires_at, fetched, consumed, outcome, next_path = rows[0]
        message = ChallengeMessage(origin, digest(entry), bytes(nonce), purpose, expires_at)
        return Waiting(method, message, fetched, consumed, outcome, next_path)

    def finish(self, entry: str, token: str = "") -> Finished | None:
        """Open the session (or renew it after a step-up) for the browser that holds ``entry``; works once.

        :param token: what :meth:`answer_tls` gave, for that way.
        :returns: None when there is nothing accepted to finish.
        """
        now, rules = self._clock.now(), self._limits()
        session, session_token = new_id(), new_token()
        values = {
            "entry": digest(entry), "token": digest(token), "now": now, "finish_life": rules.finish_life,
            "session": session, "session_token": digest(session_token),
            "idle": int(rules.idle("resident").total_seconds()), "session_expires": now + rules.absolute,
        }  # fmt: skip
        for account, next_path in self._trip(card_sql.FINISH_KNOWN, values):
            return Finished(session_token, "login", account, next_path)
        with self._database.transaction() as tx:
            finishing, opening = tx.ask((card_sql.FINISH, values), (card_sql.OPEN_RESIDENT, values))
            if not finishing:
                return None
            (done,), opened = finishing, opening[0] if opening else None
            _, purpose, account, old_session, method, device, next_path, _ = done
            if purpose == "step-up":
                try:
                    session_token = rotate(tx, old_session, now)
                except LookupError:
                    return None
                record(tx, account, "step-up", method, device, now, old_session)
            elif opened is not None and not opened[1]:
                # New, known to no office, or last asked more than a day ago: people move.
                defer(tx, BIND_TASK, lock=f"account:{account}", account=str(account), session=str(session))
        return Finished(session_token, purpose, account, next_path)

    def _consume(self, code: str, method: str, certificate: bytes, network: bytes) -> _Used:
        """Use the challenge up; ask in the same trip whether the certificate is on our own list of revoked ones.

        The certificate is checked while the database works. What comes of it is looked at only once the challenge is used up.
        """
        now, rules = self._clock.now(), self._limits()
        found, issuer, serial = _claimed(certificate)
        values = {
            "code": digest(code), "method": method, "issuer": issuer, "serial": serial,
            "limit": rules.card_failures, **self._spending("card", network, now, rules),
        }  # fmt: skip
        checked: list[VerifiedCertificate | Exception] = []

        def check() -> None:
            try:
                if found is None:
                    raise CardRefused(CardReason.UNREADABLE)
                checked.append(self._verifier.parsed(found, certificate, now))
            except Exception as failure:  # also one nobody foresaw: the challenge is used up all the same
                checked.append(failure)

        ((count, *used, revoked),) = self._trip(card_sql.CONSUME, values, check)
        if count > rules.card_failures:
            raise CardRefused(CardReason.TOO_MANY)
        if used[0] is None:
            raise CardRefused(self._why_not(code, method))
        identifier, purpose, entry_hash, nonce, origin, expires_at, _account = used
        message = ChallengeMessage(origin, bytes(entry_hash), bytes(nonce), purpose, expires_at)
        return _Used(identifier, message, revoked, checked[0], now)

    def _judge(self, used: _Used, network: bytes, signature: bytes | None) -> str:
        try:
            if isinstance(used.card, Exception):
                raise used.card
            if signature is not None:
                used.card.check_signature(signature, used.message.to_bytes())
            if used.revoked:
                raise CardRefused(CardReason.REVOKED)
            self._not_revoked(used.card, used.at)
            return self._accept(used.identifier, used.message.purpose, used.card, network, used.at)
        except CardRefused as refused:
            self._trip(card_sql.REFUSE, {"id": used.identifier, "reason": refused.reason.value})
            raise

    def _not_revoked(self, card: VerifiedCertificate, now: datetime) -> None:
        try:
            self._verifier.not_revoked(card, now)
        except CardRefused as refused:
            if refused.reason is CardReason.REVOKED:
                values = {"issuer": card.issuer_hash, "serial": f"{card.serial:X}", "now": now}
                self._trip(card_sql.REMEMBER_REVOKED, values)
            raise

    def _accept(
        self, identifier: UUID, purpose: str, card: VerifiedCertificate, network: bytes, now: datetime
    ) -> str:
        token = new_token()
        values = {
            "id": identifier, "new_account": new_id(), "issuer": card.issuer_hash, "serial": f"{card.serial:X}",
            "not_after": card.certificate.not_valid_after_utc, "now": now, "token": digest(token),
            "bucket": bucket("card", network),
        }  # fmt: skip
        statement = card_sql.ACCEPT_LOGIN if purpose == "login" else card_sql.ACCEPT_STEP_UP
        if not self._trip(statement, values):
            raise CardRefused(CardReason.OTHER_ACCOUNT)
        return token

    def _why_not(self, code: str, method: str) -> CardReason:
        rows = self._trip(card_sql.WHY_NOT, {"code": digest(code), "method": method})
        if not rows:
            return CardReason.CHALLENGE_UNKNOWN
        return CardReason.CHALLENGE_USED if rows[0][0] else CardReason.CHALLENGE_LATE

    def _spending(self, what: str, network: bytes, now: datetime, rules: Limits) -> dict[str, object]:
        window: timedelta = rules.throttle_window
        return {"bucket": bucket(what, network), "now": now, "window": window}

    def _trip(
        self, sql: str, values: dict[str, Any], meanwhile: Callable[[], None] | None = None
    ) -> list[tuple[Any, ...]]:
        """One statement, one trip, committed; ``meanwhile`` is done while the database works."""
        return self._database.read(NOWHERE, (sql, values), meanwhile=meanwhile)[0]


def _claimed(certificate: bytes) -> tuple[x509.Certificate | None, bytes, str]:
    """The certificate read, and issuer hash and serial as it claims them, before anything is checked."""
    try:
        found = load(certificate)
    except CardRefused:
        return None, b"", ""
    return found, hashlib.sha256(found.issuer.public_bytes()).digest(), f"{found.serial_number:X}"


__all__ = ["CardDesk", "Fetched", "Finished", "Started", "Waiting"]
