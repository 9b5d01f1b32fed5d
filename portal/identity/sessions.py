"""Sessions: rows in the database, found by the hash of a secret that only the browser has.

A session is a snapshot: role, office and addressees stand in it, so a page reads one row. Whoever changes a person's roles
ends her sessions in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.identity.limits import limits
from portal.identity.models import Identity, OperationLine, SessionLine
from portal.identity.secrets import digest, new_token
from storage.clock import JAPAN
from storage.database import LATER, Database, Statement, Transaction
from storage.ids import new_id

# The scope is set by the same statement, so that the statements sent after it in one trip already stand in it.
_READ = """
    SELECT id, account, kind, tenant, office, roles, addressees, display_name, profile, profile_tenant, bound, method,
           step_up_at, last_seen_at, expires_at, idle_seconds,
           set_config('madoguchi.tenant', CASE WHEN kind = 'resident' THEN '' ELSE coalesce(tenant, '') END, true),
           set_config('madoguchi.addressees', array_to_string(addressees, ','), true),
           set_config('madoguchi.account', account::text, true)
    FROM identity.session
    WHERE token_hash = %(token)s AND ended_at IS NULL AND expires_at > %(now)s
      AND last_seen_at > %(now)s - make_interval(secs => idle_seconds)
"""
_TOUCH = f"""
    UPDATE identity.session SET last_seen_at = %s WHERE id = %s AND ended_at IS NULL AND last_seen_at < %s
    RETURNING {LATER}
