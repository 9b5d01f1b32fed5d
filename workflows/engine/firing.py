"""Letting the clock pull what is due.

What is due is pulled together. When that fails, each is pulled for itself, and what cannot be pulled waits: one case that is broken
must not keep everybody else's terms from running out.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
import structlog

from storage.database import Transaction
from workflows.engine.apply import Parts
from workflows.engine.bulk import apply_many
from workflows.engine.deadlines import DueDeadline, mark, take_due
from workflows.engine.values import Applied, Refused

log = structlog.get_logger(__name__)

# With these the transaction itself is over; nothing can be tried again in it.
_OVER = (psycopg.OperationalError, psycopg.InterfaceError)
_REFRESH = """
    UPDATE madoguchi.case_file AS c
    SET due_at = COALESCE((SELECT min(d.due_at) FROM madoguchi.deadline AS d
        WHERE d.tenant = c.tenant AND d.case_id = c.id AND d.settled_at IS NULL), '9999-01-01T00:00:00Z')
    WHERE c.tenant = %s AND c.id = ANY (%s)
"""


def fire_due(parts: Parts, tx: Transaction, limit: int) -> list[Applied | Refused]:
    """Fire deadlines that are due, up to ``limit`` and one for each case.

    A deadline the case has no use for any more (the trigger is refused) is settled with the reasons, so that it is seen and does
    not come again. One whose step fails (an effect raises, a definition is not there) is left as it was, with a line in the log.

    :returns: what was settled; nothing when only what fails is due.
    """
    broken: list[UUID] = []
    while due := take_due(tx, parts.now(), limit, broken):
        try:
            return _fire_apart(parts, tx, due)
        except _OVER:
            raise
        except Exception:
            answers, failed = _one_by_one(parts, tx, due)
        if answers:
            return answers
        broken += failed
    return []


def _one_by_one(
    parts: Parts, tx: Transaction, due: Sequence[DueDeadline]
) -> tuple[list[Applied | Refused], list[UUID]]:
    """Fire each deadline for itself; returns what was settled, and the cases whose step failed."""
    answers: list[Applied | Refused] = []
    failed = []
    for one in due:
        try:
            answers += _fire_apart(parts, tx, [one])
        except _OVER:
            raise
        except Exception as failure:
            failed.append(one.case_id)
            log.error(
                "engine.deadline_failed",
                tenant=tx.tenant,
                case_id=str(one.case_id),
                deadline=one.name,
                cause=type(failure).__name__,
            )
    return answers, failed


def _fire_apart(parts: Parts, tx: Transaction, due: Sequence[DueDeadline]) -> list[Applied | Refused]:
    """Fire deadlines so that all of it is undone when it fails, and nothing of what was done before."""
    try:
        with tx.raw.transaction():
            answers = _fire(parts, tx, due)
            tx.flush()
    except Exception:
        tx.close_session()
        raise
    return answers


def _fire(parts: Parts, tx: Transaction, due: Sequence[DueDeadline]) -> list[Applied | Refused]:
    at = parts.now()
    # Marked before the step, so that a step that disarms everything leaves the one that caused it alone.
    mark(tx, at, [(one, "fired", None, "") for one in due])
    answers = apply_many(parts, tx, [one.command() for one in due])
    settled: list[tuple[DueDeadline, str, int | None, str]] = []
    for one, answer in zip(due, answers, strict=True):
        if isinstance(answer, Refused):
            settled.append((one, "refused", None, ",".join(reason.code for reason in answer.reasons)))
        else:
            settled.append((one, "fired", answer.seq, ""))
    mark(tx, at, settled)
    refused = [one.case_id for one, status, *_ in settled if status == "refused"]
    if refused:
        tx.raw.execute(_REFRESH, (tx.tenant, refused))
    return answers
