"""Files made for a person outside her request: written down as a page, turned into a PDF by the worker, fetched later.

What a printed file says is gathered in the person's own scope, in her request. The worker only gives it its shape, so it needs no
right to read her records. Both forms lie sealed under the key of one of her offices, for a day. The proof alone is gathered by the
worker (`provision_records/proof_job.py`), because only the worker can sign it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from procrastinate import App

from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from storage.ids import new_id
from storage.jobs import defer

log = structlog.get_logger(__name__)

LIFE = timedelta(days=1)
TASK = "downloads.print"
SWEEP = "downloads.sweep"


@dataclass(frozen=True)
class Download:
    """One file of a person.

    :param state: ``waiting``, ``ready`` or ``failed``.
    """

    id: UUID
    name: str
    state: str
    created_at: datetime
    expires_at: datetime


def context(download_id: UUID) -> str:
    """The context under which a file is sealed."""
    return f"download.sealed:{download_id}"


def ask_for(
    tx: Transaction,
    database: Database,
    keys: KeyRing,
    account: UUID,
    tenant: str,
    name: str,
    page: str,
    now: datetime,
) -> UUID:
    """Keep a page and put the job on the list, in the transaction of the request.

    :param tenant: the office whose key seals it.
    :param name: file name; holds no name of a person and no number.
    :param page: the whole HTML of the file.
    """
    made = new_id()
    with database.transaction(Scope(tenant=tenant)) as own:
        sealed = keys.seal(own, tenant, page.encode(), context(made))
    ask_worker(tx, TASK, "print", account, tenant, made, name, sealed, now)
    return made


def ask_worker(
    tx: Transaction,
    task: str,
    queue: str,
    account: UUID,
    tenant: str,
    download_id: UUID,
    name: str,
    sealed: bytes | None,
    now: datetime,
) -> None:
    """Write down that a file is waited for, and put its job on the list; the arguments are those of ``ask_for``.

    :param sealed: what the job needs to make it, sealed; None when it reads all of it itself.
    """
    tx.raw.execute(
        "INSERT INTO madoguchi.download (account, id, tenant, name, state, sealed, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, 'waiting', %s, %s, %s)",
        (account, download_id, tenant, name, sealed, now, now + LIFE),
    )
    defer(tx, task, queue=queue, account=str(account), tenant=tenant, download=str(download_id))


def recent_statement(now: datetime) -> tuple[str, tuple[Any, ...]]:
    """The statement that lists a person's files, newest first; the scope says whose."""
    return (
        (
            "SELECT id, name, state, created_at, expires_at FROM madoguchi.download WHERE expires_at > %s"
            " ORDER BY created_at DESC LIMIT 10"
        ),
        (now,),
    )


def content(
    database: Database, keys: KeyRing, account: UUID, download_id: UUID, now: datetime
) -> tuple[str, bytes] | None:
    """(name, bytes) of a file that is ready; None when there is none of this person."""
    scope = Scope(account=account)
    (rows,) = database.read(
        scope,
        (
            (
                "SELECT tenant, name, sealed FROM madoguchi.download WHERE account = %s AND id = %s AND state = 'ready'"
                " AND expires_at > %s"
            ),
            (account, download_id, now),
        ),
    )
    if not rows:
        return None
    tenant, name, sealed = rows[0]
    with database.transaction(Scope(tenant=tenant)) as own:
        return name, keys.open(own, tenant, bytes(sealed), context(download_id))


def make(database: Database, keys: KeyRing, account: UUID, tenant: str, download_id: UUID) -> None:
    """Turn the page into a PDF (worker). Doing it twice does no harm; a page that cannot be printed is marked so."""
    from portal.web.printing import pdf  # loads the print engine, which the web process must not

    with database.transaction(Scope(tenant=tenant, account=account)) as tx:
        row = tx.raw.execute(
            "SELECT sealed FROM madoguchi.download WHERE account = %s AND id = %s AND state = 'waiting' FOR UPDATE",
            (account, download_id),
        ).fetchone()
        if row is None:
            return
        try:
            sealed = keys.seal(
                tx,
                tenant,
                pdf(keys.open(tx, tenant, bytes(row[0]), context(download_id)).decode()),
                context(download_id),
            )
            state = "ready"
        except Exception as failure:
            log.error("download.failed", download=str(download_id), error=type(failure).__qualname__)
            sealed, state = None, "failed"
        tx.raw.execute(
            "UPDATE madoguchi.download SET state = %s, sealed = %s WHERE account = %s AND id = %s",
            (state, sealed, account, download_id),
        )


def sweep(database: Database) -> int:
    """Delete what has expired (worker). Returns how many files went."""
    with database.transaction() as tx:
        return tx.raw.execute("DELETE FROM madoguchi.download WHERE expires_at < now()").rowcount


def register(jobs: App, database: Database, keys: KeyRing, _clock: Clock) -> None:
    """Teach a worker these jobs.

    :param database: of the worker role.
    """

    @jobs.task(name=TASK, queue="print", retry=2)
    def print_download(account: str, tenant: str, download: str) -> None:
        make(database, keys, UUID(account), tenant, UUID(download))

    @jobs.periodic(cron="17 * * * *")
    @jobs.task(name=SWEEP, queueing_lock=SWEEP)
    def sweep_downloads(timestamp: int) -> None:
        sweep(database)
