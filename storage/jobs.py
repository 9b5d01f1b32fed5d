"""Jobs: deferred inside the transaction of the change that causes them, so that neither exists without the other.

The library keeps them in PostgreSQL (schema ``jobs``). A job names its tenant; the worker opens its own scope.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import procrastinate

from storage.database import Transaction

# The connector is replaced when a worker opens the application with an address (see ``worker_app``); deferring needs
# none, because it always happens on the connection of an open transaction.
jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())
# What only puts jobs down. It is never given tasks: a task that a worker knows would be deferred over the worker's own asynchronous
# pool, and not on the connection of the transaction it belongs to.
_list = procrastinate.App(connector=procrastinate.PsycopgConnector())


def defer(
    tx: Transaction,
    task: str,
    *,
    queue: str = "default",
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    priority: int = 0,
    **arguments: Any,
) -> int:
    """Put a job on the list, in this transaction.

    :param task: name under which the job's function is registered.
    :param lock: jobs with the same lock never run at the same time.
    :param queueing_lock: a second job with the same lock is refused while the first waits.
    :param schedule_at: not before this moment (aware).
    :param priority: of the jobs waiting in a queue the highest is taken first; below 0 for what nobody is waiting for at a screen.
    :param arguments: JSON values; references and codes only, never a number or a name.
    :returns: the job's number.
    """
    return _list.configure_task(
        task,
        connection=tx.raw,
        queue=queue,
        lock=lock,
        queueing_lock=queueing_lock,
        schedule_at=schedule_at,
        priority=priority,
        allow_unknown=True,
    ).defer(**arguments)


def worker_app(url: str) -> procrastinate.App:
    """The job list opened on a database, for a worker.

    :param url: address of the database for the worker role.
    """
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        kwargs={"options": "-c search_path=jobs", "application_name": "madoguchi-jobs"},
        min_size=1,
        max_size=4,
    )
    return jobs.with_connector(connector)