"""  # noqa: S608 - put together from constants


def session_statement(token: str, now: datetime) -> Statement:
    """The statement that reads a session and puts the transaction into its scope.

    Statements sent after it in the same ``Database.read`` see that person's rows: a page costs one trip.

    :param token: value of the session cookie.
    """
    return _READ, {"token": digest(token), "now": now}


def identity_from_row(row: Sequence[Any]) -> Identity:
    """The identity in a row of :func:`session_statement`."""
    (
        session, account, kind, tenant, office, roles, addressees, name, profile, profile_tenant, bound, method,
        step_up_at, last_seen_at, expires_at, idle, *_
    ) = row  # fmt: skip
    return Identity(
        kind=kind,
        account_id=account,
        tenant=tenant,
        roles=frozenset(roles),
        office=office,
        addressees=tuple((pair[:6], pair[7:]) for pair in addressees),
        session_id=session,
        step_up_at=step_up_at,
        bound=bound,
        method=method,
        last_seen_at=last_seen_at,
        expires_at=expires_at,
        idle=timedelta(seconds=idle),
        plain_name=name,
        profile=None if profile is None else bytes(profile),
        profile_tenant=profile_tenant,
    )


def touch_statement(identity: Identity, now: datetime) -> Statement | None:
    """The statement that says the person is still there; None while the last one is recent enough."""
    every = limits(now.astimezone(JAPAN).date()).touch_every
    if identity.last_seen_at is None or now - identity.last_seen_at < every:
        return None
    return _TOUCH, (now, identity.session_id, now)


def ends_at(identity: Identity, now: datetime) -> datetime | None:
    """When the session ends if she does nothing more: the pause that it was opened with, or the end of the day's session.

    :returns: None for somebody without a session.
    """
    if identity.last_seen_at is None or identity.expires_at is None or identity.idle is None:
        return None
    every = limits(now.astimezone(JAPAN).date()).touch_every
    seen = identity.last_seen_at if now - identity.last_seen_at < every else now
    return min(seen + identity.idle, identity.expires_at)


@dataclass(frozen=True)
class OpenedSession:
    """A new secret for the browser.

    :param token: goes into the cookie and nowhere else.
    :param kind: of the person, :param roles: and her roles: they say which desk she is shown first.
    """

    token: str
    session_id: UUID
    kind: str = "staff"
    roles: frozenset[str] = frozenset()


def open_session(
    tx: Transaction,
    *,
    account: UUID,
    kind: str,
    method: str,
    device: str,
    now: datetime,
    tenant: str | None = None,
    office: str | None = None,
    roles: Sequence[str] = (),
    display_name: str | None = None,
) -> OpenedSession:
    """Open a session for staff or a reviewer (a resident's is opened by the card desk, in one statement)."""
    opened = OpenedSession(new_token(), new_id(), kind, frozenset(roles))
    rules = limits(now.astimezone(JAPAN).date())
    tx.raw.execute(
        "INSERT INTO identity.session (id, token_hash, account, kind, tenant, office, roles, addressees, display_name,"
        " bound, method, device, created_at, last_seen_at, idle_seconds, expires_at, step_up_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, '{}', %s, true, %s, %s, %s, %s, %s, %s, %s)",
        (
            opened.session_id, digest(opened.token), account, kind, tenant, office, list(roles), display_name,
            method, device, now, now, int(rules.idle(kind).total_seconds()), now + rules.absolute, now,
        ),
    )  # fmt: skip
    record(tx, account, "login", method, device, now, opened.session_id)
    return opened


def rotate(tx: Transaction, session_id: UUID, now: datetime) -> str:
    """A new secret for a session after a step-up; the old one is dead.

    :returns: the new token.
    :raises LookupError: when the session has ended meanwhile.
    """
    token = new_token()
    done = tx.raw.execute(
        "UPDATE identity.session SET token_hash = %s, step_up_at = %s, last_seen_at = %s"
        " WHERE id = %s AND ended_at IS NULL AND expires_at > %s",
        (digest(token), now, now, session_id, now),
    )
    if done.rowcount != 1:
        raise LookupError("the session has ended")
    return token


def end(tx: Transaction, account: UUID, session_id: UUID, reason: str, now: datetime) -> bool:
    """End one session of an account.

    :returns: whether there was one to end; another's session counts as none.
    """
    row = tx.raw.execute(
        "UPDATE identity.session SET ended_at = %s, end_reason = %s, token_hash = sha256(token_hash)"
        " WHERE id = %s AND account = %s AND ended_at IS NULL RETURNING method, device",
        (now, reason, session_id, account),
    ).fetchone()
    if row is None:
        return False
    record(tx, account, reason, row[0], row[1], now, session_id)
    return True


def end_all(tx: Transaction, account: UUID, reason: str, now: datetime, keep: UUID | None = None) -> int:
    """End all sessions of an account.

    :param keep: but not this one.
    :returns: how many were ended.
    """
    rows = tx.raw.execute(
        "SELECT id FROM identity.session WHERE account = %s AND ended_at IS NULL AND expires_at > %s",
        (account, now),
    ).fetchall()
    return sum(end(tx, account, found, reason, now) for (found,) in rows if found != keep)


def record(
    tx: Transaction,
    account: UUID,
    event: str,
    method: str,
    device: str,
    now: datetime,
    session: UUID | None = None,
) -> None:
    """Add a line to the account's history."""
    tx.raw.execute(
        "INSERT INTO identity.operation (account, at, id, event, method, device, session) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (account, now, new_id(), event, method, device, session),
    )


def open_sessions_statement(identity: Identity, now: datetime) -> Statement:
    """The statement that lists a person's open sessions, newest first."""
    return (
        """
        SELECT id, method, device, created_at, last_seen_at FROM identity.session
        WHERE account = %s AND ended_at IS NULL AND expires_at > %s
          AND last_seen_at > %s - make_interval(secs => idle_seconds)
        ORDER BY created_at DESC LIMIT 50
        """,
        (identity.account_id, now, now),
    )


def session_lines(rows: Sequence[Sequence[Any]], identity: Identity) -> list[SessionLine]:
    """The lines of :func:`open_sessions_statement`."""
    return [
        SessionLine(number, method, device, created, seen, number == identity.session_id)
        for number, method, device, created, seen in rows
    ]


def operations_statement(identity: Identity, limit: int = 30) -> Statement:
    """The statement that lists a person's history, newest first."""
    return (
        "SELECT at, event, method, device FROM identity.operation WHERE account = %s ORDER BY at DESC, id DESC LIMIT %s",
        (identity.account_id, limit),
    )


def operation_lines(rows: Sequence[Sequence[Any]]) -> list[OperationLine]:
    """The lines of :func:`operations_statement`."""
    return [OperationLine(*row) for row in rows]


def sweep(database: Database, now: datetime) -> int:
    """Delete what nobody can use any more (worker role): challenges and counters a day after their end.

    :returns: how many challenges went.
    """
    with database.transaction() as tx:
        gone = tx.raw.execute(
            "DELETE FROM identity.challenge WHERE expires_at < %s - interval '1 day'", (now,)
        )
        tx.raw.execute("DELETE FROM identity.throttle WHERE window_start < %s - interval '1 day'", (now,))
        return gone.rowcount
