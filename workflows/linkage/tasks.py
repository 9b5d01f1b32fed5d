"""Jobs of the link on the job list: records that a step in the web process asks for (the web cannot write records), and what runs by the hour."""

from __future__ import annotations

from uuid import UUID

import procrastinate

from storage.database import Database, Scope, Transaction
from workflows.engine import Actor, Command
from workflows.linkage.inquiry.machine import InquiryMachine
from workflows.linkage.provision.machine import ProvisionMachine
from workflows.linkage.record_sync.core_match import match_core
from workflows.linkage.runtime import LinkRuntime

FORGET_SENT_AFTER_DAYS = 30


def register_tasks(app: procrastinate.App, database: Database, runtime: LinkRuntime) -> None:
    """Register the jobs of the link.

    :param app: the application of the worker that runs them.
    :param database: the worker role's database.
    """
    inquiries = InquiryMachine(runtime.parts)
    provisions = ProvisionMachine(runtime.parts)
    retry = procrastinate.RetryStrategy(max_attempts=20, exponential_wait=2)

    @app.task(name="linkage.record_inquiry", retry=retry)
    def record_inquiry(tenant: str, case_id: str, seq: int) -> int:
        """Write the asker's record of an inquiry that ended at a desk."""
        with database.transaction(Scope(tenant=tenant)) as tx:
            return inquiries.record_cases(tx, [UUID(case_id)])

    @app.task(name="linkage.record_provision", retry=retry)
    def record_provision(tenant: str, case_id: str, seq: int) -> int:
        """Write the holder's record of a provision that ended at a desk."""
        with database.transaction(Scope(tenant=tenant)) as tx:
            return provisions.record_cases(tx, [UUID(case_id)])

    @app.task(name="linkage.match_core", retry=retry)
    def compare_with_core(tenant: str) -> str:
        """Lay the core's records beside the server's and ours."""
        found = match_core(database, runtime, tenant)
        if found is None:
            return "not on the link"
        return "whole" if found.whole else "differs"

    @app.task(name="linkage.purge", retry=retry)
    def purge(tenant: str) -> int:
        """Throw away answers whose time is over, and old copies of what was sent and received."""
        with database.transaction(Scope(tenant=tenant)) as tx:
            forget_old_messages(tx, runtime)
            return purge_answers(tx, runtime)


def purge_answers(tx: Transaction, runtime: LinkRuntime) -> int:
    """Wipe the content of answers whose retention is over; their cases say so.

    :returns: how many were wiped.
    """
    today = runtime.parts.clock.today()
    rows = tx.raw.execute(
        "UPDATE madoguchi.linkage_answer SET sealed = NULL, purged_at = %s WHERE tenant = %s AND keep_until < %s AND purged_at IS NULL"
        " RETURNING case_id, keep_until",
        (runtime.parts.clock.now(), tx.tenant, today),
    ).fetchall()
    actor = Actor(kind="system", id="retention")
    commands = [
        Command(
            case_id, "purge", actor, "保存期間の満了", f"purge:{case_id}", {"keep_until": keep.isoformat()}
        )
        for case_id, keep in rows
    ]
    runtime.engine.apply_many(tx, commands)  # a closed case stays closed: its content is gone all the same
    return len(rows)


def forget_old_messages(tx: Transaction, runtime: LinkRuntime) -> int:
    """Remove settled messages older than the longest time anybody may send them again; dead letters stay.

    :returns: how many rows went.
    """
    now = runtime.parts.clock.now()
    gone = 0
    for table in ("linkage_outbox", "linkage_inbox"):
        gone += tx.raw.execute(
            f"DELETE FROM madoguchi.{table} WHERE tenant = %s AND state IN ('sent', 'done')"  # noqa: S608
            " AND done_at < %s - make_interval(days => %s)",
            (tx.tenant, now, FORGET_SENT_AFTER_DAYS),
        ).rowcount
    return gone
