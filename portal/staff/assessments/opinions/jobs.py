"""The worker's part of a consultation: grouping what came in, and writing it into files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from procrastinate import App

from privacy_assessment.consultation import grouping, sheets
from storage.clock import Clock
from storage.database import Database, Scope

log = structlog.get_logger(__name__)


def register(jobs: App, database: Database, clock: Clock) -> None:
    """Teach a worker these jobs.

    :param database: of the worker role.
    """

    @jobs.task(name=grouping.TASK, retry=2)
    def group_opinions(tenant: str, consultation: str) -> None:
        with database.transaction(Scope(tenant=tenant)) as tx:
            grouping.regroup(tx, clock, UUID(consultation))

    @jobs.task(name=sheets.TASK)
    def write_sheets(tenant: str, consultation: str, wish: str) -> None:
        one, asked = UUID(consultation), datetime.fromisoformat(wish)
        try:
            sheets.make(database, clock, tenant, one, asked)
        except Exception as failure:  # nobody must wait for a file that will never come
            log.error("opinion_sheets.failed", error=type(failure).__qualname__)
            sheets.fail(database, clock, tenant, one, asked)

    @jobs.periodic(cron="41 * * * *")
    @jobs.task(name=sheets.SWEEP, queueing_lock=sheets.SWEEP)
    def sweep_sheets(timestamp: int) -> None:
        sheets.sweep(database)
