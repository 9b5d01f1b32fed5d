"""The periodic work of the log: place, commit, stamp, and raise the alarm when nothing could be stamped for too long.

One tenant's trouble does not hold up another's; what failed is done again a minute later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import procrastinate
import structlog

from storage.database import Database, Scope
from storage.tenants import known_tenants

from .service import AuditService
from .sources import LeafSource
from .stamping import StampUnavailable, TimeStamper

QUEUE = "audit"
EVERY_MINUTE = "* * * * *"
logger = structlog.get_logger("audit")


@dataclass(frozen=True)
class AuditJobs:
    """Args: db: the worker role; sources: one for each log; stamper: None when no authority is set;
    alarm_after: how long a checkpoint may stay unstamped, asked of the dated rules each time."""

    db: Database
    service: AuditService
    sources: Sequence[LeafSource]
    stamper: TimeStamper | None
    alarm_after: Callable[[], timedelta]

    def advance(self, tenant: str) -> int:
        """Bring every log of a tenant up to date and have the newest checkpoints stamped; returns leaves placed."""
        placed = 0
        for source in self.sources:
            placed += self.service.advance_all(self.db, tenant, source)
            self._stamp(tenant, source.log)
        return placed

    def advance_everywhere(self) -> None:
        """The same for every tenant. Errors: the last one, after all tenants had their turn."""
        failed: Exception | None = None
        for tenant in known_tenants(self.db):
            try:
                self.advance(tenant)
            except Exception as broken:  # the next tenant must not wait for this one's repair
                logger.error("audit.advance_failed", tenant=tenant, error=type(broken).__name__)
                failed = broken
        if failed is not None:
            raise failed

    def _stamp(self, tenant: str, log: str) -> None:
        try:
            if self.stamper is not None:
                self.service.stamp_newest(self.db, tenant, log, self.stamper)
        except StampUnavailable as refused:
            logger.warning("audit.unstamped", tenant=tenant, log=log, reason=str(refused))
        with self.db.transaction(Scope(tenant=tenant)) as tx:
            waited = self.service.alarm(tx, log, self.alarm_after())
        if waited is not None:
            logger.error(
                "audit.stamp_alarm", tenant=tenant, log=log, hours=round(waited.total_seconds() / 3600, 1)
            )


def register(app: procrastinate.App, jobs: Callable[[], AuditJobs]) -> None:
    """Make the tasks known to a worker. Args: jobs: builds the collaborators when a task first runs."""

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(
        name="audit.every_minute", queue=QUEUE, queueing_lock="audit.every_minute", lock="audit.every_minute"
    )
    def every_minute(timestamp: int) -> None:
        jobs().advance_everywhere()

    @app.task(name="audit.advance", queue=QUEUE)
    def advance(tenant: str) -> None:
        jobs().advance(tenant)
