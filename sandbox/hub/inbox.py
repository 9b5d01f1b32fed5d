"""The inbox of an organisation: leases of many, 60 s each, given out again when they run out (at least once)."""

import random
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.database import Connection, Store
from sandbox.faults import Faults
from sandbox.web import Call, Reply
from workflows.linkage.wire.envelope import check, stamp
from workflows.linkage.wire.problems import Problem

FAMILY = {"inquiry": "SKI", "provision": "TKY", "fugo": "FGU", "record": "TKM", "freeze": "SCM"}
LOOK_AGAIN = 0.1  # seconds between looks while a long poll waits; the other site may have written


class Bell:
    """Wakes the long polls of this process when something was put into an inbox."""

    def __init__(self) -> None:
        self._condition = threading.Condition()

    def ring(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def wait(self, seconds: float) -> None:
        with self._condition:
            self._condition.wait(seconds)


def put(tx: Connection, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Put messages into inboxes: pairs of organisation and envelope. The same message id is put once."""
    if not messages:
        return
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO hub.inbox (id, org, family, message) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            [(m["id"], org, FAMILY[m["type"].split(".", 1)[0]], Jsonb(m)) for org, m in messages],
        )


_LEASE = """
UPDATE hub.inbox i SET lease = p.token, leased_until = %(until)s, deliveries = deliveries + 1
  FROM (SELECT w.seq, t.token FROM (
            SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM (
                SELECT seq FROM hub.inbox WHERE org = %(org)s AND acked_at IS NULL
                   AND (leased_until IS NULL OR leased_until < %(now)s)
                   AND (%(families)s::text[] IS NULL OR family = ANY(%(families)s))
                 ORDER BY seq LIMIT %(most)s FOR UPDATE SKIP LOCKED) locked) w
          JOIN unnest(%(tokens)s::text[]) WITH ORDINALITY AS t(token, n) USING (n)) p
 WHERE i.seq = p.seq RETURNING i.seq, i.lease, i.deliveries, i.message
"""


class Inbox:
    """The inbox endpoints of one site."""

    def __init__(self, store: Store, bell: Bell, faults: Faults, lease_seconds: float) -> None:
        self._store = store
        self._bell = bell
        self._faults = faults
        self._lease = timedelta(seconds=lease_seconds)

    def page(self, call: Call) -> Reply:
        """``GET /v1/inbox``: waits without a transaction until something is there or the time is over."""
        most = call.number("max", 100, 500)
        deadline = time.monotonic() + call.number("wait", 0, 25)
        families = [f for f in call.query.get("families", "").split(",") if f] or None
        rows = self._take(call, most, families)
        while not rows and (left := deadline - time.monotonic()) > 0:
            self._bell.wait(min(LOOK_AGAIN, left))
            rows = self._take(call, most, families)
        messages = [
            {"lease": lease, "deliveries": count, "leased_until": stamp(call.now + self._lease), "message": m}
            for _, lease, count, m in sorted(rows)
        ]
        if self._faults.now("duplicate"):
            messages = [m for m in messages for _ in range(2)]
        if self._faults.now("reorder"):
            random.shuffle(messages)
        return Reply({"messages": messages})

    def _take(self, call: Call, most: int, families: list[str] | None) -> list[Any]:
        now = call.now
        with self._store.transaction() as tx:
            waiting = tx.execute(
                "SELECT 1 FROM hub.inbox WHERE org = %s AND acked_at IS NULL AND (leased_until IS NULL OR"
                " leased_until < %s) AND (%s::text[] IS NULL OR family = ANY(%s)) LIMIT 1",
                (call.party.id, now, families, families),
            ).fetchone()
            if waiting is None:
                return []
            # A lease that is lost with the site costs one redelivery, not a promise: no need to wait for the disk.
            tx.execute("SET LOCAL synchronous_commit = off")
            return tx.execute(
                _LEASE,
                {
                    "until": now + self._lease,
                    "org": call.party.id,
                    "now": now,
                    "most": most,
                    "families": families,
                    "tokens": [secrets.token_urlsafe(24) for _ in range(most)],
                },
            ).fetchall()

    def acknowledge(self, call: Call) -> Reply:
        """``POST /v1/inbox:ack``: many at once; leases that ran out are named, not failed."""
        check("acks", call.body)
        return self._settle(call, list(call.body.get("ack", [])), list(call.body.get("nack", [])))

    def one(self, call: Call) -> Reply:
        """``POST /v1/inbox/{lease}/ack`` or ``/nack``."""
        lease, what = call.path["lease"], call.path["what"]
        if what not in ("ack", "nack"):
            raise Problem("NOT_FOUND")
        reply = self._settle(call, *(([lease], []) if what == "ack" else ([], [lease])))
        if reply.body["lost"]:
            raise Problem("LEASE_LOST")
        return reply

    def _settle(self, call: Call, acks: list[str], nacks: list[str]) -> Reply:
        acked = call.tx.execute(
            "UPDATE hub.inbox SET acked_at = %s, lease = NULL WHERE org = %s AND lease = ANY(%s) AND acked_at IS NULL"
            " RETURNING (SELECT old.lease FROM hub.inbox old WHERE old.seq = hub.inbox.seq)",
            (call.now, call.party.id, acks),
        ).fetchall()
        back = call.tx.execute(
            "UPDATE hub.inbox SET lease = NULL, leased_until = NULL WHERE org = %s AND lease = ANY(%s) AND acked_at IS"
            " NULL RETURNING (SELECT old.lease FROM hub.inbox old WHERE old.seq = hub.inbox.seq)",
            (call.party.id, nacks),
        ).fetchall()
        done = {row[0] for row in (*acked, *back)}
        lost = [lease for lease in (*acks, *nacks) if lease not in done]
        return Reply(
            {"acked": len(acked), "returned": len(back), "lost": lost},
            after=self._bell.ring if back else None,
        )
