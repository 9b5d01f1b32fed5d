"""The jobs that pages put on the list, each given what it works with."""

from __future__ import annotations

from datetime import timedelta

import procrastinate

from portal.commission import printing as commission_papers
from portal.identity.effects import AccountEffects
from portal.public.consultations import copies
from portal.public.statements import files_job
from portal.resident import downloads
from portal.resident.provision_records import proof_job
from portal.staff.assessments.opinions import jobs as opinions
from portal.staff.assessments.review_room import jobs as reviewers
from portal.worker import job_list, nightly
from portal.worker.house import House, regime
from privacy_assessment.commission import delivery as commission
from storage.audit import jobs as audit_jobs
from storage.audit.jobs import AuditJobs
from storage.audit.sources import StepSource
from storage.ids import new_id
from workflows.addressees.accounts import AccountBinder
from workflows.addressees.changes.service import AddresseeChanges
from workflows.addressees.changes.service import register_tasks as register_changes
from workflows.engine.journal import broken_links
from workflows.linkage.holders import JukiHolders
from workflows.linkage.tasks import register_tasks
from workflows.provision_records import followers
from workflows.provision_records import tasks as record_tasks
from workflows.provision_records.log import RecordSource
from workflows.provision_records.marks import RecordMarks
from workflows.provision_records.signer import PortalSigner


def register(app: procrastinate.App, house: House) -> None:
    """Give every job its function.

    :param app: the job list, opened on the worker's database.
    """

    def stamp_alarm() -> timedelta:
        return house.law.rule("audit.stamp-alarm", house.clock.today()).duration()

    sources = (RecordSource(), StepSource(broken_links))
    audit = AuditJobs(house.worker, house.audit, sources, house.stamper, stamp_alarm)
    audit_jobs.register(app, lambda: audit)
    record_tasks.register(app, house.worker, house.clock)
    followers.register(app, house.worker, RecordMarks(house.link.parts.records, house.clock, new_id))

    holders = JukiHolders(house.vault_link.parts.offices, regime(house.settings))
    binder = AccountBinder(house.vault, house.register, holders)
    AccountEffects(house.worker, binder, house.clock).register(app)

    changes = AddresseeChanges(house.vault_link.engine, house.register)
    register_changes(app, house.vault, changes)

    downloads.register(app, house.worker, house.keys, house.clock)
    proof_job.register(
        app, house.worker, house.keys, PortalSigner(house.worker, house.audit.keys), house.clock
    )
    files_job.register(app, house.worker, house.clock)
    copies.register(app, house.worker, house.keys)
    opinions.register(app, house.worker, house.clock)
    reviewers.register(app, house.worker, house.keys, house.clock)
    register_tasks(app, house.worker, house.link)
    commission.register(app, house.worker, house.link.engine, house.clock)
    commission_papers.register(app, house.worker, house.clock)
    nightly.register(app, house)
    job_list.register(app)
