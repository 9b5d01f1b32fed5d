"""Keeping the job list whole and small: the jobs of a worker that died are done by another, and what is long done goes.

A job belongs to the change that put it down, so it may not get lost with the process that had it in hand; until it is put back, it
also holds up every job with its lock. Jobs are written to be done twice without harm, therefore a worker that only seemed dead does
none.
"""

from __future__ import annotations

from datetime import UTC, datetime

import procrastinate
from procrastinate.jobs import Status

from storage.logs import get_logger

log = get_logger(__name__)

EVERY_MINUTE = "* * * * *"
# 03:50 in Japan, in the job list's own clock (UTC).
AT_NIGHT = "50 18 * * *"
SEEMS_DEAD = 120.0
"""Seconds without a sign of life after which a worker is taken for dead; a sign comes every ten."""
ATTEMPTS = 10
"""A job that was begun so often and never ended takes its worker with it, and is left to a person."""
KEPT_HOURS = 7 * 24
"""Hours for which done jobs are kept, to be looked at; failed ones stay until somebody has looked."""


def register(app: procrastinate.App) -> None:
    """Make these jobs known to a worker.

    :param app: the job list, opened on the worker's database.
    """

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name="jobs.put_back", queueing_lock="jobs.put_back")
    async def again(timestamp: int) -> None:
        """What a dead worker had in hand."""
        await put_back(app)

    @app.periodic(cron=AT_NIGHT)
    @app.task(name="jobs.forget", queueing_lock="jobs.forget")
    async def forget(timestamp: int) -> None:
        """What was done a week ago."""
        await app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS, include_cancelled=True)


async def put_back(app: procrastinate.App) -> int:
    """Put the jobs of dead workers on the list again; one that was begun too often fails instead.

    :returns: how many jobs no worker has in hand any more.
    """
    left = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SEEMS_DEAD))
    for job in left:
        if job.attempts + 1 >= ATTEMPTS:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            log.error("jobs.given_up", job=job.id, task=job.task_name)
        else:
            await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
            log.warning("jobs.put_back", job=job.id, task=job.task_name)
    return len(left)
