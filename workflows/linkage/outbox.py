"""What waits to go out: rows written in the transaction of the step that causes them, drained in batches.

A lane is one kind of traffic (inquiries, answers, link codes, each data set of copies): lanes never wait for each other. Inside a lane only
messages of the same partition keep their order; a message that cannot be sent blocks its own partition and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from storage.database import Transaction
from workflows.linkage.wire import envelope, linter

INQUIRY, PROVISION, FUGO, JUKI = "inquiry", "provision", "fugo", "juki"


@dataclass(frozen=True)
class Outgoing:
    """A message to be sent.

    :param body: the whole envelope, or None when it is made just before the first sending (see `fill`).
    :param person: addressee number of the person it is about, for the kill switches.
    :param partition: messages of one partition leave in the order they were put in.
    """

    id: str
    lane: str
    type: str
    body: Mapping[str, Any] | None
    case_id: UUID | None = None
    person: str | None = None
    office: str = ""
    items: tuple[str, ...] = ()
    partition: str | None = None


@dataclass(frozen=True)
class Waiting:
    """A row taken out of the outbox for sending."""

    id: str
    lane: str
    type: str
    body: bytes
    case_id: UUID | None
    person: str | None
    office: str
    items: tuple[str, ...]
    attempts: int
    first_try: datetime | None

    @property
    def message(self) -> dict[str, Any]:
        """The envelope."""
        return dict(orjson.loads(self.body))


_PUT = """
INSERT INTO madoguchi.linkage_outbox
    (tenant, id, lane, partition, type, body, case_id, person, office, items, not_before, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_COLUMNS = "id, lane, type, body, case_id, person, office, items, attempts, first_try"

# A row may go when nothing older of its partition is still open; rows that another worker holds are passed over.
_CLAIM = f"""
SELECT {_COLUMNS}
FROM madoguchi.linkage_outbox AS o
WHERE tenant = %(tenant)s AND lane = %(lane)s AND state = 'ready' AND not_before <= %(now)s AND batch IS NULL
  AND (octet_length(body) > 0) = %(filled)s
  AND (partition IS NULL OR NOT EXISTS (
      SELECT 1 FROM madoguchi.linkage_outbox AS e
      WHERE e.tenant = o.tenant AND e.lane = o.lane AND e.partition = o.partition AND e.seq < o.seq
        AND e.state IN ('ready', 'dead')))
ORDER BY seq LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608

_LEFT_OVER = """
SELECT batch FROM madoguchi.linkage_outbox
WHERE tenant = %s AND lane = %s AND state = 'ready' AND batch IS NOT NULL AND not_before <= %s
GROUP BY batch ORDER BY min(seq)
"""

_OF_BATCH = f"""
SELECT {_COLUMNS} FROM madoguchi.linkage_outbox
WHERE tenant = %s AND lane = %s AND batch = %s AND state = 'ready' ORDER BY seq FOR UPDATE
"""  # noqa: S608


def put(tx: Transaction, messages: Sequence[Outgoing], now: datetime) -> None:
    """Write messages to the outbox, in the transaction of the step that causes them.

    :raises Problem: ``FORBIDDEN_CONTENT`` when a message carries what must never be on the wire, ``SCHEMA_INVALID`` when it has not its shape;
        nothing of the transaction should be kept then.
    """
    rows = []
    for one in messages:
        body = b""
        if one.body is not None:
            envelope.validate(one.body, one.type)
            linter.lint(one.body)
            body = envelope.dumps(one.body)
        rows.append(
            (
                tx.tenant,
                one.id,
                one.lane,
                one.partition,
                one.type,
                body,
                one.case_id,
                one.person,
                one.office,
                list(one.items),
                now,
                now,
            )
        )
    if len(rows) == 1:
        tx.raw.execute(_PUT, rows[0], prepare=True)
    elif rows:
        with tx.raw.cursor() as cursor:
            cursor.executemany(_PUT, rows)


def claim(tx: Transaction, lane: str, now: datetime, limit: int, *, filled: bool = True) -> list[Waiting]:
    """Take rows of a lane that may go now and belong to no batch yet, oldest first; they stay locked until the transaction ends.

    :param filled: False takes the rows whose body is still to be made.
    """
    values = {"tenant": tx.tenant, "lane": lane, "now": now, "limit": limit, "filled": filled}
    return [_waiting(row) for row in tx.raw.execute(_CLAIM, values, prepare=True).fetchall()]


def join_batch(tx: Transaction, ids: Sequence[str], batch: str) -> None:
    """Bind rows into a batch before it leaves, so that after a crash exactly the same batch is sent again under its key."""
    tx.raw.execute(
        "UPDATE madoguchi.linkage_outbox SET batch = %s WHERE tenant = %s AND id = ANY(%s)",
        (batch, tx.tenant, list(ids)),
        prepare=True,
    )


def left_over(tx: Transaction, lane: str, now: datetime) -> list[str]:
    """Return the batches of a lane that were bound but not settled: in flight elsewhere, or left by a crash or a failed try."""
    return [row[0] for row in tx.raw.execute(_LEFT_OVER, (tx.tenant, lane, now), prepare=True).fetchall()]


def take_batch(tx: Transaction, lane: str, batch: str) -> list[Waiting]:
    """Take a whole batch, unless another worker has it in its hands: then nothing."""
    key = f"{tx.tenant}:{batch}"
    row = tx.raw.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,), prepare=True
    ).fetchone()
    if row is None or not row[0]:
        return []
    return [
        _waiting(row) for row in tx.raw.execute(_OF_BATCH, (tx.tenant, lane, batch), prepare=True).fetchall()
    ]


def _waiting(row: tuple[Any, ...]) -> Waiting:
    i, lane, kind, body, case_id, person, office, items, attempts, first = row
    return Waiting(i, lane, kind, bytes(body), case_id, person, office, tuple(items), attempts, first)


def fill(tx: Transaction, message_id: str, body: Mapping[str, Any]) -> None:
    """Set the body of a row once and for all: every later try sends the same bytes."""
    envelope.validate(body)
    linter.lint(body)
    tx.raw.execute(
        "UPDATE madoguchi.linkage_outbox SET body = %s WHERE tenant = %s AND id = %s AND octet_length(body) = 0",
        (envelope.dumps(body), tx.tenant, message_id),
    )


def mark_sent(tx: Transaction, ids: Sequence[str], now: datetime) -> None:
    """Note that the peer took these."""
    if ids:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_outbox SET state = 'sent', attempts = attempts + 1, first_try = coalesce(first_try, %s),"
            " last_try = %s, done_at = %s, cause = NULL WHERE tenant = %s AND id = ANY(%s)",
            (now, now, now, tx.tenant, list(ids)),
            prepare=True,
        )


def put_off(
    tx: Transaction,
    rows: Sequence[tuple[str, datetime, str]],
    now: datetime,
    *,
    tried: bool = True,
    together: bool = False,
) -> None:
    """Keep rows for later: (id, not before, cause).

    :param tried: False when nothing was sent (a freeze): the attempt is not counted.
    :param together: True keeps the batch as it is, because nobody knows whether the peer took it.
    """
    with tx.raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE madoguchi.linkage_outbox SET not_before = %s, cause = %s, attempts = attempts + %s,"
            " batch = CASE WHEN %s THEN batch END,"
            " first_try = CASE WHEN %s THEN coalesce(first_try, %s) ELSE first_try END,"
            " last_try = CASE WHEN %s THEN %s ELSE last_try END WHERE tenant = %s AND id = %s",
            [
                (when, cause, int(tried), together, tried, now, tried, now, tx.tenant, i)
                for i, when, cause in rows
            ],
        )


def bury(tx: Transaction, rows: Sequence[tuple[str, str]], now: datetime) -> None:
    """Make rows dead letters: (id, cause). They are kept and shown at their desk."""
    with tx.raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE madoguchi.linkage_outbox SET state = 'dead', cause = %s, attempts = attempts + 1,"
            " first_try = coalesce(first_try, %s), last_try = %s WHERE tenant = %s AND id = %s",
            [(cause, now, now, tx.tenant, i) for i, cause in rows],
        )


def close(tx: Transaction, ids: Sequence[str], cause: str, now: datetime) -> None:
    """Take rows out that need not be sent any more, because something else is sent in their place."""
    tx.raw.execute(
        "UPDATE madoguchi.linkage_outbox SET state = 'closed', cause = %s, done_at = %s WHERE tenant = %s AND id = ANY(%s)",
        (cause, now, tx.tenant, list(ids)),
    )


@dataclass(frozen=True)
class LaneState:
    """How full a lane is: the number that back-pressure and alarms look at."""

    lane: str
    ready: int
    dead: int
    oldest: datetime | None

    def age(self, now: datetime) -> timedelta:
        """How long the oldest message has waited."""
        return now - self.oldest if self.oldest else timedelta()


def lanes(tx: Transaction) -> list[LaneState]:
    """Return every lane of the tenant that has something waiting or dead."""
    rows = tx.raw.execute(
        "SELECT lane, count(*) FILTER (WHERE state = 'ready'), count(*) FILTER (WHERE state = 'dead'),"
        " min(created_at) FILTER (WHERE state = 'ready') FROM madoguchi.linkage_outbox"
        " WHERE tenant = %s AND state IN ('ready', 'dead') GROUP BY lane ORDER BY lane",
        (tx.tenant,),
    ).fetchall()
    return [LaneState(*row) for row in rows]
