"""A PDF of one's own opinion: written down as a page in the request, printed by the worker, sealed both times, kept for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from procrastinate import App

from privacy_assessment.consultation.opinions import Opinion
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from storage.encryption.rotation import SealedColumn
from storage.encryption.rotation import register as register_sealed
from storage.jobs import defer

log = structlog.get_logger(__name__)

LIFE = timedelta(days=1)
SEALED = register_sealed(
    SealedColumn(
        "worker",
        "madoguchi.opinion_copy",
        "sealed",
        ("consultation_id", "receipt", "revision"),
        lambda key: copy_context(key["consultation_id"], key["receipt"], key["revision"]),
        batch=50,
    )
)
TASK = "consultation.copy"
SWEEP = "consultation.sweep"


def ask_for(
    tx: Transaction, keys: KeyRing, now: datetime, consultation: UUID, opinion: Opinion, page: str
) -> None:
    """Keep a page and put the job on the list; one that waits or is ready for the same text is left alone."""
    sealed = keys.seal(
        tx, tx.tenant, page.encode(), copy_context(consultation, opinion.receipt, opinion.revision)
    )
    row = tx.raw.execute(
        "INSERT INTO madoguchi.opinion_copy AS c (tenant, consultation_id, receipt, revision, state, sealed, asked_at, expires_at)"
        " VALUES (%s, %s, %s, %s, 'waiting', %s, %s, %s) ON CONFLICT (tenant, consultation_id, receipt) DO UPDATE SET"
        " revision = EXCLUDED.revision, state = 'waiting', sealed = EXCLUDED.sealed, asked_at = EXCLUDED.asked_at,"
        " expires_at = EXCLUDED.expires_at WHERE c.revision <> EXCLUDED.revision OR c.state = 'failed'"
        " OR c.expires_at <= EXCLUDED.asked_at RETURNING 1",
        (tx.tenant, consultation, opinion.receipt, opinion.revision, sealed, now, now + LIFE),
    ).fetchone()
    if row is not None:
        defer(
            tx, TASK, queue="print", tenant=tx.tenant, consultation=str(consultation), receipt=opinion.receipt
        )


def fetch(
    tx: Transaction, keys: KeyRing, now: datetime, consultation: UUID, opinion: Opinion
) -> tuple[str, bytes | None]:
    """(``none``, ``waiting``, ``failed`` or ``ready``; the PDF when it is ready)."""
    row = tx.raw.execute(
        "SELECT state, sealed FROM madoguchi.opinion_copy WHERE tenant = %s AND consultation_id = %s AND receipt = %s"
        " AND revision = %s AND expires_at > %s",
        (tx.tenant, consultation, opinion.receipt, opinion.revision, now),
    ).fetchone()
    if row is None:
        return "none", None
    if row[0] != "ready":
        return row[0], None
    context = copy_context(consultation, opinion.receipt, opinion.revision)
    return "ready", keys.open(tx, tx.tenant, bytes(row[1]), context)


def make(database: Database, keys: KeyRing, tenant: str, consultation: UUID, receipt: str) -> None:
    """Print the page (worker). Doing it twice does no harm; a page that cannot be printed is marked so."""
    from portal.web.printing import pdf  # loads the print engine, which the web process must not

    with database.transaction(Scope(tenant=tenant)) as tx:
        row = tx.raw.execute(
            "SELECT sealed, revision FROM madoguchi.opinion_copy WHERE tenant = %s AND consultation_id = %s AND receipt = %s"
            " AND state = 'waiting' FOR UPDATE",
            (tenant, consultation, receipt),
        ).fetchone()
        if row is None:
            return
        context = copy_context(consultation, receipt, row[1])
        try:
            printed = pdf(keys.open(tx, tenant, bytes(row[0]), context).decode())
            sealed, state = keys.seal(tx, tenant, printed, context), "ready"
        except Exception as failure:
            log.error("opinion_copy.failed", error=type(failure).__qualname__)
            sealed, state = None, "failed"
        tx.raw.execute(
            "UPDATE madoguchi.opinion_copy SET state = %s, sealed = %s WHERE tenant = %s AND consultation_id = %s AND receipt = %s",
            (state, sealed, tenant, consultation, receipt),
        )


def sweep(database: Database) -> int:
    """Delete what has expired, in every office (worker). Returns how many went."""
    with database.transaction() as tx:
        return tx.raw.execute("DELETE FROM madoguchi.opinion_copy WHERE expires_at < now()").rowcount


def register(jobs: App, database: Database, keys: KeyRing) -> None:
    """Teach a worker these jobs.

    :param database: of the worker role.
    """

    @jobs.task(name=TASK, queue="print", retry=2)
    def print_copy(tenant: str, consultation: str, receipt: str) -> None:
        make(database, keys, tenant, UUID(consultation), receipt)

    @jobs.periodic(cron="27 * * * *")
    @jobs.task(name=SWEEP, queueing_lock=SWEEP)
    def sweep_copies(timestamp: int) -> None:
        sweep(database)


def copy_context(consultation: object, receipt: object, revision: object) -> str:
    """The context under which a copy is sealed."""
    return f"opinion_copy.sealed:{consultation}:{receipt}:{revision}"
