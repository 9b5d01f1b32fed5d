"""Messages between a body and the commission: put down in the sender's transaction, carried by a job, kept on both sides.

The message is a row of the sender; the job reads it there, writes the receiver's own copy together with everything that follows
from it, and then notes the outcome with the sender. The identifier is the same on both sides, so a job that comes again, after
whatever failure, does nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.commission.models import Message
from storage.database import Transaction
from storage.ids import new_id
from storage.jobs import defer

TASK = "assessment.deliver"
MESSAGE = (
    "SELECT id, direction, counterpart, case_id, kind, payload, at, settled_at, outcome, reasons"
    " FROM madoguchi.commission_message WHERE tenant = %s"
)


def send(
    tx: Transaction,
    counterpart: str,
    case: UUID,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
    lane: UUID,
) -> UUID:
    """Put a message down and its delivery on the job list, in this transaction.

    :param case: the sender's own case. :param lane: the body's case: messages of one lane arrive in order.
    """
    message = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.commission_message (tenant, id, direction, counterpart, case_id, kind, payload, at)"
        " VALUES (%s, %s, 'out', %s, %s, %s, %s, %s)",
        (tx.tenant, message, counterpart, case, kind, orjson.dumps(payload).decode(), at),
    )
    defer(tx, TASK, lock=f"assessment:{lane}", tenant=tx.tenant, message=str(message))
    return message


def arrived(
    tx: Transaction,
    message: UUID,
    sender: str,
    case: UUID | None,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Keep the receiver's copy. Returns False when it is there already: then everything that follows was done."""
    done = tx.raw.execute(
        "INSERT INTO madoguchi.commission_message (tenant, id, direction, counterpart, case_id, kind, payload, at)"
        " VALUES (%s, %s, 'in', %s, %s, %s, %s, %s) ON CONFLICT (tenant, id) DO NOTHING",
        (tx.tenant, message, sender, case, kind, orjson.dumps(payload).decode(), at),
    )
    return done.rowcount == 1


def settle(
    tx: Transaction,
    message: UUID,
    outcome: str,
    reasons: tuple[str, ...],
    at: datetime,
    case: UUID | None = None,
) -> None:
    """Note what became of a message; the first note stands.

    :param case: the own case it turned out to belong to, when that was not known before.
    """
    tx.raw.execute(
        "UPDATE madoguchi.commission_message SET outcome = %s, reasons = %s, settled_at = %s,"
        " case_id = coalesce(case_id, %s) WHERE tenant = %s AND id = %s AND settled_at IS NULL",
        (outcome, list(reasons), at, case, tx.tenant, message),
    )


def read_message(tx: Transaction, message: UUID) -> Message | None:
    """A message of this side, or None."""
    row = tx.raw.execute(
        f"{MESSAGE} AND id = %s",
        (tx.tenant, message),
    ).fetchone()
    return None if row is None else _message(row)


def messages_of(tx: Transaction, case: UUID) -> list[Message]:
    """The messages of a case, oldest first."""
    rows = tx.raw.execute(
        f"{MESSAGE} AND case_id = %s ORDER BY at, id",
        (tx.tenant, case),
    ).fetchall()
    return [_message(row) for row in rows]


def _message(row: tuple[Any, ...]) -> Message:
    values: tuple[Any, ...] = (*row[:9], tuple(row[9]))
    return Message(*values)
