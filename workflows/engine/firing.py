"""Letting the clock pull what is due.

What is due is pulled together. When that fails, each is pulled for itself, and what cannot be pulled waits: one case that is broken
must not keep everybody else's terms from running out, be it that its step takes longer than a statement may. Only where the
transaction itself is over (its connection is gone) does the round end. What failed is tried again after a rest that grows, so that
the rounds, seconds apart, neither try nor tell the same again and again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from storage.database import Transaction
from workflows.engine.apply import Parts
from workflows.engine.bulk import apply_many
from workflows.engine.deadlines import DueDeadline, mark, take_due
from workflows.engine.values import Applied, Refused

log = structlog.get_logger(__name__)

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=1)
_REFRESH = """
    UPDATE madoguchi.case_file AS c
    SET due_at = COALESCE((SELECT min(d.due_at) FROM madoguchi.deadline AS d
        WHERE d.tenant = c.tenant AND d.case_id = c.id AND d.settled_at IS NULL), '9999-01-01T00:00:00Z')
    WHERE c.tenant = %s AND c.id = ANY (%s)
"""


class Resting:
    """The cases whose step failed, each with its rest; remembered by this process alone, and by another found anew.

    A rest begins at a minute and is twice as long each time, up to an hour.
    """

    def __init__(self) -> None:
        self._rests: dict[tuple[str, UUID], tuple[datetime, timedelta]] = {}
        # Every tenant has its own thread, and all of them one engine.
        self._lock = threading.Lock()

    def cases(self, tenant: str, now: datetime) -> list[UUID]:
        """The cases of a tenant that rest now. None rests whose rest began later: the clock was set back."""
        with self._lock:
            return [
                case_id
                for (of, case_id), (since, rest) in self._rests.items()
                if of == tenant and since <= now < since + rest
            ]

    def failed(self, tenant: str, case_id: UUID, now: datetime) -> None:
        """Let a case rest, and forget those that nobody has tried for long: they are settled."""
        with self._lock:
            self._rests = {
                key: (since, rest)
                for key, (since, rest) in self._rests.items()
                if now < since + rest + LONGEST_REST
            }
            _, last = self._rests.get((tenant, case_id), (now, FIRST_REST / 2))
            self._rests[tenant, case_id] = (now, min(2 * last, LONGEST_REST))


def fire_due(parts: Parts, tx: Transaction, limit: int, resting: Resting) -> list[Applied | Refused]:
    """Fire deadlines that are due, up to ``limit`` and one for each case.

    A deadline the case has no use for any more (the trigger is refused) is settled with the reasons, so that it is seen and does
    not come again. One whose step fails (an effect raises, a definition is not there) is left as it was, with a line in the log.

    :param resting: whom to pass over; those whose step fails come to it.
    :returns: what was settled; nothing when only what fails is due.
    """
    passed_over = resting.cases(tx.tenant, parts.now())
    while due := take_due(tx, parts.now(), limit, passed_over):
        try:
            return _fire_apart(parts, tx, due)
        except Exception:
            if not tx.stands:
                raise
            answers, failed = _one_by_one(parts, tx, due, resting)
        if answers:
            return answers
        passed_over += failed
    return []


def _one_by_one(
    parts: Parts, tx: Transaction, due: Sequence[DueDeadline], resting: Resting
) -> tuple[list[Applied | Refused], list[UUID]]:
    """Fire each deadline for itself; returns what was settled, and the cases whose step failed."""
    answers: list[Applied | Refused] = []
    failed = []
    for one in due:
        try:
            answers += _fire_apart(parts, tx, [one])
        except Exception as failure:
            if not tx.stands:
                raise
            failed.append(one.case_id)
            resting.failed(tx.tenant, one.case_id, parts.now())
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
