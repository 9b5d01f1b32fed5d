"""The nightly work on records: what the law lets go is destroyed, tenant by tenant, in small transactions."""

from __future__ import annotations

import procrastinate
import structlog

from storage.clock import Clock
from storage.database import Database, Scope
from storage.tenants import known_tenants

from .marks import purge

AT_NIGHT = "40 17 * * *"
"""02:40 in Japan; the job list counts in UTC."""
logger = structlog.get_logger("provision_records")


def purge_tenant(db: Database, clock: Clock, tenant: str) -> int:
    """Destroy the content of every record of a tenant whose retention is over; returns how many."""
    gone = 0
    while True:
        with db.transaction(Scope(tenant=tenant)) as tx:
            done = purge(tx, clock.today())
        gone += done
        if not done:
            return gone


def register(app: procrastinate.App, db: Database, clock: Clock) -> None:
    """Make the task known to a worker. Args: db: the worker role's."""

    @app.periodic(cron=AT_NIGHT)
    @app.task(name="provision_records.purge", queueing_lock="provision_records.purge")
    def purge_everywhere(timestamp: int) -> None:
        for tenant in known_tenants(db):
            gone = purge_tenant(db, clock, tenant)
            if gone:
                logger.info("provision_records.purged", tenant=tenant, records=gone)
