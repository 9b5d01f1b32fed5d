"""The jobs that pages put on the list, each with what it works with. A job's name is written where it is deferred, too."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import procrastinate

from portal.worker.house import House, VaultHolders, regime
from storage.audit import jobs as audit_jobs
from storage.audit.jobs import AuditJobs
from storage.audit.sources import StepSource
from workflows.addressees.accounts import AccountBinder
from workflows.engine.journal import broken_links
from workflows.provision_records.log import RecordSource


def register(app: procrastinate.App, house: House) -> None:
    """Give every job its function.

    :param app: the job list, opened on the worker's database.
    """

    def stamp_alarm() -> timedelta:
        return house.law.rule("audit.stamp-alarm", house.clock.today()).duration()

    sources = (RecordSource(), StepSource(broken_links))
    audit = AuditJobs(house.worker, house.audit, sources, house.stamper, stamp_alarm)
    audit_jobs.register(app, lambda: audit)
    binder = AccountBinder(
        house.vault, house.register, VaultHolders(house.vault_link, regime(house.settings))
    )

    @app.task(name="identity.bind_account", retry=procrastinate.RetryStrategy(max_attempts=20, wait=2))
    def bind_account(account: str, issuer: str, serial: str) -> None:
        """Tie a card's account to the addressee of each municipality that knows its holder."""
        binder.bind_account(UUID(account), issuer, serial, house.tenants)
