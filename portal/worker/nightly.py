"""What runs by the clock and belongs to no single room: the end of retention of answers, the comparison with the core, and forgetting old
challenges."""

from __future__ import annotations

import procrastinate

from portal.identity import sessions
from portal.worker.house import House
from storage.database import Scope
from storage.jobs import defer

# Japan's small hours, in the job list's own clock (UTC): 02:40.
AT_NIGHT = "40 17 * * *"
# 03:10, when the day's exchanges have long been reported.
AFTER_MIDNIGHT = "10 18 * * *"
HOURLY = "23 * * * *"


def register(app: procrastinate.App, house: House) -> None:
    """Make these jobs known to a worker."""

    @app.periodic(cron=AT_NIGHT)
    @app.task(name="nightly.retention", queueing_lock="nightly.retention")
    def retention(timestamp: int) -> None:
        """One job for each tenant, so that one's trouble does not hold up another's."""
        for tenant in house.tenants:
            with house.worker.transaction(Scope(tenant=tenant)) as tx:
                defer(tx, "linkage.purge", lock=f"linkage.purge:{tenant}", tenant=tenant)

    @app.periodic(cron=AFTER_MIDNIGHT)
    @app.task(name="nightly.match", queueing_lock="nightly.match")
    def match(timestamp: int) -> None:
        """The three keepers of each municipality's records, compared."""
        for tenant in house.tenants:
            with house.worker.transaction(Scope(tenant=tenant)) as tx:
                defer(tx, "linkage.match_core", lock=f"linkage.match_core:{tenant}", tenant=tenant)

    @app.periodic(cron=HOURLY)
    @app.task(name="identity.sweep", queueing_lock="identity.sweep")
    def sweep(timestamp: int) -> None:
        """Challenges and counters nobody can use any more."""
        sessions.sweep(house.worker, house.clock.now())
