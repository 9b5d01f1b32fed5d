"""Asking how an acquisition stands (符号紐付け結果確認) when its result has not come by itself.

The hub sends the result into the inbox. A message can be lost with the one who should have sent it, and then a person would
wait for ever. So whoever waits too long is asked about, seldom and few at a time, and what the hub answers moves the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from storage.database import Database, Scope, Transaction
from workflows.engine import Command, Refused
from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.link_codes.exchange import HUB, PURPOSE
from workflows.linkage.link_codes.machine import KIND
from workflows.linkage.runtime import LinkRuntime
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted

# MSL/1 names no figure; these are ours. An answer usually takes seconds, so half a minute without one is worth a question.
FIRST_AFTER = timedelta(seconds=30)
AGAIN_AFTER = timedelta(minutes=5)
AT_ONCE = 50
# Elsewhere only a long silence is worth a question; and none while a lane still has something to send for the case.
ON_THE_WAY = timedelta(minutes=10)

# What the hub says, and the steps to try; those that do not fit the state the case is in by then change nothing.
STEPS: Mapping[str, tuple[str, ...]] = {
    "LINKED": ("link",),
    "DUPLICATE": ("find_duplicate",),
    "EXPIRED": ("renew", "abandon"),
    "CANCELLED": ("renew", "abandon"),
    "UNKNOWN": ("renew", "abandon"),
}

_WAITING = """
    SELECT l.case_id, l.acquisition_id, c.state
      FROM madoguchi.linkage_link_code AS l
      JOIN madoguchi.case_file AS c ON c.tenant = l.tenant AND c.id = l.case_id
     WHERE l.tenant = %(tenant)s AND l.live AND l.acquisition_id IS NOT NULL AND c.kind = %(kind)s
       AND (c.state IN ('cs_accepted', 'overdue') AND c.updated_at < %(first)s
            OR c.state IN ('numbered', 'sent_to_cs', 'cs_rejected', 'relinking') AND c.updated_at < %(slow)s)
       AND NOT EXISTS (SELECT 1 FROM madoguchi.linkage_outbox AS o WHERE o.tenant = l.tenant AND o.case_id = l.case_id
                          AND o.state IN ('ready', 'dead'))
       AND (l.asked_at IS NULL OR l.asked_at < %(again)s)
     ORDER BY l.asked_at NULLS FIRST, l.case_id LIMIT %(limit)s
"""


def follow_up(database: Database, runtime: LinkRuntime, tenant: str, limit: int = AT_ONCE) -> int:
    """Ask about the acquisitions of a tenant that have waited too long, and take the steps the answers mean.

    :returns: how many were asked about.
    :raises Problem, LinkUnreachable, LinkUntrusted: the hub cannot be asked now; those asked before stand.
    """
    gateway = runtime.parts.offices.gateway(tenant)
    if gateway is None:
        return 0
    with database.transaction(Scope(tenant=tenant)) as tx:
        waiting = _waiting(tx, runtime, limit)
    for case_id, acquisition, state in waiting:
        try:
            status = _ask(gateway, acquisition)
        except (Problem, LinkUntrusted):
            # It was asked about, whatever came of it: the next round begins with another.
            with database.transaction(Scope(tenant=tenant)) as tx:
                _note_asked(tx, runtime, case_id, acquisition)
            raise
        if state == "cs_rejected" and status not in ("LINKED", "DUPLICATE"):
            status = "REJECTED"  # an operator looks at why, and asks anew
        with database.transaction(Scope(tenant=tenant)) as tx:
            _take(tx, runtime, case_id, acquisition, status)
    return len(waiting)


def _waiting(tx: Transaction, runtime: LinkRuntime, limit: int) -> list[tuple[UUID, str, str]]:
    now = runtime.parts.clock.now()
    wish = {
        "tenant": tx.tenant,
        "kind": KIND,
        "first": now - FIRST_AFTER,
        "slow": now - ON_THE_WAY,
        "again": now - AGAIN_AFTER,
        "limit": limit,
    }
    return [(row[0], row[1], row[2]) for row in tx.raw.execute(_WAITING, wish)]


def _ask(gateway: LinkageGateway, acquisition: str) -> str:
    try:
        return gateway.link_code_status(acquisition)
    except Problem as problem:
        if problem.code == "NOT_FOUND":
            return "UNKNOWN"
        raise


def _note_asked(tx: Transaction, runtime: LinkRuntime, case_id: UUID, acquisition: str) -> bool:
    """Note when an acquisition was asked about; False when the case was given another one while the hub was asked."""
    return bool(
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET asked_at = %s WHERE tenant = %s AND case_id = %s AND acquisition_id = %s",
            (runtime.parts.clock.now(), tx.tenant, case_id, acquisition),
        ).rowcount
    )


def _take(tx: Transaction, runtime: LinkRuntime, case_id: UUID, acquisition: str, status: str) -> None:
    if not _note_asked(tx, runtime, case_id, acquisition):
        return
    for trigger in STEPS.get(status, ()):
        command = Command(case_id, trigger, HUB, PURPOSE, f"asked:{acquisition}:{trigger}")
        (answer,) = runtime.engine.apply_many(tx, [command])
        if not isinstance(answer, Refused):
            return
