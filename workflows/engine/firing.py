"""Letting the clock pull what is due."""

from __future__ import annotations

from storage.database import Transaction
from workflows.engine.apply import Parts
from workflows.engine.bulk import apply_many
from workflows.engine.deadlines import DueDeadline, mark, take_due
from workflows.engine.values import Applied, Refused

_REFRESH = """
    UPDATE madoguchi.case_file AS c
    SET due_at = COALESCE((SELECT min(d.due_at) FROM madoguchi.deadline AS d
        WHERE d.tenant = c.tenant AND d.case_id = c.id AND d.settled_at IS NULL), '9999-01-01T00:00:00Z')
    WHERE c.tenant = %s AND c.id = ANY (%s)
"""


def fire_due(parts: Parts, tx: Transaction, limit: int) -> list[Applied | Refused]:
    """Fire deadlines that are due, up to ``limit`` and one for each case.

    A deadline the case has no use for any more (the trigger is refused) is settled with the reasons, so that it is seen and does
    not come again.
    """
    due = take_due(tx, parts.now(), limit)
    if not due:
        return []
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
