"""The worker's part of a consultation: grouping what came in."""

from __future__ import annotations

from uuid import UUID

from procrastinate import App

from privacy_assessment.consultation import grouping
from storage.clock import Clock
from storage.database import Database, Scope


def register(jobs: App, database: Database, clock: Clock) -> None:
    """Teach a worker these jobs.

    :param database: of the worker role.
    """

    @jobs.task(name=grouping.TASK, retry=2)
    def group_opinions(tenant: str, consultation: str) -> None:
        with database.transaction(Scope(tenant=tenant)) as tx:
            grouping.regroup(tx, clock, UUID(consultation))
