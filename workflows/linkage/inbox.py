"""What came in: stored with its id and digest before anything is done, worked on in the same transaction, acknowledged after the commit.

The hub delivers at least once and in any order. Here a message takes effect once: a second delivery of the same id is dropped (and reported
when its content differs), one that comes too early waits, one that cannot be worked on is kept as a dead letter and holds up nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import psycopg
import sqlalchemy.exc
import structlog

from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.ids import new_id
from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.wire import envelope, linter
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import SKEW

log = structlog.get_logger(__name__)

MOST = 200
EARLY = timedelta(seconds=0.5)
PATIENCE = timedelta(hours=24)
# The database is away or two transactions met: nobody's message is to blame, and the lease brings it back.
PASSING = (psycopg.OperationalError, sqlalchemy.exc.OperationalError)


@dataclass(frozen=True)
class Received:
    """A message of the inbox, checked against its schema."""

    id: str
    type: str
    message: dict[str, Any]
    attempts: int = 0

    @property
    def payload(self) -> dict[str, Any]:
        """Its payload."""
        return dict(self.message["payload"])

    @property
    def expires(self) -> datetime | None:
        """When its sender no longer wants it to take effect, if ever."""
        return envelope.moment(self.message["expires"]) if "expires" in self.message else None


@dataclass(frozen=True)
class Done:
    """It took effect (or had nothing left to do)."""


@dataclass(frozen=True)
class Early:
    """It came before what it needs: keep it and look again."""


@dataclass(frozen=True)
class Dead:
    """It can never be worked on; `cause` is a code."""

    cause: str


Verdict = Done | Early | Dead
Handler = Callable[[Transaction, Sequence[Received]], Mapping[str, Verdict]]

_STORE = """
INSERT INTO madoguchi.linkage_inbox (tenant, id, type, digest, body, state, not_before, received_at)
SELECT %(tenant)s, r.id, r.type, r.digest, r.body, 'waiting', %(now)s, %(now)s
FROM unnest(%(ids)s::text[], %(types)s::text[], %(digests)s::bytea[], %(bodies)s::bytea[]) AS r (id, type, digest, body)
ON CONFLICT (tenant, id) DO NOTHING RETURNING id
"""
_WAITING = """
SELECT id, type, body, attempts FROM madoguchi.linkage_inbox
WHERE tenant = %s AND state = 'waiting' AND not_before <= %s ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED
"""


class Inbox:
    """Receives for one installation.

    :param handlers: what to do with each type of message, in the order in which types are worked on.
    """

    def __init__(self, clock: Clock, handlers: Mapping[str, Handler]) -> None:
        self.clock = clock
        self.handlers = dict(handlers)

    def poll(
        self,
        database: Database,
        tenant: str,
        gateway: LinkageGateway,
        *,
        families: Sequence[str] = (),
        wait: int = 25,
        most: int = MOST,
    ) -> int:
        """Lease what is there, make it take effect, acknowledge it.

        :param wait: seconds to wait for the first message.
        :returns: how many messages came.
        """
        leased = gateway.inbox(families, most, wait)
        if not leased:
            return 0
        self.receive(database, tenant, [one.message for one in leased])
        gateway.ack(list(dict.fromkeys(one.lease for one in leased)))
        return len(leased)

    def receive(self, database: Database, tenant: str, messages: Sequence[Any]) -> None:
        """Store messages and work on the new ones; returns only when all of it is on disk."""
        scope = Scope(tenant=tenant)
        try:
            with database.transaction(scope) as tx:
                self._act(tx, self._store(tx, messages))
        except PASSING:
            raise
        except Exception as failure:
            if len(messages) == 1:
                self._keep(database, scope, messages, failure)
                return
            # One of them is poison. Alone, each does its own work and no other's.
            log.warning("link.batch_failed", tenant=tenant, count=len(messages), cause=type(failure).__name__)
            for message in messages:
                self.receive(database, tenant, [message])

    def drain(self, database: Database, tenant: str, most: int = MOST) -> int:
        """Work on what waits (came early, or was given back by the desk of dead letters).

        :returns: how many messages were looked at.
        """
        scope = Scope(tenant=tenant)
        try:
            with database.transaction(scope) as tx:
                return self._work(tx, most)
        except PASSING:
            raise
        except Exception as failure:
            if most == 1:
                with database.transaction(scope) as tx:
                    for one in self._take(tx, 1):
                        self._bury(tx, one.id, f"HANDLER_FAILED:{type(failure).__name__}")
                return 1
            return sum(
                self.drain(database, tenant, 1) for _ in range(most) if self._has_waiting(database, scope)
            )

    def _has_waiting(self, database: Database, scope: Scope) -> bool:
        rows = database.read(
            scope,
            (
                "SELECT 1 FROM madoguchi.linkage_inbox WHERE tenant = %s AND state = 'waiting' AND not_before <= %s LIMIT 1",
                (scope.tenant, self.clock.now()),
            ),
        )
        return bool(rows[0])

    def _work(self, tx: Transaction, most: int) -> int:
        found = self._take(tx, most)
        self._act(tx, found)
        return len(found)

    def _take(self, tx: Transaction, most: int) -> list[Received]:
        rows = tx.raw.execute(_WAITING, (tx.tenant, self.clock.now(), most), prepare=True).fetchall()
        return [Received(i, kind, orjson.loads(bytes(body)), tries) for i, kind, body, tries in rows]

    def _store(self, tx: Transaction, messages: Sequence[Any]) -> list[Received]:
        """Write down id and digest first; return what is new and has its shape."""
        now = self.clock.now()
        good: dict[str, Received] = {}
        digests: dict[str, bytes] = {}
        for message in messages:
            received = self._check(tx, message)
            if received is not None:
                good[received.id] = received
                digests[received.id] = hashlib.sha256(
                    orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
                ).digest()
        if not good:
            return []
        values = {
            "tenant": tx.tenant,
            "now": now,
            "ids": list(good),
            "types": [one.type for one in good.values()],
            "digests": [digests[i] for i in good],
            "bodies": [envelope.dumps(one.message) for one in good.values()],
        }
        fresh = {row[0] for row in tx.raw.execute(_STORE, values, prepare=True).fetchall()}
        self._compare(tx, {i: digests[i] for i in good if i not in fresh})
        return [one for i, one in good.items() if i in fresh]

    def _check(self, tx: Transaction, message: Any) -> Received | None:
        try:
            kind = envelope.validate(message)
            linter.lint(message)
            if message["tenant"] != tx.tenant:
                raise Problem("TENANT_MISMATCH")
        except Problem as problem:
            # It has no shape we could keep: what is known of it goes to the incidents, the rest is not stored.
            known = envelope.id_of(message) or None
            self._incident(tx, "MALFORMED_MESSAGE", {"code": problem.code, "message_id": known})
            return None
        return Received(message["id"], kind, message)

    def _compare(self, tx: Transaction, again: Mapping[str, bytes]) -> None:
        """A second delivery is nothing to do; the same id with another content is a lie."""
        if not again:
            return
        rows = tx.raw.execute(
            "SELECT id, digest FROM madoguchi.linkage_inbox WHERE tenant = %s AND id = ANY(%s)",
            (tx.tenant, list(again)),
        ).fetchall()
        for message_id, digest in rows:
            if bytes(digest) != again[message_id]:
                self._incident(tx, "SAME_ID_OTHER_CONTENT", {"message_id": message_id})

    def _act(self, tx: Transaction, received: Sequence[Received]) -> None:
        if not received:
            return
        # What came after its own end takes no effect any more, whoever held it up.
        end = self.clock.now() - SKEW
        verdicts: dict[str, Verdict] = {
            one.id: Dead("MESSAGE_EXPIRED")
            for one in received
            if one.expires is not None and one.expires < end
        }
        for kind, handler in self.handlers.items():
            mine = [one for one in received if one.type == kind and one.id not in verdicts]
            if mine:
                verdicts.update(handler(tx, mine))
        for one in received:
            verdicts.setdefault(one.id, Dead("UNKNOWN_TYPE"))
        self._settle(tx, received, verdicts)

    def _settle(self, tx: Transaction, received: Sequence[Received], verdicts: Mapping[str, Verdict]) -> None:
        now = self.clock.now()
        done = [one.id for one in received if isinstance(verdicts[one.id], Done)]
        if done:
            tx.raw.execute(
                "UPDATE madoguchi.linkage_inbox SET state = 'done', done_at = %s, body = NULL, cause = NULL"
                " WHERE tenant = %s AND id = ANY(%s)",
                (now, tx.tenant, done),
                prepare=True,
            )
        for one in received:
            verdict = verdicts[one.id]
            if isinstance(verdict, Dead):
                self._bury(tx, one.id, verdict.cause)
            elif isinstance(verdict, Early):
                self._put_off(tx, one, now)

    def _put_off(self, tx: Transaction, one: Received, now: datetime) -> None:
        pause = min(EARLY * 2 ** min(one.attempts, 10), timedelta(minutes=5))
        row = tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET attempts = attempts + 1, not_before = %s, cause = 'EARLY'"
            " WHERE tenant = %s AND id = %s RETURNING received_at",
            (now + pause, tx.tenant, one.id),
        ).fetchone()
        if row is not None and now - row[0] >= PATIENCE:
            self._bury(tx, one.id, "NEVER_FITTED")

    def _bury(self, tx: Transaction, message_id: str, cause: str) -> None:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_inbox SET state = 'dead', cause = %s, attempts = attempts + 1 WHERE tenant = %s AND id = %s",
            (cause, tx.tenant, message_id),
        )
        log.error("link.dead_letter_in", tenant=tx.tenant, cause=cause)

    def _keep(self, database: Database, scope: Scope, messages: Sequence[Any], failure: Exception) -> None:
        """Store a message that made its handler fail, as a dead letter. When even that fails the lease simply runs out."""
        with database.transaction(scope) as tx:
            for one in self._store(tx, messages):
                self._bury(tx, one.id, f"HANDLER_FAILED:{type(failure).__name__}")

    def _incident(self, tx: Transaction, kind: str, detail: Mapping[str, Any]) -> None:
        note_incident(tx, kind, detail, self.clock.now())


def note_incident(
    tx: Transaction, kind: str, detail: Mapping[str, Any], at: datetime, *, ended: bool = False
) -> None:
    """Write down something that should not have happened on the link; codes and references only.

    :param ended: True when it says that such a thing is over.
    """
    tx.raw.execute(
        "INSERT INTO madoguchi.linkage_incident (tenant, id, kind, detail, at) VALUES (%s, %s, %s, %s::jsonb, %s)",
        (tx.tenant, new_id(), kind, orjson.dumps(dict(detail)).decode(), at),
    )
    if ended:
        log.info("link.incident_ended", tenant=tx.tenant, kind=kind)
    else:
        log.error("link.incident", tenant=tx.tenant, kind=kind)
